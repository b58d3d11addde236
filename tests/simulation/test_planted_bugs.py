"""The checkers notice: each test plants a bug in the production code, and some seed has to break the rule it breaks."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
import pytest
from tests.simulation.simulator.effects import Point
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.scenario import Interruption, Scenario, all_copied, scenario_of
from tests.simulation.simulator.scheduler import SECOND_US
from tests.simulation.simulator.simulation import Failed, Simulation

from scylla_restore.actors import crew, supervisor
from scylla_restore.actors import node as node_actor
from scylla_restore.actors.cluster import Cluster
from scylla_restore.actors.procedures import alter, download, load, repair
from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.copying import Copying
from scylla_restore.actors.procedures.repair import own_ranges, repair_table
from scylla_restore.actors.procedures.schema import Schema
from scylla_restore.actors.supervisor import SupervisorActor
from scylla_restore.engine.core.admission import admits
from scylla_restore.engine.core.commands import (
    AlterSchema,
    AwaitViews,
    DownloadBatch,
    LoadSSTables,
    MoveIntoUpload,
    RepairTable,
    Undo,
    UndoSchema,
)
from scylla_restore.engine.core.decide import evolve
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log import memory
from scylla_restore.events.log.admission import is_new
from scylla_restore.events.log.port import Claim, Head
from scylla_restore.events.model import AnyEvent, BatchEvent
from scylla_restore.events.model.alterations import AlterationMade, AlterationUndone
from scylla_restore.events.model.batches import BatchDownloaded
from scylla_restore.events.model.nodes import NodeSuspended
from scylla_restore.events.model.repairs import RepairCompleted
from scylla_restore.events.model.schema import BuildStatus, ViewBuildProgressed

SEEDS = 60

Change = Callable[[Scenario], Scenario]


def calm(scenario: Scenario) -> Scenario:
    return msgspec.structs.replace(scenario, faults=FaultPlan(), interruptions=())


def with_faults(**faults: float) -> Change:
    plan = msgspec.structs.replace(FaultPlan(), **faults)
    return lambda scenario: msgspec.structs.replace(calm(scenario), faults=plan)


def with_interruptions(*kinds: str) -> Change:
    def change(scenario: Scenario) -> Scenario:
        interruptions = tuple(
            Interruption(int(scenario.seed) % 40 * SECOND_US // 4 + 1, kind) for kind in kinds
        )
        return msgspec.structs.replace(scenario, interruptions=interruptions)

    return change


def problems(change: Change) -> Iterator[str]:
    for seed in range(SEEDS):
        try:
            Simulation(change(scenario_of(seed))).play()
        except Failed as failed:
            yield str(failed)


def problems_of(scenario: Scenario, kills: list[Point]) -> Iterator[str]:
    for kill in kills:
        try:
            Simulation(scenario, kill).play()
        except Failed as failed:
            yield str(failed)


def noticed(what: str, change: Change = calm) -> bool:
    """Whether some seed breaks that rule."""
    return any(what in problem for problem in problems(change))


def test_a_calm_run_without_a_planted_bug_breaks_no_rule() -> None:
    assert list(problems(calm)) == []


def test_an_undo_that_only_claims_to_be_done_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def claim(node: Node, command: Undo) -> None:
        for identifier, _ in command.alterations:
            node.report(AlterationUndone(id=identifier))

    monkeypatch.setattr(node_actor, "undo", claim)
    assert noticed("check_world")


def test_a_compaction_that_is_switched_on_where_it_was_off_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    switch = alter._switch_compaction

    async def switch_all(node: Node, tables: tuple[str, ...], *, enabled: bool) -> None:
        topology = await node(lambda gateway: gateway.topology())
        await switch(node, topology.tables if enabled else tables, enabled=enabled)

    monkeypatch.setattr(alter, "_switch_compaction", switch_all)
    assert noticed("compaction of")


def test_a_fold_that_drops_an_event_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(state: RunState, envelope: Envelope) -> None:
        if not isinstance(envelope.event, NodeSuspended):
            evolve(state, envelope)

    monkeypatch.setattr(supervisor, "evolve", forgetful)
    assert noticed("check_fold", with_faults(load_failures=0.5))


def test_a_log_that_lets_a_stale_owner_in_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lenient(head: Head, claim: Claim, envelopes: Sequence[Envelope], *, claim_is_held: bool) -> bool:
        newest = msgspec.structs.replace(head, epoch=claim.epoch)
        return is_new(newest, claim, envelopes, claim_is_held=claim_is_held)

    monkeypatch.setattr(memory, "is_new", lenient)
    assert noticed("was not the owner", with_interruptions("take_over", "take_over"))


def test_commands_that_are_sent_before_their_intents_are_durable_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decide = SupervisorActor._decide

    def hasty(self: SupervisorActor) -> list[Envelope]:
        envelopes = decide(self)
        for command in self._held:
            self._crew.send(command)
        self._held = []
        return envelopes

    monkeypatch.setattr(SupervisorActor, "_decide", hasty)
    assert noticed("check_intents")


def test_reports_that_are_believed_although_their_attempt_is_over_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def believe(state: RunState, event: AnyEvent) -> bool:
        return event.batch in state.batches if isinstance(event, BatchEvent) else admits(state, event)

    monkeypatch.setattr(supervisor, "admits", believe)
    assert noticed("check_batches", with_faults(letters_twice=0.3))


def test_a_download_that_is_not_looked_at_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "misfit", lambda _sstables, _present: None)
    monkeypatch.setattr(load, "misfit", lambda _sstables, _present: None)
    assert noticed("broken SSTable", with_faults(corruption=0.2))


def test_a_batch_that_is_called_downloaded_before_it_is_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = download._start

    async def hasty(node: Node, command: DownloadBatch, copying: Copying) -> None:
        await begin(node, command, copying)
        node.report(BatchDownloaded(batch=command.batch, attempt=command.attempt, downloaded=0))

    monkeypatch.setattr(download, "_start", hasty)
    assert noticed("", calm)


def test_a_broken_load_whose_files_are_removed_too_early_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    bring_back = load._bring_back

    async def and_remove(node: Node, command: MoveIntoUpload | LoadSSTables) -> bool:
        return await bring_back(node, command) and await load._remove_staging(node, command)

    monkeypatch.setattr(load, "_bring_back", and_remove)

    scenario = with_faults(load_failures=0.5)(all_copied(2))
    moments = [Point("before append", count) for count in range(20, 80)]
    assert any("and not in the world" in problem for problem in problems_of(scenario, moments))


def test_files_of_others_that_are_loaded_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_there(node: Node, path: str, **_: object) -> dict[str, int]:
        return {} if path.endswith("/upload") else await listed(node, path)

    listed = load._list
    monkeypatch.setattr(load, "_list", nothing_there)
    assert noticed("somebody else's")


def test_a_repair_that_only_claims_to_be_done_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def claim(node: Node, command: RepairTable) -> None:
        node.report(RepairCompleted(repair=command.repair, attempt=command.attempt))

    monkeypatch.setattr(node_actor, "repair_table", claim)
    assert noticed("never repaired afterwards")


def test_ranges_that_are_left_out_of_a_repair_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "own_ranges", lambda ring, address: own_ranges(ring, address)[1:])
    assert noticed("never repaired afterwards")


def test_a_schema_that_is_only_claimed_to_be_altered_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def claim(schema: Schema, command: AlterSchema) -> None:
        for identifier, _ in command.alterations:
            schema.report(AlterationMade(id=identifier))

    monkeypatch.setattr(crew, "alter_schema", claim)
    assert noticed("began while its tombstones were collected")
    assert noticed("was there")


def test_a_schema_that_is_only_claimed_to_be_put_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def claim(schema: Schema, command: UndoSchema) -> None:
        for identifier, _ in command.alterations:
            schema.report(AlterationUndone(id=identifier))

    monkeypatch.setattr(crew, "undo_schema", claim)
    assert noticed("check_schema: tombstone_gc of")
    assert noticed("check_schema: view")


def test_views_that_nobody_waits_for_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def impatient(_cluster: Cluster, schema: Schema, command: AwaitViews) -> None:
        for view in command.views:
            told = BuildStatus.SUCCESS
            schema.report(
                ViewBuildProgressed(keyspace=view.keyspace, view=view.name, status=told, built=1, nodes=1)
            )

    monkeypatch.setattr(crew, "await_views", impatient)
    assert noticed("are not built")


def test_a_repair_of_another_life_of_the_node_that_is_believed_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def believe(node: Node, command: RepairTable) -> None:
        if command.left:
            node.report(RepairCompleted(repair=command.repair, attempt=command.attempt))
        else:
            await repair_table(node, command)

    monkeypatch.setattr(node_actor, "repair_table", believe)
    assert noticed("never repaired afterwards", with_interruptions(*["kill"] * 11))
