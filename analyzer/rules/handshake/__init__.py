"""The distribution handshake, from name to ack: what ends it (HSK)."""
