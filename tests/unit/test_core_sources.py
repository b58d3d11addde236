"""Where data comes from: DCs that are mapped, tables under other names, and snapshots that are not one."""

from collections.abc import Iterable

import msgspec
import pytest
from tests.support.hosts import LOCATION, SHAPE, Host, directory, hosts, run_started
from tests.support.world import World

from scylla_restore.engine.core.commands import BatchFile, DownloadBatch, LoadSSTables, OpenLocation
from scylla_restore.engine.core.planning import pools
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.batches import BatchAssigned
from scylla_restore.events.model.locations import DirectoryIndexed, LocationOpened, SSTableShape
from scylla_restore.events.model.run import FailureDeclared, OwnerChanged, RunFailed
from scylla_restore.events.model.target import BackupLocation

OTHER = BackupLocation(provider="gcs", bucket="others")
Pairs = tuple[tuple[str, str], ...]


class Selecting(World):
    """A world whose run selects what a test wants; ``opened`` is what its locations tell of themselves."""

    def __init__(
        self,
        *,
        hosts: Iterable[Host],
        directories: Iterable[DirectoryIndexed] = (),
        where: tuple[BackupLocation, ...] = (LOCATION,),
        dc_mapping: Pairs = (),
        rename: Pairs = (),
    ) -> None:
        super().__init__(hosts=hosts, directories=directories, where=where)
        self._selected = {"dc_mapping": dc_mapping, "rename": rename}
        self.opened: dict[str, dict[str, tuple[str, ...]]] = {}
        self.on(OpenLocation, self._opened)

    def start(self) -> "Selecting":
        self._sealer.epoch += 1
        started = run_started(self.where, self.tuning)
        selection = msgspec.structs.replace(started.target.selection, **self._selected)
        target = msgspec.structs.replace(started.target, selection=selection)
        self.tell(
            msgspec.structs.replace(started, target=target), OwnerChanged(owner="ann", engine_version="1")
        )
        self.decide()
        return self

    def _opened(self, command: OpenLocation) -> tuple[LocationOpened, ...]:
        event = LocationOpened(location=command.location, manifests=("manifest",))
        return (msgspec.structs.replace(event, **self.opened.get(command.location, {})),)


def of_dc(name: str, dc: str, **more: object) -> DirectoryIndexed:
    return msgspec.structs.replace(directory(name, (3, 2, 1)), dc=dc, **more)


def restored_by(world: World) -> dict[str, set[str]]:
    return {
        node: {e.directory for e in world.events(BatchAssigned) if e.node == node} for node in world.hosts
    }


def refusal(world: World) -> RunFailed:
    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert (event.exit_code, event.resumable) == (2, False)
    return event


EU, US, ASIA = (Host(address=f"n-{dc}", dc=dc) for dc in ("eu", "us", "asia"))


def test_nodes_restore_only_what_the_dcs_mapped_to_theirs_have_backed_up() -> None:
    world = Selecting(
        hosts=(EU, US, ASIA),
        directories=(of_dc("a", "dc1"), of_dc("b", "dc2")),
        dc_mapping=(("dc1", "eu"), ("dc2", "us")),
    )
    world.opened["s3:backups"] = {"dcs": ("dc1", "dc2")}
    world.start().play()
    assert world.state.status is Status.DONE
    assert restored_by(world) == {"n-eu": {"a"}, "n-us": {"b"}, "n-asia": set()}


def test_dcs_can_be_merged_into_one() -> None:
    world = Selecting(
        hosts=(EU,),
        directories=(of_dc("a", "dc1"), of_dc("b", "dc2")),
        dc_mapping=(("dc1", "eu"), ("dc2", "eu")),
    )
    world.start().play()
    assert world.state.status is Status.DONE
    assert restored_by(world) == {"n-eu": {"a", "b"}}


def test_without_a_mapping_every_node_restores_every_dc() -> None:
    world = Selecting(hosts=(EU, US), directories=(of_dc("a", "dc1"), of_dc("b", "dc2"))).start().play()
    assert pools(world.state, world.state.nodes["n-eu"]) == ["s3:backups"]
    assert restored_by(world) == {"n-eu": {"a"}, "n-us": {"b"}}


def test_a_location_of_a_dc_is_for_its_nodes_with_a_mapping_too() -> None:
    where = BackupLocation(provider="s3", bucket="backups", dc="eu")
    world = Selecting(
        hosts=(EU, US),
        directories=(of_dc("a", "dc1"),),
        where=(where,),
        dc_mapping=(("dc1", "us"), ("dc1", "eu")),
    )
    world.start().play()
    assert restored_by(world) == {"n-eu": {"a"}, "n-us": set()}


