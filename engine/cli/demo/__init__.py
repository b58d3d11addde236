"""The demo: a story of a restore that is killed and carries on."""
