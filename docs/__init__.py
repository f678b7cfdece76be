"""The documents; :mod:`docs.generate` writes those that tell what the code declares."""
