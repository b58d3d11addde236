"""The nodes: the agent's REST API, and Scylla's through it."""
