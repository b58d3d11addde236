"""A whole simulation, as a seed chooses it: the backup, the cluster, what is asked for, and what goes wrong."""

from random import Random

import msgspec
from tests.simulation.simulator.backup import TAG, BackupPlan, SourceTable
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.faults import FaultPlan, moment_us, plan_faults, plan_node, plan_schema_faults
from tests.simulation.simulator.node import NodePlan
from tests.simulation.simulator.scheduler import MINUTE_US, SECOND_US
from tests.simulation.simulator.schema import SchemaPlan

from scylla_restore.events.model.schema import RecordedView, TombstoneGc, ViewKind
from scylla_restore.events.model.target import (
    BackupLocation,
    Method,
    RateLimit,
    RestoreKind,
    RestoreTarget,
    Selection,
    Staging,
    Tuning,
)


class Interruption(msgspec.Struct, frozen=True):
    """Something that happens to an engine some time after its start: ``kill``, ``take_over``, ``pause``, ``abort``."""

    after_us: int
    kind: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a simulation is made of. The same scenario gives the same log, byte for byte."""

    seed: str
    backup: BackupPlan
    nodes: tuple[NodePlan, ...]
    tables: dict[str, str]
    """``<keyspace>:<table>`` → the table's directory's name in the target cluster."""
    target: RestoreTarget
    faults: FaultPlan
    interruptions: tuple[Interruption, ...]
    """What happens to the first engine, to the second, and so on."""
    changes: tuple[str, ...]
    """What people do to the cluster before the second engine starts, before the third, and so on."""
    skews_us: tuple[int, ...]
    """How far the clock of each engine, one after another, is off."""
    on_tablets: tuple[str, ...] = ()
    """Keyspaces that are replicated by tablets."""
    schema: SchemaPlan | None = None
    """What CQL tells; None where no node offers it."""


WITHOUT_STAGING = 0.25
"""In so many scenarios batches are copied straight into ``upload``."""

WITH_NOTES = 0.4
"""In so many scenarios large directories are not listed, and batches are looked for before they are copied."""

CHANGES = ("nothing", "nothing", "nothing", "node_joins", "node_leaves", "foreign_files", "settings")


def scenario_of(seed: int) -> Scenario:
    """Return the scenario that a number stands for."""
    scenario = _with_natives(all_copied(seed), dice(f"{seed}/scenario of native restores"))
    return (
        without_staging(scenario)
        if dice(f"{seed}/scenario of staging").random() < WITHOUT_STAGING
        else scenario
    )


def without_staging(scenario: Scenario) -> Scenario:
    """Return the scenario with batches that are copied straight into ``upload``."""
    tuning = msgspec.structs.replace(scenario.target.tuning, staging=Staging.OFF)
    return msgspec.structs.replace(scenario, target=msgspec.structs.replace(scenario.target, tuning=tuning))


def _with_natives(scenario: Scenario, random: Random) -> Scenario:
    """Let some nodes' Scylla restore by itself, in some scenarios."""
    if random.random() < 0.6:
        return scenario
    nodes = tuple(
        msgspec.structs.replace(
            node,
            native=number == 0 or random.random() < 0.8,
            scylla_version="2026.1.0",
            user_ttl=random.choice((0, 300, 3600, 100_000)),
        )
        for number, node in enumerate(scenario.nodes)
    )
    # who insists has to be able to come to an end
    other = Method.RCLONE if scenario.backup.versioned else Method.NATIVE
    method = random.choice((Method.AUTO, Method.AUTO, other))
    faults, target = scenario.faults, scenario.target
    if not faults.none:
        faults = msgspec.structs.replace(faults, native_failures=random.choice((0.0, 0.0, 0.1, 0.5)))
    return msgspec.structs.replace(
        scenario,
        nodes=nodes,
        faults=faults,
        target=msgspec.structs.replace(target, tuning=msgspec.structs.replace(target.tuning, method=method)),
    )


