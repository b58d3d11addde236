"""Nodes that speak the agent's and Scylla's API, for the demo, for tests and for users' own tests."""
