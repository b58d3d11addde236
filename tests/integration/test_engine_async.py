"""The engine from coroutines: the loop goes on whatever the engine does."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LOAD_PATH, LOCATION, LabProcess, lab_process

from scylla_restore.engine.api import AsyncEngine, TargetFlags, build_target, load_config, open_engine
from scylla_restore.engine.core.state import Status
from scylla_restore.engine.errors import NoContactPoint
from scylla_restore.events.model.batches import SSTablesLoaded
from scylla_restore.events.model.run import RunPaused

MANY = 10
"""Turns of a loop that nobody holds up, while a call to a node waits for its answer: a blocked one takes one or two."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--nodes", "1", "--load-mbps", "0.4") as lab:
        lab.back_up(sstables=6)
        yield lab


async def restore(lab: LabProcess) -> list[str]:
    """Plan, run, pause in the middle, resume; return what was seen of it."""
    seen: list[str] = []
    lab.fault("timeout", on="/storage_service/sstables/*", after=1)  # the run is not over before it is paused
    config = load_config(lab.files.config).config
    flags = TargetFlags(location=(LOCATION,), snapshot_tag=lab.tag, restore_tables=True)
    with open_engine(config, environment={}, owner="a service") as engine:
        async with AsyncEngine(engine) as restores:
            plan = await restores.plan(build_target(flags))
            run = await restores.start(plan.target)
            assert await run.wait(0.001) is None
            async for envelope in run.events():
                if isinstance(envelope.event, SSTablesLoaded) and not seen:
                    seen.append("loaded")
                    lab.end_faults()
                    run.pause("the test")
                if isinstance(envelope.event, RunPaused):
                    seen.append("paused")
            lab.end_faults()
            again = await restores.resume(run.id)
            outcome = await again.wait()
            assert outcome is not None
            assert outcome.status is Status.DONE
            seen.append("done")
    return seen


def test_a_restore_is_planned_started_followed_paused_and_resumed_from_a_coroutine(lab: LabProcess) -> None:
    lab.fault("slow", on=f"{LOAD_PATH}*")
    assert asyncio.run(restore(lab)) == ["loaded", "paused", "done"]


def test_a_node_that_does_not_answer_holds_no_loop_up(lab: LabProcess) -> None:
    lab.fault("timeout", on="/storage_service/cluster_name")
    lab.files.config.write_text(
        lab.files.config.read_text().replace("port = ", "request_timeout_s = 1.0\nport = ")
    )
    flags = TargetFlags(location=(LOCATION,), snapshot_tag=lab.tag, restore_tables=True)

    async def start_and_count() -> int:
        beats = 0
        config = load_config(lab.files.config).config
        with open_engine(config, environment={}, owner="a service") as engine:
            async with AsyncEngine(engine) as restores:
                starting = asyncio.create_task(restores.start(build_target(flags)))
                while not starting.done():
                    await asyncio.wait({starting}, timeout=0)
                    beats += 1
                with pytest.raises(NoContactPoint):
                    await starting
        return beats

    assert asyncio.run(start_and_count()) > MANY
