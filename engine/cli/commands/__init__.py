"""The commands: a module per group of them."""
