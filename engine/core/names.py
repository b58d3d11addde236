"""Names that the engine gives to directories on the nodes. ``sm_…`` belongs to Scylla Manager, which deletes it."""

from scylla_restore.engine.core.state import Batch, RunState


def table_directory(state: RunState, batch: Batch) -> str:
    """Return the batch's table on the nodes, ``<keyspace>/<table>-<32 hex>``, below ``data:``."""
    directory = state.workload.directories[batch.directory]
    return f"{directory.keyspace}/{state.directories[directory.column_family]}"


def staging_directory(state: RunState, batch: Batch) -> str:
    """Return where this attempt's files are copied to: a directory of its own below the table's ``snapshots``, or ``upload``."""
    if batch.direct:
        return upload_directory(state, batch)
    name = f"scylla-restore-{state.run}-{batch.id}-{batch.attempt}"
    return f"{table_directory(state, batch)}/snapshots/{name}"


def upload_directory(state: RunState, batch: Batch) -> str:
    """Return what Scylla loads from."""
    return f"{table_directory(state, batch)}/upload"


def found_directory(state: RunState, batch: Batch) -> str:
    """Return where somebody else's files from ``upload`` would be kept meanwhile, were they set aside now.

    No two alterations share such a directory: what others bring twice may bear the same names.
    """
    name = f"scylla-restore-found-{state.run}-{state.ledger.intended}"
    return f"{table_directory(state, batch)}/snapshots/{name}"
