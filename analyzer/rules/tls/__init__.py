"""TLS between the nodes: what ends it before the distribution handshake (TLS)."""
