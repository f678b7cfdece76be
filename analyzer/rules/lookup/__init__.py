"""A node asks EPMD for the port of another node: what goes wrong there (LKP)."""
