"""A node dials the distribution port: what keeps TCP from opening (CON)."""
