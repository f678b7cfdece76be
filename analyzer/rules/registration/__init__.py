"""A node registers in EPMD: what EPMD said to it (REG)."""
