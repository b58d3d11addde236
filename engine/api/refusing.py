"""What an engine refuses to work on."""

from contextlib import closing

from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.core.state import RunState, Status
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.unfinished import unfinished_runs


def name_of(cluster: ClusterConnection) -> str:
    """Return the cluster's name, as a contact point tells it.

    Raises:
        NodeError: none does.
    """
    with closing(cluster.contact()) as contact:
        return contact.cluster_name()


def refuse_second_run(log: EventLog, tables: ProjectionTables | None, identity: str, name: str) -> None:
    """Make sure that the cluster has no unfinished run.

    Raises:
        TargetError: it has one.
    """
    found = next(unfinished_runs(log, identity, tables), None)
    if found is not None:
        run, other = found
        raise TargetError(
            f"cluster {name} has an unfinished run: {run}, snapshot {other.target.selection.snapshot_tag}",
            hint=f"`scylla-restore resume {run}` carries on, `scylla-restore abort {run}` gives it up",
        )


def refuse_finished(state: RunState) -> None:
    """Make sure that something can come of the run.

    Raises:
        TargetError: it is over.
    """
    if state.status in (Status.DONE, Status.ABORTED):
        raise TargetError(f"run {state.run} is over: {state.status}", hint="start a new one with `run`")
    if state.status is Status.FAILED and state.declared is not None and not state.declared.resumable:
        raise TargetError(
            f"run {state.run} was refused before it touched anything: {state.declared.failure.message}",
            hint="start a new one with `run`",
        )


def refuse_other_cluster(cluster: ClusterConnection, state: RunState) -> None:
    """Make sure that the cluster is the run's.

    Raises:
        TargetError: it is another one.
        NodeError: no contact point answers.
    """
    name = name_of(cluster)
    if name != state.cluster:
        raise TargetError(
            f"run {state.run} restores into cluster {state.cluster}, but this is {name}",
            hint="choose the right one with --cluster",
        )
