"""What a batch's files are, and how they are split into jobs."""

import msgspec
import pytest
from tests.support.batches import FILES, SSTABLES, STAGING, versioned

from scylla_restore.actors.procedures.files import (
    NAMES_PER_COPY_MAX,
    NAMES_PER_COPY_MAX_BYTES,
    CopyRenamed,
    CopyTogether,
    assert_staging,
    copy_orders,
    misfit,
    some,
)
from scylla_restore.engine.core.commands import BatchFile, BatchSSTable


def plain(names: list[str]) -> tuple[BatchSSTable, ...]:
    return (BatchSSTable("a", 0, tuple(BatchFile(name, name) for name in names)),)


def test_files_under_their_own_names_are_copied_together() -> None:
    assert copy_orders(SSTABLES) == (CopyTogether(tuple(FILES)),)


def test_each_versioned_object_is_a_job_of_its_own_after_the_others() -> None:
    orders = copy_orders((*versioned(2), *SSTABLES))
    assert [type(order) for order in orders] == [CopyTogether, CopyRenamed, CopyRenamed]


def test_no_job_has_more_names_than_the_agent_takes() -> None:
    orders = copy_orders(plain([f"me-{n}-big-Data.db" for n in range(NAMES_PER_COPY_MAX + 1)]))
    assert [len(order.names) for order in orders if isinstance(order, CopyTogether)] == [
        NAMES_PER_COPY_MAX,
        1,
    ]


def test_no_job_has_a_longer_list_than_fits_a_request() -> None:
    name = "n" * 1000
    count = 2 * NAMES_PER_COPY_MAX_BYTES // 1000
    orders = copy_orders(plain([name] * count))
    lengths = [len(order.names) for order in orders if isinstance(order, CopyTogether)]
    assert sum(lengths) == count
    assert all(length * 1003 <= NAMES_PER_COPY_MAX_BYTES for length in lengths)


def test_just_the_right_files_fit() -> None:
    assert misfit(SSTABLES, FILES) is None


@pytest.mark.parametrize(
    ("present", "words"),
    [
        ({}, "4 of 4 files are missing: me-a-big-Data.db, me-a-big-TOC.txt"),
        ({**FILES, "x": 1}, "1 files do not belong there: x"),
        ({**FILES, "me-a-big-TOC.txt": 9}, "SSTable a has 109 bytes in place of 110"),
    ],
)
def test_what_does_not_fit_is_said(present: dict[str, int], words: str) -> None:
    assert words in str(misfit(SSTABLES, present))


@pytest.mark.parametrize("toc", [9, 11])
def test_of_files_that_were_not_listed_the_data_has_to_fit(toc: int) -> None:
    unlisted = tuple(msgspec.structs.replace(own, data_size=own.size // 11 * 10) for own in SSTABLES)
    present = {**FILES, "me-a-big-TOC.txt": toc}
    assert misfit(unlisted, present) is None
    present["me-b-big-Data.db"] = 199
    assert misfit(unlisted, present) == "me-b-big-Data.db has 199 bytes in place of 200"


def test_a_message_names_a_few_and_counts_the_rest() -> None:
    assert some(f"f{n}" for n in range(7)) == "f0, f1, f2, f3, f4 and 2 more"


@pytest.mark.parametrize(
    "path", ["ks/t-1/upload", "ks/t-1/snapshots/", "ks/t-1/snapshots/../upload", "ks/t-1", ""]
)
def test_nothing_but_a_directory_below_snapshots_may_be_removed(path: str) -> None:
    assert assert_staging(STAGING) == STAGING
    with pytest.raises(ValueError, match="must not be removed"):
        assert_staging(path)
