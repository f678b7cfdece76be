"""The link once the handshake is complete: how it lives and ends (LNK)."""
