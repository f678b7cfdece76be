"""What is worth saying of a connection whatever its verdict (ADV)."""
