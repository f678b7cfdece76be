"""distscope: why can't these Erlang nodes talk, from packets alone.

The flow, one room a stage::

    capture   files, stdin, interfaces      -> packets: numbered, integer-nanosecond time
    decode    link, tunnels, IP, TCP, ICMP  -> segments
    streams   order, holes, retransmission  -> bytes that know their packets, how each side opened and closed
    sessions  dissectors read the bytes     -> attempts: one node trying one thing once
    rules     one per failure               -> findings and a verdict
    report    one neutral view              -> terminal, JSON
"""

__version__ = "0.1.0"
