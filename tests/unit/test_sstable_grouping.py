import pytest
from tests.support.backups import COMPONENTS, UUID_ID, sstable_files

from scylla_restore.engine.backup.sstable import SSTables, component_names, group_sstables, is_integer_id
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.locations import SSTableShape


def grouped(names: list[str], *, keyspace: str = "ks", table: str = "t") -> SSTables:
    return group_sstables(names, keyspace=keyspace, table=table, what="the directory")


def test_files_are_put_together_by_id_in_whatever_order_they_come() -> None:
    names = [*sstable_files(1), *sstable_files(UUID_ID), *sstable_files(23)]
    for order in (names, names[::-1], sorted(names, key=lambda name: name.rpartition("-")[2])):
        found = grouped(order)
        assert sorted(found.ids) == ["1", "23", UUID_ID]
        assert found.shapes == [SSTableShape(version="me", format="big", components=COMPONENTS)]
        assert found.shape_of == [0, 0, 0]


def test_sstables_of_different_shapes_are_kept_apart() -> None:
    uncompressed = ["mc-2-big-Data.db", "mc-2-big-TOC.txt", "mc-2-big-CRC.db"]
    found = grouped([*sstable_files(1), *uncompressed, *sstable_files(3, version="ms")])
    assert found.ids == ["1", "2", "3"]
    assert [found.shapes[shape].version for shape in found.shape_of] == ["me", "mc", "ms"]
    assert found.shapes[1].components == ("CRC.db", "Data.db", "TOC.txt")


@pytest.mark.parametrize("version", ["la", "mc", "md", "me", "ms", "mt"])
def test_names_are_made_again_from_what_is_recorded(version: str) -> None:
    names = sstable_files(7, version=version)
    found = grouped(names)
    assert component_names(found.shapes[0], "7", "ks", "t") == names


@pytest.mark.parametrize(("keyspace", "table"), [("ks", "t"), ("me", "5"), ("big", "big"), ("a_b", "Index")])
def test_the_oldest_version_has_keyspace_and_table_in_its_names(keyspace: str, table: str) -> None:
    names = [f"{keyspace}-{table}-ka-12-Data.db", f"{keyspace}-{table}-ka-12-TOC.txt"]
    found = grouped(names, keyspace=keyspace, table=table)
    assert found.ids == ["12"]
    assert found.shapes == [SSTableShape(version="ka", format="", components=("Data.db", "TOC.txt"))]
    assert component_names(found.shapes[0], "12", keyspace, table) == names


def test_a_version_of_the_future_is_accepted_with_uuid_ids_only() -> None:
    assert grouped(sstable_files(UUID_ID, version="mz")).shapes[0].version == "mz"
    with pytest.raises(BackupError, match=r"'mz-5-big-.*' is of an unknown SSTable version") as caught:
        grouped(sstable_files(5, version="mz"))
    assert "ka, la, mc, md, me, ms, mt" in str(caught.value.hint)


def test_another_format_than_the_usual_is_accepted() -> None:
    found = grouped(["me-1-bti-Data.db", "me-1-bti-TOC.txt"])
    assert found.shapes[0].format == "bti"
    assert component_names(found.shapes[0], "1", "ks", "t") == ["me-1-bti-Data.db", "me-1-bti-TOC.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Data.db",
        "me-1",
        "me-1-big",
        "me-1-big-",
        "me--big-Data.db",
        "me-1-x y-Data.db",
        "me-../../etc/passwd-big-Data.db",
        "me-1-big-../../etc/passwd",
        "me-1-big-a/b",
        "me-1-big-.hidden",
        "me-1-big-Da\x00ta.db",
        "me-1-big-Data.db\n",
        "me-1-big-Dätä.db",
        f"me-{'1' * 65}-big-Data.db",
        f"me-1-big-{'x' * 65}",
        "me-1-big-TOC.txt.tmp",
        "me-1-big-TemporaryHashes.db.tmp",
        "ks-t-ka-x-Data.db",
        "other-t-ka-1-Data.db",
        "../ks-t-ka-1-Data.db",
        "schema.cql",
        "manifest.json",
    ],
)
def test_a_hostile_or_foreign_name_is_refused(name: str) -> None:
    with pytest.raises(BackupError, match="the directory"):
        grouped([*sstable_files(1), *sstable_files(2), name])


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["me-1-big-Data.db"], "SSTable 1 is not whole: it has no TOC.txt"),
        (["me-1-big-TOC.txt"], "it has no Data.db"),
        (["me-1-big-Index.db"], "it has no Data.db and no TOC.txt"),
        ([*sstable_files(1), "me-1-big-Data.db"], "a file of it is listed twice"),
        ([*sstable_files(1), *sstable_files(1, version="md")], "several versions"),
        ([*sstable_files(1), "me-1-bti-Data.db", "me-1-bti-TOC.txt"], "several versions or formats"),
        ([f"me-1-big-C{i}.db" for i in range(70)], "too many kinds of files"),
    ],
)
def test_an_sstable_that_is_not_whole_is_refused(names: list[str], problem: str) -> None:
    with pytest.raises(BackupError, match=problem):
        grouped(names)


def test_no_files_are_no_sstables() -> None:
    assert grouped([]) == SSTables(ids=[], shape_of=[], shapes=[])


@pytest.mark.parametrize(
    ("sstable_id", "is_integer"),
    [("1", True), ("0047", True), (UUID_ID, False), ("1_2", False), ("٣", False)],
)
def test_ids_are_told_apart_by_their_digits(sstable_id: str, is_integer: bool) -> None:
    assert is_integer_id(sstable_id) is is_integer
