"""The record: what happened in a run, in order, in a form that survives the engine that wrote it."""
