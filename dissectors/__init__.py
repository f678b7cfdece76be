"""Bytes to messages, and back: EPMD, the distribution handshake, traffic after it, and TLS as far as it can be read.

The contract of this package:

* Standard library only; no I/O, no clock, no logging, no state outside the objects a caller makes.
* Total: for any bytes there is no exception and no lost byte.  What cannot be decoded becomes an
  :class:`~dissectors.dialogue.Undecoded`, with the reason and the place.
* Incremental: a dialogue takes bytes as they come (``feed``), holes (``gap``) and ends (``close``), and gives the same
  items however the bytes were cut.
* Both ways: every message can be read and written; of frames after the handshake only the head is kept.
"""
