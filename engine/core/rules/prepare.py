"""INIT: find out everything that can be found out without altering anything."""

from datetime import datetime

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.native import works_natively
from scylla_restore.engine.core.planning import pools
from scylla_restore.engine.core.rules.asking import SUPERVISOR, actor_of, ask, is_asked
from scylla_restore.engine.core.rules.company import may_alter
from scylla_restore.engine.core.rules.native import native_obstacle
from scylla_restore.engine.core.rules.safety import dangers
from scylla_restore.engine.core.rules.sources import renaming_problem
from scylla_restore.engine.core.rules.stages import complete, is_before
from scylla_restore.engine.core.snapshot_tag import nearest_in_words, nearest_tags
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.workload import location_of, pool_of
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import Ask, FailureDeclared
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered


def begin(state: RunState, _now: datetime) -> Decision | None:
    """A run begins with INIT."""
    return Decision(events=(StageEntered(stage=Stage.INIT),)) if state.stage is None else None


def discover(state: RunState, _now: datetime) -> Decision | None:
    """Each engine looks at the cluster anew: nodes come and go between two of them."""
    if state.rediscovered or is_asked(state, SUPERVISOR, Ask.DISCOVER):
        return None
    return ask(SUPERVISOR, Ask.DISCOVER, commands.DiscoverCluster())


def join_nodes(state: RunState, _now: datetime) -> Decision | None:
    """Ask every node that the cluster has now what it is and what it reaches."""
    if not state.rediscovered or state.discovered is None:
        return None
    for found in state.discovered.nodes:
        node = state.nodes[found.address]
        if node.joined is not None or node.suspended_until is not None:
            continue
        if not is_asked(state, actor_of(node), Ask.JOIN):
            command = commands.JoinNode(
                node=found.address, discovered=found, locations=tuple(state.locations)
            )
            return ask(actor_of(node), Ask.JOIN, command)
    return None


def open_locations(state: RunState, _now: datetime) -> Decision | None:
    """Find the snapshot's manifests."""
    for key, location in state.locations.items():
        if location.manifests is None and not is_asked(state, f"location/{key}", Ask.OPEN):
            command = commands.OpenLocation(
                location=key,
                where=location.where,
                via=state.target.tuning.index_via,
                selection=state.target.selection,
            )
            return ask(f"location/{key}", Ask.OPEN, command)
    return None


def index_locations(state: RunState, _now: datetime) -> Decision | None:
    """Read what the manifests name, once it is known what the cluster can take."""
    cluster = state.discovered
    if cluster is None or not state.rediscovered:
        return None
    for key, location in state.locations.items():
        if location.indexed or location.manifests is None or is_asked(state, f"location/{key}", Ask.INDEX):
            continue
        command = commands.IndexLocation(
            location=key,
            where=location.where,
            via=state.target.tuning.index_via,
            selection=state.target.selection,
            manifests=location.manifests,
            keyspaces=cluster.keyspaces,
            user_keyspaces=cluster.user_keyspaces,
            tables=cluster.tables,
        )
        return ask(f"location/{key}", Ask.INDEX, command)
    return None


def verify_locations(state: RunState, _now: datetime) -> Decision | None:
    """An engine that goes on with an indexed backup makes sure that it is still the same one."""
    if not is_before(state, Stage.REPAIR):
        return None
    for key, location in state.locations.items():
        if not location.indexed or location.verified or is_asked(state, f"location/{key}", Ask.VERIFY):
            continue
        command = commands.VerifyLocation(
            location=key,
            where=location.where,
            via=state.target.tuning.index_via,
            manifests=tuple(sorted(location.read.items())),
        )
        return ask(f"location/{key}", Ask.VERIFY, command)
    return None


def resolve_tables(state: RunState, _now: datetime) -> Decision | None:
    """Find out where the restored tables live on the nodes."""
    if not _all_indexed(state) or not state.rediscovered or state.resolved:
        return None
    if not is_before(state, Stage.REPAIR):
        return None
    if not state.workload.tables or is_asked(state, SUPERVISOR, Ask.RESOLVE_TABLES):
        return None
    tables = tuple(sorted(state.workload.tables))
    if state.stage is Stage.INIT and state.schema.recorded is None:
        return None
    if state.schema.offered:
        return ask(
            SUPERVISOR,
            Ask.RESOLVE_TABLES,
            commands.LocateTables(tables=tables, begun=state.stage is not Stage.INIT),
        )
    return ask(SUPERVISOR, Ask.RESOLVE_TABLES, commands.ResolveTables(tables=tables))


