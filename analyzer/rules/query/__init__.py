"""Other conversations with EPMD: names, dump, kill, stop (QRY)."""
