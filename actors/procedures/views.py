"""Waiting until views are built: every node builds its own part, and that can take hours."""

from datetime import timedelta

from scylla_restore.actors.cluster import Cluster
from scylla_restore.actors.procedures.patience import until_answered
from scylla_restore.actors.procedures.schema import Schema, schema_failure
from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.core.commands import AwaitViews
from scylla_restore.engine.errors import NodeError, NodeRefused, SchemaError
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.schema import (
    BuildStatus,
    RecordedView,
    ViewBuildFailed,
    ViewBuildProgressed,
)

POLL = timedelta(seconds=10)
FIRST_POLLS = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=5))
SILENCE_MAX = timedelta(minutes=15)
"""How long nobody may tell how far the views are."""
UNKNOWN_POLLS = 6
"""So many polls of which no node knows anything of a view lead to a look whether it is there at all."""

Told = tuple[BuildStatus, int, int]


async def await_views(cluster: Cluster, schema: Schema, command: AwaitViews) -> None:
    """Report how far the views are whenever that changes, until all are built."""
    told: dict[RecordedView, Told] = {}
    left = list(command.views)
    polls = 0
    try:
        await _read_barrier(await _contact(cluster, schema))
        while left:
            node = await _contact(cluster, schema)
            for view in left:
                seen = await _status(node, schema, view)
                if seen != told.get(view):
                    told[view] = seen
                    schema.report(_progressed(view, seen))
            left = [view for view in left if told[view][0] is not BuildStatus.SUCCESS]
            polls += 1
            unknown = [view for view in left if told[view][0] is BuildStatus.UNKNOWN]
            if unknown and not polls % UNKNOWN_POLLS and (gone := await _gone(schema, unknown)):
                schema.report(ViewBuildFailed(failure=_lost(gone)))
                return
            if left:
                await Sleep(FIRST_POLLS[polls - 1] if polls <= len(FIRST_POLLS) else POLL)
    except (NodeError, SchemaError) as error:
        names = ", ".join(f"{view.keyspace}.{view.name}" for view in left[:3])
        hint = "views are built by the cluster meanwhile; `scylla-restore resume` waits for them again"
        failure = schema_failure(error, f"it is not known how far the building of {names} is", hint)
        schema.report(ViewBuildFailed(failure=failure))


async def _contact(cluster: Cluster, schema: Schema) -> NodeGateway:
    return await until_answered(
        lambda: Call(cluster, lambda cluster: cluster.contact()), now=schema.now, patience=SILENCE_MAX
    )


async def _read_barrier(node: NodeGateway) -> None:
    """Let the node know of all views that there are, if it is one that keeps the schema by Raft."""
    try:
        await Call(node, lambda gateway: gateway.read_barrier())
    except NodeError:
        # it makes the first look a good one, and there are many
        return


async def _status(node: NodeGateway, schema: Schema, view: RecordedView) -> Told:
    """Return the least that any node tells, how many nodes are done, and how many there are."""
    if not view.build_name:
        return BuildStatus.SUCCESS, 0, 0
    try:
        nodes = await until_answered(
            lambda: Call(node, lambda gateway: gateway.view_builds(view.keyspace, view.build_name)),
            now=schema.now,
            patience=SILENCE_MAX,
        )
    except NodeRefused:
        # Scylla knows no such view, yet or any more
        nodes = {}
    built = sum(status == BuildStatus.SUCCESS for status in nodes.values())
    if not nodes:
        return BuildStatus.UNKNOWN, 0, 0
    if built == len(nodes):
        return BuildStatus.SUCCESS, built, len(nodes)
    is_begun = built or BuildStatus.STARTED in nodes.values()
    return BuildStatus.STARTED if is_begun else BuildStatus.UNKNOWN, built, len(nodes)


async def _gone(schema: Schema, views: list[RecordedView]) -> RecordedView | None:
    """Return a view that is not in the schema."""
    keyspaces = frozenset(view.keyspace for view in views)
    found = await schema(lambda gateway: gateway.views(keyspaces))
    known = {(view.keyspace, view.name) for view in found}
    return next((view for view in views if (view.keyspace, view.name) not in known), None)


def _progressed(view: RecordedView, told: Told) -> ViewBuildProgressed:
    status, built, nodes = told
    return ViewBuildProgressed(
        keyspace=view.keyspace, view=view.name, status=status, built=built, nodes=nodes
    )


def _lost(view: RecordedView) -> Failure:
    return Failure(
        cause=Cause.REFUSED,
        message=f"view {view.keyspace}.{view.name} of {view.base_table} is gone: it was dropped while it was built",
        hint=f"create it again, then `scylla-restore resume`; it was: {view.statement}",
    )
