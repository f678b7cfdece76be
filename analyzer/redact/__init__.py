"""Names and addresses → pseudonyms as long as they are, in messages and in packets.

::

    redactor      a name, a host, a MAC address -> its pseudonym; remembers the way back
    addresses     an IP address                 -> one of the same kind
    messages      what a dialogue says of bytes -> the bytes in their place
    certificates  X.509                         -> the same shape, of nobody
    headers       a packet's headers            -> the same without addresses
    mapfile       a file                        ⇄ the redactor that it holds

Everything keeps its length, so that sequence numbers, lengths and verdicts hold.
"""
