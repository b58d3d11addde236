"""Keyspaces that are the database's own."""

from typing import Final

SYSTEM_KEYSPACES: Final = frozenset(
    {
        "system",
        "system_auth",
        "system_distributed",
        "system_distributed_everywhere",
        "system_replicated_keys",
        "system_schema",
        "system_traces",
        "system_views",
        "system_virtual_schema",
    }
)

ALTERNATOR_PREFIX: Final = "alternator_"
"""Alternator's table ``T`` is the only table of the keyspace ``alternator_T``, under its own name."""
