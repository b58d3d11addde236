"""Where projections are kept as tables: one protocol, several stores, and who brings them up to the log."""