def all_copied(seed: int) -> Scenario:
    """Return the scenario without any node whose Scylla restores by itself."""
    random = dice(f"{seed}/scenario")
    locations = tuple(f"s3:bucket-{n}" for n in range(random.choice((1, 1, 2))))
    source_tables = _tables(random)
    dcs = random.choice((("dc1",), ("dc1",), ("dc1", "dc2")))
    names = [table.key for table in source_tables]
    nodes = tuple(
        plan_node(random, n, random.choice(dcs), _reachable(random, n, locations), names)
        for n in range(random.randint(1, 5))
    )
    faults = plan_faults(random, len(nodes))
    of_repairs = dice(f"{seed}/scenario of repairs")
    on_tablets = tuple(sorted({table.keyspace for table in source_tables if of_repairs.random() < 0.3}))
    if not faults.none:
        failures = of_repairs.choice((0.0, 0.0, 0.0, 0.1, 0.5))
        refusals, windows = plan_schema_faults(dice(f"{seed}/faults of the schema"))
        faults = msgspec.structs.replace(
            faults, repair_failures=failures, schema_refusals=refusals, schema_windows=windows
        )
    scenario = Scenario(
        seed=str(seed),
        backup=BackupPlan(
            locations=locations,
            source_nodes=tuple(
                (locations[n % len(locations)], random.choice(("dc1", "dcA")), f"node-{n}")
                for n in range(random.randint(len(locations), 4))
            ),
            tables=source_tables,
            sstables=random.choice((5, 10, 20, 40, 60)),
            versioned=random.random() < 0.3,
            full_components=random.random() < 0.15,
        ),
        nodes=nodes,
        on_tablets=on_tablets,
        schema=_schema(dice(f"{seed}/scenario of the schema"), source_tables),
        tables={name: f"{name.split(':')[1]}-{random.getrandbits(128):032x}" for name in names},
        target=_target(random, locations, source_tables, nodes[0].dc),
        faults=faults,
        interruptions=_interruptions(random, calm=faults.none and random.random() < 0.5),
        changes=tuple(random.choice(CHANGES) for _ in range(6)),
        skews_us=tuple(
            random.choice((0, 0, 1, -1)) * random.choice((SECOND_US, MINUTE_US)) for _ in range(4)
        ),
    )
    notes = dice(f"{seed}/scenario of notes").random() < WITH_NOTES
    scenario = msgspec.structs.replace(scenario, backup=msgspec.structs.replace(scenario.backup, notes=notes))
    of_names = dice(f"{seed}/scenario of names")
    return _mapped(_renamed(scenario, of_names), of_names)


def _renamed(scenario: Scenario, random: Random) -> Scenario:
    """Have the backup call a keyspace, a table, or both, by other names than the cluster does; or nothing."""
    tables, rename = list(scenario.backup.tables), list[tuple[str, str]]()
    if random.random() < 0.15:
        keyspace = tables[0].keyspace
        rename.append(("older", keyspace))
        tables = [
            msgspec.structs.replace(table, stored_keyspace="older") if table.keyspace == keyspace else table
            for table in tables
        ]
    if random.random() < 0.15:
        table = tables[-1]
        rename.append((f"elsewhere.was_{table.table}", f"{table.keyspace}.{table.table}"))
        tables[-1] = msgspec.structs.replace(
            table, stored_keyspace="elsewhere", stored_table=f"was_{table.table}"
        )
        # A renaming of a keyspace has to be one of a table that is left in it.
        rename = [pair for pair in rename if "." in pair[0] or len(tables) > 1]
    excluded = ["!" + ".".join(table.stored) for table in tables if not table.restored]
    selection = msgspec.structs.replace(
        scenario.target.selection, rename=tuple(rename), keyspace=("*", *excluded)
    )
    return msgspec.structs.replace(
        scenario,
        backup=msgspec.structs.replace(scenario.backup, tables=tuple(tables)),
        target=msgspec.structs.replace(scenario.target, selection=selection),
    )