def test_a_mapped_dc_whose_nodes_cannot_list_the_location_is_named() -> None:
    blind = msgspec.structs.replace(US, locations=(), unreachable={"s3:backups": "no credentials"})
    world = Selecting(
        hosts=(EU, blind),
        directories=(of_dc("a", "dc1"), of_dc("b", "dc2")),
        dc_mapping=(("dc1", "eu"), ("dc2", "us")),
    )
    failure = refusal(world.start().play()).failure
    assert failure.message == "no node of DC us can list s3:backups: n-us: no credentials"


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("dc9", "eu"), "names DC dc9, which the backup does not have"),
        (("dc1", "mars"), "names DC mars, which the cluster does not have"),
    ],
)
def test_a_mapping_names_dcs_that_there_are(pair: tuple[str, str], words: str) -> None:
    world = Selecting(hosts=(EU,), directories=(of_dc("a", "dc1"),), dc_mapping=(pair,))
    world.opened["s3:backups"] = {"dcs": ("dc1",)}
    assert words in refusal(world.start().play()).failure.message


@pytest.mark.parametrize(("what", "flag"), [("clusters", "--source-cluster"), ("tasks", "--source-task")])
def test_a_tag_of_several_clusters_or_tasks_over_several_locations_is_refused(what: str, flag: str) -> None:
    world = Selecting(hosts=(EU,), directories=(of_dc("a", "dc1"),), where=(LOCATION, OTHER))
    world.opened["s3:backups"] = {what: ("one",)}
    world.opened["gcs:others"] = {what: ("two",)}
    failure = refusal(world.start().play()).failure
    assert failure.message.startswith("s3:backups, gcs:others: snapshot sm_20260102030405UTC")
    assert f"of several {what}: one, two" in failure.message
    assert flag in str(failure.hint)
    assert len(world.events(FailureDeclared)) == 1


def test_one_cluster_and_task_over_several_locations_is_one_snapshot() -> None:
    world = Selecting(hosts=(EU,), directories=(of_dc("a", "dc1"),), where=(LOCATION, OTHER))
    for key in ("s3:backups", "gcs:others"):
        world.opened[key] = {"clusters": ("one",), "tasks": ("t",)}
    assert world.start().play().state.status is Status.DONE


def test_a_renamed_table_is_downloaded_and_loaded_under_its_new_name() -> None:
    renamed = of_dc("t", "dc1", target_keyspace="other", target_table="t2")
    world = (
        Selecting(hosts=hosts("n1"), directories=(renamed,), rename=(("ks.t", "other.t2"),)).start().play()
    )
    assert world.state.status is Status.DONE
    download, load = world.commands(DownloadBatch)[0], world.commands(LoadSSTables)[0]
    assert (download.keyspace, download.table, download.source) == ("other", "t2", "backup/sst/t")
    assert download.staging.startswith(f"other/t2-{'0' * 32}/snapshots/")
    assert (load.keyspace, load.table) == ("other", "t2")
    assert all(file.name == file.object for sstable in download.sstables for file in sstable.files)


@pytest.mark.parametrize("suffixes", [{}, {"1": {"Data.db": "sm_20260103000000UTC"}}])
def test_sstables_that_bear_the_tables_name_get_the_new_one(suffixes: dict[str, dict[str, str]]) -> None:
    shape = SSTableShape(version="ka", format="", components=("Data.db", "TOC.txt"))
    oldest = msgspec.structs.replace(
        directory("t", (3,), ids=("1",), shape=shape, suffixes=suffixes),
        target_keyspace="other",
        target_table="t2",
    )
    world = Selecting(hosts=hosts("n1"), directories=(oldest,), rename=(("ks.t", "other.t2"),)).start().play()
    (sstable,) = world.commands(DownloadBatch)[0].sstables
    end = ".sm_20260103000000UTC" if suffixes else ""
    assert sstable.files == (
        BatchFile("other-t2-ka-1-Data.db", f"ks-t-ka-1-Data.db{end}"),
        BatchFile("other-t2-ka-1-TOC.txt", "ks-t-ka-1-TOC.txt"),
    )
    assert SHAPE.version != "ka"


def test_two_tables_of_the_backup_do_not_become_one() -> None:
    directories = (of_dc("a", "dc1", target_table="b"), of_dc("b", "dc1"))
    world = Selecting(hosts=hosts("n1"), directories=directories, rename=(("ks.a", "ks.b"),))
    assert (
        "ks.a and ks.b of the backup would both become ks.b" in refusal(world.start().play()).failure.message
    )


def test_a_renaming_names_what_the_backup_has() -> None:
    world = Selecting(hosts=hosts("n1"), directories=(of_dc("a", "dc1"),), rename=(("kss", "other"),))
    assert "names kss, which the backup does not have" in refusal(world.start().play()).failure.message
