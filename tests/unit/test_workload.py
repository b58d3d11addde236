"""What is left to restore: positions, segments, and the directory with most left."""

import pytest
from tests.support.hosts import LOCATION, directory

from scylla_restore.engine.core.state.workload import Directory, Workload, upcoming
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.target import BackupLocation

KEY = LOCATION.key


def workload(*directories: DirectoryIndexed) -> Workload:
    made = Workload()
    for indexed in directories:
        made.add(indexed)
    made.close_location(KEY)
    return made


def ids(made: Workload, name: str, positions: list[int]) -> list[str]:
    return [made.directories[name].ids[position] for position in positions]


def largest(made: Workload) -> tuple[str, int] | None:
    found = made.largest(KEY)
    return (found[0].id, found[1].left) if found else None


def test_sstables_are_sorted_big_first_and_by_kind() -> None:
    made = workload(directory("t1", (1, 2, 3, 4), ids=("7", "3gx", "9", "3gy")))

    (found,) = made.directories.values()
    assert found.ids == ["9", "7", "3gy", "3gx"]
    assert [(s.first, s.end, s.left, s.left_bytes) for s in found.segments] == [(0, 2, 2, 4), (2, 4, 2, 6)]


def test_equal_sizes_are_sorted_by_id_so_that_every_engine_plans_alike() -> None:
    made = workload(directory("t1", (5, 5, 5), ids=("3gc", "3ga", "3gb")))

    assert made.directories["t1"].ids == ["3ga", "3gb", "3gc"]


def test_what_is_assigned_in_order_moves_the_cursor() -> None:
    made = workload(directory("t1", (9, 8, 7, 6)))

    assert made.assign("t1", ("3gt1-0000", "3gt1-0001")) == [0, 1]

    (segment,) = made.directories["t1"].segments
    assert (segment.cursor, segment.left, segment.left_bytes, segment.taken) == (2, 2, 13, set())
    assert (made.left, made.left_bytes) == (2, 13)


def test_what_is_assigned_out_of_order_is_remembered_until_the_cursor_passes_it() -> None:
    """0 1 2 3 4   taken {1, 3}   then {0}: the cursor is at 2   then {2}: at 4."""
    made = workload(directory("t1", (9, 8, 7, 6, 5)))
    (segment,) = made.directories["t1"].segments

    made.assign("t1", ("3gt1-0003", "3gt1-0001"))
    assert (segment.cursor, segment.taken, upcoming(segment, 9)) == (0, {1, 3}, [0, 2, 4])
    made.assign("t1", ("3gt1-0000",))
    assert (segment.cursor, segment.taken, upcoming(segment, 1)) == (2, {3}, [2])
    made.assign("t1", ("3gt1-0002",))
    assert (segment.cursor, segment.taken, segment.left, segment.left_bytes) == (4, set(), 1, 5)


def test_a_batch_may_be_the_next_ones_with_gaps_where_others_were_taken() -> None:
    made = workload(directory("t1", (9, 8, 7, 6, 5)))
    made.assign("t1", ("3gt1-0001",))

    assert made.assign("t1", ("3gt1-0000", "3gt1-0002")) == [0, 2]
    assert made.directories["t1"].segments[0].cursor == 3


def test_a_batch_of_a_former_engine_may_span_what_are_two_kinds_today() -> None:
    made = workload(directory("t1", (4, 3, 2, 1), ids=("1", "2", "3gx", "3gy")))

    made.assign("t1", ("2", "3gx"))

    assert [segment.left for segment in made.directories["t1"].segments] == [1, 1]
    assert (made.left, made.left_bytes) == (2, 5)


def test_the_largest_rest_is_found_after_every_assignment() -> None:
    made = workload(directory("t1", (9, 9)), directory("t2", (8, 7)))

    assert largest(made) == ("t1", 2)
    made.assign("t1", ("3gt1-0000",))
    assert largest(made) == ("t2", 2)
    made.assign("t2", ("3gt2-0000", "3gt2-0001"))
    assert largest(made) == ("t1", 1)
    made.assign("t1", ("3gt1-0001",))
    assert largest(made) is None
    assert made.heaps[KEY] == []


def test_of_equal_rests_the_one_with_more_sstables_comes_first() -> None:
    made = workload(directory("t1", (10,)), directory("t2", (5, 5)))

    assert largest(made) == ("t2", 2)


def test_sstables_without_bytes_are_work_too() -> None:
    made = workload(directory("t1", (0, 0)))

    assert largest(made) == ("t1", 2)
    made.assign("t1", ("3gt1-0000",))
    assert largest(made) == ("t1", 1)


def test_nothing_can_be_assigned_before_a_location_is_closed() -> None:
    made = Workload()
    made.add(directory("t1", (1,)))

    assert made.largest(KEY) is None
    assert (made.left, made.unsorted) == (1, ["t1"])


def test_a_location_can_be_assigned_while_another_is_still_indexed() -> None:
    made = Workload()
    other = BackupLocation(provider="gcs", bucket="more")
    made.add(directory("t1", (1, 2), location=other))
    made.add(directory("t2", (3,)))

    made.close_location(KEY)

    assert largest(made) == ("t2", 1)
    assert made.largest(other.key) is None
    assert made.unsorted == ["t1"]


def test_parts_of_a_directory_keep_their_own_shapes() -> None:
    first, second = directory("t1", (5, 1)), directory("t1", (3,), ids=("3gother",))
    made = workload(first, second)

    (found,) = made.directories.values()
    assert found.ids == ["3gt1-0000", "3gother", "3gt1-0001"]
    assert found.shape_of == [0, 1, 0]
    assert len(found.shapes) == 2


def test_an_unfinished_index_can_be_forgotten_whole() -> None:
    made = workload(directory("t1", (5, 5)))
    other = directory("t2", (7,))
    made.add(other)

    made.forget_location("gcs:elsewhere")
    assert made.sstables == 3
    made.directories["t2"].location = "gcs:elsewhere"
    made.forget_location("gcs:elsewhere")

    assert (made.size, made.sstables, made.left, made.left_bytes) == (10, 2, 2, 10)
    assert made.tables == {"ks:t1": 10}
    assert list(made.directories) == ["t1"]
    assert not made.unsorted


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_no_more_are_upcoming_than_there_are(count: int) -> None:
    made = workload(directory("t1", (3, 2, 1)))
    (segment,) = made.directories["t1"].segments

    assert upcoming(segment, count) == [0, 1, 2][:count]


def test_a_directory_is_named_as_scylla_names_its_table() -> None:
    found: Directory = workload(directory("t1", (1,))).directories["t1"]

    assert found.column_family == "ks:t1"
