"""A bucket is read directly as long as that goes, and through the agents from then on."""

from collections.abc import Callable

import pytest
from tests.support.bucket import Bucket

from scylla_restore.engine.errors import (
    BucketMissing,
    ConfigurationError,
    RestoreError,
    StorageDenied,
    StorageUnavailable,
)
from scylla_restore.engine.storage.either_way import EitherWay
from scylla_restore.engine.storage.port import ObjectStore, StoredObject, StoreReport
from scylla_restore.events.model.target import IndexVia

Ask = Callable[[ObjectStore], object]
ASKS: list[Ask] = [
    lambda store: list(store.list("a/")),
    lambda store: list(store.pages("a/")),
    lambda store: store.find("a/", ("1",)),
    lambda store: store.read("a/1", limit_bytes=10),
]


class Scene:
    """Two ways to the same objects; ``opened`` are the words with which the agents were turned to."""

    def __init__(self, location: str = "s3:backups") -> None:
        self.direct, self.agents = Bucket(), Bucket()
        self.direct.objects = self.agents.objects = {"a/1": b"x"}
        self.agents.reached = StoreReport(via=IndexVia.AGENT)
        self.agents.lists_ranges = False
        self.opened: list[str] = []
        self.refusal: RestoreError | None = None
        self.store = EitherWay(location, open_direct=self.open_direct, open_agents=self.open_agents)

    def open_direct(self) -> ObjectStore:
        if self.refusal is not None:
            raise self.refusal
        return self.direct

    def open_agents(self, because: str) -> ObjectStore:
        self.opened.append(because)
        return self.agents


def denied(words: str = "no credentials") -> StorageDenied:
    return StorageDenied(words, location="s3:backups", hint="set access_key_id")


def test_agents_are_not_turned_to_for_what_they_do_not_show() -> None:
    scene = Scene()
    scene.direct.fail(denied())
    with pytest.raises(StorageDenied, match="no credentials"):
        scene.store.read("backup/sst/cluster/c/tag_manifest.json", limit_bytes=10)
    assert scene.opened == []


@pytest.mark.parametrize("ask", ASKS)
def test_a_bucket_that_can_be_read_directly_is(ask: Ask) -> None:
    scene = Scene()
    scene.agents.fail(denied())
    assert ask(scene.store)
    assert (scene.opened, scene.store.report().via, scene.store.lists_ranges) == ([], IndexVia.DIRECT, True)


@pytest.mark.parametrize("ask", ASKS)
def test_who_is_denied_turns_to_the_agents_for_good(ask: Ask) -> None:
    scene = Scene()
    scene.direct.fail(denied(), times=1)
    for _ in range(2):
        assert ask(scene.store)
    assert scene.opened == ["no credentials"]
    assert (scene.store.report().via, scene.store.lists_ranges) == (IndexVia.AGENT, False)


@pytest.mark.parametrize("refusal", [denied(), ConfigurationError("nothing says where")])
def test_who_cannot_even_open_the_bucket_turns_to_the_agents(refusal: RestoreError) -> None:
    scene = Scene()
    scene.refusal = refusal
    assert list(scene.store.list("a/")) == [StoredObject("a/1", 1)]
    assert scene.opened == [refusal.message]


def test_a_denial_in_the_middle_turns_to_the_agents_for_what_is_asked_next() -> None:
    scene = Scene()
    assert list(scene.store.list("a/"))
    scene.direct.fail(denied("may list but not read"))
    assert scene.store.read("a/1", limit_bytes=10) == b"x"
    assert scene.opened == ["may list but not read"]


def test_silence_is_no_denial() -> None:
    scene = Scene()
    scene.direct.fail(StorageUnavailable("no answer", location="s3:backups"))
    with pytest.raises(StorageUnavailable):
        list(scene.store.list("a/"))
    assert scene.opened == []


@pytest.mark.parametrize(("location", "turns"), [("s3:backups", False), ("localstorage:backups", True)])
def test_a_missing_bucket_is_a_denial_only_where_it_may_not_be_mounted(location: str, turns: bool) -> None:
    scene = Scene(location)
    scene.direct.fail(BucketMissing("no such bucket", location=location))
    if turns:
        assert list(scene.store.list("a/"))
    else:
        with pytest.raises(BucketMissing):
            list(scene.store.list("a/"))


def test_who_is_denied_both_ways_hears_both_reasons() -> None:
    scene = Scene()
    scene.direct.fail(denied())
    scene.agents.fail(StorageDenied("no remote of that name", location="s3:backups", hint="set it up"))
    with pytest.raises(StorageDenied, match="no credentials; and no remote of that name") as caught:
        list(scene.store.list("a/"))
    assert caught.value.hint == "set access_key_id"


def test_a_path_that_leads_out_of_the_bucket_is_no_reason_to_turn_to_the_agents() -> None:
    scene = Scene()
    for ask in (
        lambda: scene.store.read("../x", limit_bytes=1),
        lambda: scene.store.list("../"),
        lambda: scene.store.pages("a"),
        lambda: scene.store.list_directories("a//"),
    ):
        with pytest.raises(StorageDenied):
            ask()
    assert scene.opened == []
    assert scene.store.report() == StoreReport()
