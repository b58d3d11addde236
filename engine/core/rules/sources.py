"""Where data comes from, and what it is called, looked at over all locations: what one of them cannot tell by itself."""

from collections import defaultdict
from datetime import datetime

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.mapping import check_dc_mapping
from scylla_restore.engine.core.sources import refuse_several
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import FailureDeclared
from scylla_restore.events.model.stages import Stage


def check_sources(state: RunState, _now: datetime) -> Decision | None:
    """Once all locations are listed: the snapshot is one, and a mapping of DCs names DCs that there are."""
    if state.stage is not Stage.INIT or any(place.manifests is None for place in state.locations.values()):
        return None
    try:
        _check_that_it_is_one(state)
        _check_mapping(state)
    except TargetError as error:
        failure = Failure(cause=Cause.REFUSED, message=error.message, hint=error.hint)
        return Decision(
            events=(FailureDeclared(failure=failure, resumable=False, exit_code=error.exit_code),)
        )
    return None


def _check_that_it_is_one(state: RunState) -> None:
    places = state.locations.values()
    refuse_several(
        state.target.selection.snapshot_tag,
        where=", ".join(key for key, place in state.locations.items() if place.clusters or place.tasks),
        clusters={cluster for place in places for cluster in place.clusters},
        tasks={task for place in places for task in place.tasks},
    )


def _check_mapping(state: RunState) -> None:
    source_dcs = {dc for place in state.locations.values() for dc in place.dcs}
    if state.discovered is not None and state.rediscovered and source_dcs:
        target_dcs = {node.dc for node in state.discovered.nodes}
        check_dc_mapping(state.target.selection.dc_mapping, source_dcs, target_dcs)


def renaming_problem(state: RunState) -> Failure | None:
    """Return what is wrong with a renaming: it names what the backup has not, or makes one table of two."""
    rename = state.target.selection.rename
    if not rename:
        return None
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for directory in state.workload.directories.values():
        sources[directory.column_family].add(f"{directory.source_keyspace}.{directory.source_table}")
    for target, names in sources.items():
        if len(names) > 1:
            return Failure(
                cause=Cause.REFUSED,
                message=f"{' and '.join(sorted(names))} of the backup would both become {target.replace(':', '.', 1)}",
                hint="rename the other one, too, or leave it out with --keyspace",
            )
    tables = {name for names in sources.values() for name in names}
    tables |= {f"{t.keyspace}.{t.table}" for place in state.locations.values() for t in place.skipped}
    known = tables | {table.partition(".")[0] for table in tables}
    unknown = [source for source, _ in rename if source not in known]
    if unknown:
        return Failure(
            cause=Cause.REFUSED,
            message=f"the renaming names {unknown[0]}, which the backup does not have",
            hint="`backups -L LOCATION --details` lists the tables of a snapshot",
        )
    return None
