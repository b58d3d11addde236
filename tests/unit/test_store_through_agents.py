"""Several agents are one store: who answers for whom, and what is made of refusals."""

import pytest
from tests.support.scripted_node import ScriptedNode, missing, refused, unreachable

from scylla_restore.engine.cluster.port import RemoteFile
from scylla_restore.engine.errors import (
    BucketMissing,
    NodeBusy,
    NodeError,
    NotAuthorized,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.storage.port import StoredObject
from scylla_restore.engine.storage.through_agents import ThroughAgents
from scylla_restore.events.model.target import IndexVia

FILES = (RemoteFile(path="1", size=1, is_dir=False), RemoteFile(path="d", size=-1, is_dir=True))


class Agent(ScriptedNode):
    """Lists ``FILES`` wherever it is asked to."""

    def list_location(self, location: str, path: str, *, recursive: bool = False) -> tuple[RemoteFile, ...]:
        super().list_location(location, path, recursive=recursive)
        return FILES


def store_of(*agents: Agent) -> ThroughAgents:
    return ThroughAgents("s3:b", lambda: agents, because="no credentials")


def busy() -> NodeBusy:
    return NodeBusy("slow down", node="n", call="operations/list", status=503)


@pytest.mark.parametrize("silence", [unreachable(), busy()])
def test_another_agent_answers_for_one_that_is_away(silence: NodeError) -> None:
    agents = (Agent(), Agent())
    for agent in agents[:1]:
        agent.fails["list_location"].append(silence)
    store = store_of(*agents)
    for _ in range(2):
        assert list(store.list("a/")) == [StoredObject("a/1", 1)]
    report = store.report()
    assert (report.retries, report.via, report.because) == (1, IndexVia.AGENT, "no credentials")


def test_agents_are_not_asked_for_what_they_do_not_show() -> None:
    agent = Agent()
    with pytest.raises(StorageDenied, match="is not shown by agents"):
        store_of(agent).read("backup/sst/cluster/c/tag_manifest.json", limit_bytes=10)
    assert agent.calls == []


def test_agents_that_are_all_away_are_unavailable() -> None:
    agents = (Agent(), Agent())
    for agent in agents:
        agent.fails["list_location"].append(unreachable())
    with pytest.raises(StorageUnavailable, match="s3:b cannot be read through the agents: no answer"):
        list(store_of(*agents).pages("a/"))


def test_an_agent_that_does_not_reach_the_location_is_asked_once() -> None:
    agents = (Agent(), Agent())
    agents[0].fails["list_location"].extend([refused("no such remote")] * 9)
    store = store_of(*agents)
    for _ in range(4):
        assert list(store.pages("a/")) == [{"1": 1}]
    assert agents[0].calls == ["list_location"]


def test_who_is_refused_by_all_is_denied_with_what_the_last_one_said() -> None:
    agents = (Agent(), Agent())
    for agent in agents:
        agent.fails["list_location"].extend([refused("access denied")] * 9)
    store = store_of(*agents)
    for _ in range(2):
        with pytest.raises(StorageDenied, match="access denied") as caught:
            list(store.list("a/"))
        assert caught.value.hint == "give the agents credentials for the bucket"


def test_a_bucket_is_missing_if_no_agent_sees_it() -> None:
    agents = (Agent(), Agent())
    for agent in agents:
        agent.unlistable["s3:b"] = missing()
    with pytest.raises(BucketMissing, match="s3:b does not exist"):
        list(store_of(*agents).list("a/"))


def test_a_directory_may_be_missing_to_one_agent_and_there_to_another() -> None:
    agents = (Agent(), Agent())
    agents[0].unlistable["s3:b"] = missing()
    store = store_of(*agents)
    for _ in range(2):
        assert list(store.list("a/")) == [StoredObject("a/1", 1)]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (unreachable(), StorageUnavailable),
        (NotAuthorized("wrong token", node="n", call="any", status=401), StorageDenied),
    ],
)
def test_a_cluster_that_cannot_be_asked_for_its_nodes_is_told(
    error: NodeError, raised: type[StorageError]
) -> None:
    def find() -> tuple[Agent, ...]:
        raise error

    with pytest.raises(raised, match=error.message):
        list(ThroughAgents("s3:b", find).list("a/"))


def test_a_location_without_nodes_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable, match="there are none for this location"):
        list(store_of().list("a/"))
