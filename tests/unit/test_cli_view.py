from datetime import timedelta

import msgspec
import pytest
from tests.support.story import START

from scylla_restore.engine.cli.tables import column_lines
from scylla_restore.engine.cli.units import bytes_text, count_text, duration_text, percent_text, rate_text
from scylla_restore.engine.cli.view import Shape, progress_lines, status_line
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.progress_document import (
    HostProgress,
    KeyspaceProgress,
    ProgressDocument,
    TableProgress,
)
from scylla_restore.events.projections.progress_state import RunState

GIB = 2**30


def table(
    name: str, *, size: int = GIB, restored: int = 0, downloaded: int = 0, error: str | None = None
) -> TableProgress:
    return TableProgress(
        table=name, size=size, downloaded=downloaded, restored=restored, tombstone_gc=None, error=error
    )


def host(number: int, state: str = "idle") -> HostProgress:
    return HostProgress(
        host=f"10.0.{number // 256}.{number % 256}",
        dc="dc1",
        shard_cnt=8,
        downloaded_bytes=40 * GIB,
        download_ms=100_000,
        streamed_bytes=40 * GIB,
        stream_ms=200_000,
        state=state,
    )


def progress(
    *, tables: tuple[TableProgress, ...] = (), hosts: tuple[HostProgress, ...] = (), error: str | None = None
) -> ProgressDocument:
    return ProgressDocument(
        run_id="6f1d2c3b-0000-4000-8000-000000000001",
        cluster="prod",
        cluster_id="c",
        snapshot_tag="sm_20260102030405UTC",
        state=RunState.RUNNING,
        stage=Stage.DATA,
        started_at=START,
        completed_at=None,
        eta_seconds=12_345,
        size=40_000 * GIB,
        downloaded=30_000 * GIB,
        restored=28_600 * GIB,
        failed=3 * GIB,
        sstables=1_000_000,
        sstables_restored=715_000,
        batches=100_000,
        batches_restored=71_500,
        retries=12,
        error=error,
        keyspaces=(KeyspaceProgress(keyspace="ks", size=1, downloaded=1, restored=1, tables=tables),)
        if tables
        else (),
        hosts=hosts,
    )


def test_the_view_fits_80_columns_and_one_screen_with_300_nodes_and_1000_tables() -> None:
    tables = tuple(table(f"a_table_with_quite_a_long_name_{number:04}") for number in range(1000))
    lines = progress_lines(
        progress(tables=tables, hosts=tuple(host(number, "both") for number in range(300)), error="e" * 300),
        Shape(columns=80, tables=3, hosts=3),
        elapsed_s=30_000,
    )
    assert max(len(line) for line in lines) <= 80
    assert len(lines) <= 24
    assert "… and 997 more tables, 997.0 GiB of them left" in lines
    assert "… and 297 more nodes, 297 of them at work" in lines


def test_the_summary_says_state_size_speed_and_trouble() -> None:
    lines = progress_lines(progress(), Shape(), elapsed_s=3600)
    assert lines[:7] == [
        "run 6f1d2c3b-0000-4000-8000-000000000001",
        "prod  sm_20260102030405UTC",
        "running, DATA, started 2026-01-02 03:04:05Z, for 1h 00m, 3h 25m left",
        "",
        "━━━━━━━━━━━━━━━━━━━━━───────── 71.5 %  27.9 TiB of 39.1 TiB restored",
        "29.3 TiB downloaded, 715000 of 1000000 SSTables, 71500 batches",
        "12 attempts after a batch's first, 3.0 GiB failed and wait for the next",
    ]


def test_failed_tables_and_troubled_nodes_are_shown_whatever_else_there_is() -> None:
    tables = (
        *(table(f"t{number}", size=9 * GIB) for number in range(50)),
        table("bad", size=1, error="no such object"),
    )
    hosts = (*(host(number, "both") for number in range(50)), host(99, "suspended"))
    text = "\n".join(progress_lines(progress(tables=tables, hosts=hosts), Shape(tables=2, hosts=2)))
    assert "ks.bad" in text
    assert "no such object" in text
    assert "10.0.0.99  suspended" in text


