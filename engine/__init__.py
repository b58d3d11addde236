"""The restore: what to do, from where, and how it is asked for."""