def _mapped(scenario: Scenario, random: Random) -> Scenario:
    """Map all DCs of the backup, or all but one, to that of the first node, which reaches every location; or none."""
    if random.random() >= 0.15:
        return scenario
    sources = sorted({dc for _, dc, _ in scenario.backup.source_nodes})
    # With fewer SSTables, one DC may have backed up nothing.
    may_leave_out = len(sources) > 1 and scenario.backup.sstables >= 20
    left_out = random.sample(sources, int(may_leave_out and random.random() < 0.5))
    mapping = tuple((dc, scenario.nodes[0].dc) for dc in sources if dc not in left_out)
    selection = msgspec.structs.replace(scenario.target.selection, dc_mapping=mapping)
    return msgspec.structs.replace(
        scenario,
        backup=msgspec.structs.replace(scenario.backup, left_out_dcs=tuple(left_out)),
        target=msgspec.structs.replace(scenario.target, selection=selection),
    )


def _schema(random: Random, tables: tuple[SourceTable, ...]) -> SchemaPlan | None:
    if random.random() < 0.25:
        return None
    knows_tombstone_gc = random.random() < 0.85
    views = []
    for table in tables:
        for number in range(random.choice((0, 0, 1, 1, 2))):
            name = f"{table.table}_v{number}"
            kind = random.choice((*ViewKind, ViewKind.MATERIALIZED_VIEW))
            view = RecordedView(
                keyspace=table.keyspace,
                name=name,
                base_table=table.table,
                kind=kind,
                statement=f"CREATE {kind.value} {name}",
                build_name=f"{name}_index" if kind is ViewKind.SECONDARY_INDEX else name,
            )
            views.append(view)
    modes: tuple[TombstoneGc, ...] = (
        (),
        (("mode", "timeout"),),
        (("mode", "repair"), ("propagation_delay_in_seconds", "60")),
        (("mode", "disabled"),),
    )
    gc = {table.key: random.choice(modes) if knows_tombstone_gc else None for table in tables}
    return SchemaPlan(tombstone_gc=gc, views=tuple(views))


def _tables(random: Random) -> tuple[SourceTable, ...]:
    count = random.randint(1, 4)
    tables = [SourceTable(f"ks{n % 2 + 1}", f"t{n + 1}", restored=True) for n in range(count)]
    if count > 1 and random.random() < 0.3:
        tables[-1] = SourceTable(tables[-1].keyspace, tables[-1].table, restored=False)
    return tuple(tables)


def _reachable(random: Random, number: int, locations: tuple[str, ...]) -> tuple[str, ...]:
    """Each location is reached by the first node at least."""
    if number == 0 or random.random() < 0.8:
        return locations
    return locations[: random.randint(0, len(locations) - 1)]


def _target(
    random: Random, locations: tuple[str, ...], tables: tuple[SourceTable, ...], dc: str
) -> RestoreTarget:
    """Choose what is asked for; ``dc`` is one whose nodes reach every location."""
    excluded = [f"!{table.keyspace}.{table.table}" for table in tables if not table.restored]
    return RestoreTarget(
        selection=Selection(
            kind=RestoreKind.TABLES,
            locations=tuple(
                BackupLocation(
                    provider=key.split(":")[0],
                    bucket=key.split(":")[1],
                    dc=dc if random.random() < 0.2 else None,
                )
                for key in locations
            ),
            snapshot_tag=TAG,
            keyspace=("*", *excluded),
        ),
        tuning=tuning_of(random),
    )


def tuning_of(random: Random) -> Tuning:
    """Choose the part of a target that may change."""
    return Tuning(
        batch_size=random.choice((0, 0, 1, 2)),
        parallel=random.choice((0, 0, 0, 1, 2)),
        transfers=random.choice((0, 0, -1, 4)),
        rate_limit=random.choice(((), (), (RateLimit(mib_per_second=50),))),
        allow_compaction=random.random() < 0.2,
        unpin_agent_cpu=random.random() < 0.4,
    )


def _interruptions(random: Random, *, calm: bool) -> tuple[Interruption, ...]:
    if calm:
        return ()
    kinds = ("kill", "kill", "kill", "take_over", "pause", "abort")
    count = random.choice((0, 1, 2, 3, 6))
    return tuple(Interruption(moment_us(random), random.choice(kinds)) for _ in range(count))