def test_tables_that_are_under_way_come_before_those_that_wait() -> None:
    tables = (
        *(table(f"t{number}", size=9 * GIB) for number in range(50)),
        table("busy", size=GIB, downloaded=5),
    )
    assert "ks.busy" in "\n".join(progress_lines(progress(tables=tables), Shape(tables=1)))


def test_a_pipe_gets_no_bars() -> None:
    text = "\n".join(progress_lines(progress(tables=(table("t"),)), Shape(bars=False)))
    assert "━" not in text
    assert "─" not in text


def test_a_run_whose_engine_is_gone_is_not_called_running() -> None:
    assert progress_lines(progress(), Shape(), is_left_alone=True)[2].startswith("no engine at work, DATA")


def test_a_run_that_knows_nothing_yet_says_so() -> None:
    lines = progress_lines(progress(), Shape())
    assert "no tables are known yet" in lines
    assert "no nodes are known yet" in lines


def test_the_status_line_says_what_matters() -> None:
    assert status_line(progress()) == (
        "6f1d2c3b running DATA 71.5 %, restored 27.9 TiB of 39.1 TiB, downloaded 29.3 TiB, failed 3.0 GiB, "
        "3h 25m left"
    )


def test_a_run_that_is_done_says_so() -> None:
    done = msgspec.structs.replace(
        progress(),
        state=RunState.DONE,
        stage=Stage.DONE,
        eta_seconds=None,
        failed=0,
        completed_at=START + timedelta(hours=1),
    )
    assert status_line(done).startswith("6f1d2c3b done DONE 100.0 %")
    assert progress_lines(done, Shape())[2] == "done, started 2026-01-02 03:04:05Z"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (40 * 2**40, "40.0 TiB"),
        (5 * 2**60, "5120.0 PiB"),
    ],
)
def test_bytes_have_the_unit_that_fits(size: int, text: str) -> None:
    assert bytes_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.4, "59s"), (59.6, "1m 00s"), (3599, "59m 59s"), (3600, "1h 00m"), (90_000, "1d 01h")],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_rates_and_shares() -> None:
    assert (rate_text(2**20, 500), rate_text(5, 0)) == ("2.0 MiB/s", "-")
    assert (percent_text(999, 1000), percent_text(9999, 10_000), percent_text(0, 0)) == (
        "99.9 %",
        "99.9 %",
        "100.0 %",
    )


def test_one_of_a_kind_is_no_plural() -> None:
    assert (count_text(1, "node"), count_text(0, "node")) == ("1 node", "0 nodes")


def test_columns_stand_below_each_other() -> None:
    assert column_lines(("A", "BB"), [("long", "x"), ("s", "yyy")]) == ["A     BB", "long  x", "s     yyy"]


def test_what_goes_on_and_what_is_waited_for_stand_above_the_tables_and_are_not_cut() -> None:
    hosts = (*(host(number, "both") for number in range(298)), host(298, "suspended"), host(299, "waiting"))
    words = "10.0.1.42 is suspended, asked again at noon: " + "connection refused " * 8
    lines = progress_lines(progress(hosts=hosts, error="no such object " * 9), Shape(), notices=[words])
    above = " ".join(line.strip() for line in lines[: lines.index("no tables are known yet")])
    assert (
        "now: downloading and loading on 298 nodes, suspended after a failure on 1 node, waiting for disk"
        in above
    )
    assert words.strip() in above
    assert above.count("no such object") == 9


def test_a_run_that_does_nothing_with_data_says_what_it_does_instead() -> None:
    repairing = msgspec.structs.replace(progress(), stage=Stage.REPAIR)
    assert "now: repairing what was restored" in progress_lines(repairing, Shape())
    assert "now: looking which nodes there are" in progress_lines(progress(), Shape())
    ended = msgspec.structs.replace(progress(), state=RunState.PAUSED)
    assert not [line for line in progress_lines(ended, Shape()) if line.startswith("now: ")]