def read_settings(state: RunState, _now: datetime) -> Decision | None:
    """See how each node is set, before anything is set otherwise."""
    if not _all_indexed(state) or not state.resolved or not is_before(state, Stage.REPAIR):
        return None
    for node in state.nodes.values():
        if node.joined is None or node.settings is not None or node.suspended_until is not None:
            continue
        if not is_asked(state, actor_of(node), Ask.READ_SETTINGS):
            tables = tuple(sorted(state.workload.tables))
            return ask(
                actor_of(node),
                Ask.READ_SETTINGS,
                commands.ReadNodeSettings(
                    node=node.address, tables=tables, native=works_natively(state, node)
                ),
            )
    return None


def enter_data(state: RunState, _now: datetime) -> Decision | None:
    """All is known and nothing is altered: either the restore can be done, or it ends here. So does a dry run."""
    if state.stage is not Stage.INIT or not _all_indexed(state) or state.discovered is None:
        return None
    obstacle = _nothing_to_restore(state) or renaming_problem(state)
    members = [state.nodes[found.address] for found in state.discovered.nodes]
    joined = all(node.joined for node in members)
    if obstacle is None and joined:
        obstacle = _nobody_reaches(state) or native_obstacle(state)
    if obstacle is not None:
        return Decision(events=(FailureDeclared(failure=obstacle, resumable=False, exit_code=2),))
    settled = all(node.settings and node.inspected for node in members)
    if not joined or not settled or not state.prepared or not may_alter(state):
        return None
    if state.dry_run:
        # what is dangerous is told with the plan
        return Decision(events=(StageCompleted(stage=Stage.INIT), StageEntered(stage=Stage.DONE)))
    danger = next(dangers(state), None)
    if danger is not None:
        return Decision(events=(FailureDeclared(failure=danger, resumable=False, exit_code=2),))
    return complete(state, Stage.INIT)


def _all_indexed(state: RunState) -> bool:
    return all(location.indexed for location in state.locations.values())


def _nothing_to_restore(state: RunState) -> Failure | None:
    if state.workload.sstables:
        return None
    if not any(location.manifests for location in state.locations.values()):
        return Failure(
            cause=Cause.REFUSED,
            message=f"none of {', '.join(state.locations)} holds the manifests of snapshot "
            f"{state.target.selection.snapshot_tag} that were asked for",
            hint=_what_is_there(state),
        )
    return Failure(
        cause=Cause.REFUSED,
        message="no data in the backup matches the keyspace patterns "
        + " ".join(f"'{pattern}'" for pattern in state.target.selection.keyspace),
        hint="`--keyspace` takes glob patterns on keyspace.table; views, CDC logs and system data are never restored",
    )


def _what_is_there(state: RunState) -> str:
    listing = f"`scylla-restore backups -L {','.join(state.locations)}` lists what is there"
    if any(location.clusters for location in state.locations.values()):
        return f"{listing}; a DC mapping leaves out all DCs that it does not name"
    found = [tag for location in state.locations.values() for tag in location.nearest]
    return f"{nearest_in_words(nearest_tags(state.target.selection.snapshot_tag, found))}; {listing}"


def _nobody_reaches(state: RunState) -> Failure | None:
    reached = {pool for node in state.nodes.values() for pool in pools(state, node)}
    wanted = state.workload.heaps if state.workload.by_dc else state.locations
    return next((unreached(state, pool) for pool in wanted if pool not in reached), None)


def unreached(state: RunState, pool: str) -> Failure:
    """Return what there is to say of a pool that no node can download from."""
    location = state.locations[location_of(pool)]
    key = location.where.key
    words = sorted(
        f"{n.address}: {n.joined.unreachable_locations[key]}"
        for n in state.nodes.values()
        if n.joined and key in n.joined.unreachable_locations
    )
    mapped = [target for source, target in state.target.selection.dc_mapping if pool == pool_of(key, source)]
    dcs = [location.where.dc] if location.where.dc else mapped
    where = f"no node of DC {' or '.join(dcs)}" if dcs else "no node"
    return Failure(
        cause=Cause.REFUSED,
        message=f"{where} can list {location.where}" + (f": {words[0]}" if words else ""),
        hint="give the agents credentials for the bucket, or check the location's DC",
    )
