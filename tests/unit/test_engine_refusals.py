"""What an engine does not take up, and that it lets go of it."""

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
from tests.support import story as told
from tests.support.scripted_node import ScriptedNode
from tests.support.story import RUN, Story, indexed_story

from scylla_restore.engine.api import Engine, Run, TargetFlags
from scylla_restore.engine.api.connection import cluster_id
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.schema.port import SchemaNotOffered
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.alterations import AlterationIntended, TransfersSet
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import FailureDeclared, RunAborted, RunFailed
from scylla_restore.events.model.target import BackupLocation

TAKES_UP: dict[str, Callable[[Engine], Run]] = {
    "resume": lambda engine: engine.resume(RUN),
    "abort": lambda engine: engine.abort(RUN),
    "put right": lambda engine: engine.put_right(RUN),
}


class Lab:
    """The cluster that the engine is given: it is called lab, and is asked for nothing but its name."""

    configured_id: UUID | None = None

    def contact(self) -> NodeGateway:
        return ScriptedNode()

    def gateway(self, address: str) -> NodeGateway:
        raise AssertionError(f"node {address} was called")

    def schema(self) -> SchemaNotOffered:
        raise AssertionError("the schema was asked for")

    def close(self) -> None:
        """Nothing is open."""


def no_store(where: BackupLocation) -> ObjectStore:
    raise AssertionError(f"{where.key} was opened")


def engine_with(story: Story) -> tuple[Engine, MemoryLog]:
    log = MemoryLog()
    story.write_to(log)
    return Engine(log=log, cluster=Lab(), open_store=no_store, owner="ann"), log


@pytest.mark.parametrize("how", TAKES_UP)
def test_a_run_of_another_cluster_is_not_taken_up(how: str) -> None:
    altered = TransfersSet(node="10.0.0.1", before=2, after=4)
    engine, log = engine_with(indexed_story().tell(AlterationIntended(id="1", alteration=altered)))
    head = log.head(RUN)
    with engine, pytest.raises(TargetError, match="restores into cluster prod, but this is lab"):
        TAKES_UP[how](engine)
    assert not log.is_owned(RUN)
    assert log.head(RUN).seq == head.seq


@pytest.mark.parametrize("how", TAKES_UP)
def test_a_run_that_is_over_is_not_taken_up(how: str) -> None:
    engine, log = engine_with(indexed_story().tell(RunAborted(restored_bytes=0)))
    with engine, pytest.raises(TargetError, match=f"run {RUN} is over: aborted"):
        TAKES_UP[how](engine)
    assert not log.is_owned(RUN)


def test_a_run_that_was_refused_is_not_taken_up_as_it_would_be_refused_again() -> None:
    refused = Failure(cause=Cause.REFUSED, message="tables hold data")
    story = Story().tell(
        told.run_started(),
        FailureDeclared(failure=refused, resumable=False, exit_code=2),
        RunFailed(failure=refused, resumable=False, exit_code=2),
    )
    engine, log = engine_with(story)
    with engine, pytest.raises(TargetError, match="refused before it touched anything: tables hold data"):
        engine.resume(RUN)
    assert not log.is_owned(RUN)


def test_a_run_is_not_resumed_with_other_data() -> None:
    started = msgspec.structs.replace(told.run_started(), cluster="lab")
    engine, log = engine_with(Story().tell(started))
    flags = TargetFlags(keyspace=("elsewhere",))
    with engine, pytest.raises(TargetError, match="--keyspace would change that"):
        engine.resume(RUN, flags)
    assert not log.is_owned(RUN)


def test_a_clusters_configured_id_is_the_one_that_is_recorded_and_without_it_the_name_makes_one() -> None:
    configured = UUID("0d5a8a3c-0000-4000-8000-00000000000c")
    assert cluster_id(configured, "lab") == str(configured)
    assert UUID(cluster_id(None, "lab")).version == 5
    assert cluster_id(None, "lab") != cluster_id(None, "prod")
