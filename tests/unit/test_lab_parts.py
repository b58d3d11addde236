"""Parts of the lab that need no node."""

import threading
from pathlib import Path

import pytest
from cryptography import x509

from scylla_restore.engine.lab.answers import go_json
from scylla_restore.engine.lab.certificate import ensure_certificate, fingerprint
from scylla_restore.engine.lab.faults import Fault, FaultBoard, add_fault, clear_faults
from scylla_restore.engine.lab.jail import Jail
from scylla_restore.engine.lab.jobs import go_time
from scylla_restore.engine.lab.made_sstables import SSTableMaker, format_uuid_id
from scylla_restore.engine.lab.pace import bandwidth_text, parse_bandwidth
from scylla_restore.engine.lab.params import Params, json_values
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.request_log import read_requests
from scylla_restore.engine.lab.ring import describe_ring
from scylla_restore.engine.lab.sstables import LoadFailure, check, scan
from scylla_restore.engine.lab.state import make_nodes
from scylla_restore.engine.lab.throttle import Throttle


def test_json_is_written_as_go_writes_it() -> None:
    assert go_json({"b": "<&>", "a": None}) == b'{"a":null,"b":"\\u003c\\u0026\\u003e"}\n'


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (1_795_344_283_118_819_400, "2026-11-22T10:44:43.1188194Z"),
        (1_795_344_283_000_000_000, "2026-11-22T10:44:43Z"),
    ],
)
def test_times_are_written_as_go_writes_them(nanoseconds: int, text: str) -> None:
    assert go_time(nanoseconds) == text


@pytest.mark.parametrize(
    ("text", "rate", "shown"),
    [
        ("100M", 100 << 20, "100M"),
        ("0M", 0, "off"),
        ("off", 0, "off"),
        ("512", 512 << 10, "512k"),
        ("1.5G", 3 << 29, "1.500G"),
        ("10b", 10, "10"),
    ],
)
def test_bandwidth_limits_are_read_and_shown(text: str, rate: int, shown: str) -> None:
    assert (parse_bandwidth(text), bandwidth_text(rate)) == (rate, shown)


@pytest.mark.parametrize("text", ["zzz", "5x", "M"])
def test_what_is_no_bandwidth_limit_is_refused(text: str) -> None:
    with pytest.raises(CallRefused, match="bad bwlimit"):
        parse_bandwidth(text)


@pytest.mark.parametrize(
    ("fs", "path"), [("ks", "/d/ks"), ("", "/d"), ("/d/ks", "/d/ks"), ("ks/../x", "/d/x"), ("/etc", "/d/etc")]
)
def test_an_fs_is_taken_below_its_root(fs: str, path: str) -> None:
    assert Jail(Path("/d"), Path("/")).base(fs) == path


def test_a_remote_may_leave_the_root_but_not_the_lab() -> None:
    jail = Jail(Path("/lab/node/data"), Path("/lab"))
    assert jail.join("/lab/node/data/ks", "../../../escape") == "/lab/escape"
    with pytest.raises(CallRefused, match="permission denied"):
        jail.join("/lab/node/data/ks", "../../../../escape")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{nope", "invalid character 'n' looking for beginning of object key string"),
        (b'{"a": x}', "invalid character 'x' looking for beginning of value"),
        (b'{"a": [1, ', "unexpected end of JSON input"),
        (b"[]", "json: cannot unmarshal value into Go value of type rc.Params"),
    ],
)
def test_bad_json_is_refused_in_gos_words(body: bytes, message: str) -> None:
    with pytest.raises(CallRefused) as refused:
        json_values(body)
    assert refused.value.message == f"read input JSON: {message}"


def test_parameters_of_the_wrong_type_are_refused() -> None:
    params = Params({"fs": 1, "jobid": "x", "paths": "p"})
    for read in (lambda: params.text("fs"), lambda: params.integer("jobid"), lambda: params.names("paths")):
        with pytest.raises(CallRefused):
            read()


def test_a_made_sstable_passes_the_check_of_a_load(tmp_path: Path) -> None:
    maker = SSTableMaker(seed=3, sstable_bytes=5000)
    made = maker.make(maker.uuid_id())
    for name, content in made.files():
        (tmp_path / name).write_bytes(content)
    (sstable,) = scan(name for name, _ in made.files()).complete
    assert check(tmp_path, sstable) == made.size == 5000


@pytest.mark.parametrize("size", [0, 400, 1000, 10_000, 3_000_000])
def test_made_sstables_have_the_size_that_was_asked_for(size: int) -> None:
    maker = SSTableMaker(seed=1, sstable_bytes=size)
    sizes = {maker.make(str(number)).size for number in range(20)}
    assert len(sizes) == 1
    assert sizes.pop() == max(size, 338)


def test_a_uuid_becomes_an_id_of_28_characters() -> None:
    # Taken from Scylla's own test data: 3gsm_0lob_1zdg02we44my8dy25w.
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    days, seconds, decimicros = int("3gsm", 36), int("0lob", 36), int("1zdg0", 36)
    node = sum(digits.index(digit) * 36**place for place, digit in enumerate(reversed("2we44my8dy25w")))
    ticks = (days * 86400 + seconds) * 10**7 + decimicros
    assert format_uuid_id(ticks, node) == "3gsm_0lob_1zdg02we44my8dy25w"


def test_names_are_grouped_into_sstables() -> None:
    found = scan(
        [
            "me-1-big-TOC.txt",
            "me-1-big-Data.db",
            "ks-t-ka-7-TOC.txt",
            "me-2-big-Data.db",
            "me-3-big-TOC.txt.tmp",
        ]
    )
    assert [sstable.name for sstable in found.complete] == ["ks-t-ka-7", "me-1-big"]
    assert found.orphans == ("me-2-big-Data.db",)
    assert [sstable.name for sstable in found.half_deleted] == ["me-3-big"]


@pytest.mark.parametrize("name", ["nb-1-big-Data.db", "Data.db", "me-1-Data.db"])
def test_names_that_scylla_does_not_know_are_refused(name: str) -> None:
    with pytest.raises(LoadFailure, match=name):
        scan([name])


def test_each_range_of_the_ring_has_three_replicas_in_different_places() -> None:
    ring = describe_ring(make_nodes(4))
    assert len(ring) == 4 * 8
    assert all(len(set(part.endpoints)) == 3 for part in ring)
    assert {part.end_token for part in ring} == {part.start_token for part in ring}


def test_a_fault_counts_only_requests_that_it_concerns(tmp_path: Path) -> None:
    board = FaultBoard(tmp_path)
    add_fault(tmp_path, Fault(kind="corrupt", times=1))
    copy, listing = "/agent/rclone/sync/copypaths", "/agent/rclone/operations/list"
    assert [list(board.strike("n", path, path)) for path in (listing, copy, copy)] == [[], ["corrupt"], []]


def test_faults_are_ended_by_what_they_match(tmp_path: Path) -> None:
    add_fault(tmp_path, Fault(kind="error", node="a"))
    add_fault(tmp_path, Fault(kind="slow", node="b"))
    assert clear_faults(tmp_path, node="a") == 1
    assert clear_faults(tmp_path, kind="error") == 0
    assert clear_faults(tmp_path) == 1


def test_a_certificate_is_kept_as_long_as_it_serves(tmp_path: Path) -> None:
    first = ensure_certificate(tmp_path, ("127.0.0.1", "localhost"))[0].read_bytes()
    assert ensure_certificate(tmp_path, ("127.0.0.1",))[0].read_bytes() == first
    other = ensure_certificate(tmp_path, ("127.0.0.9",))[0].read_bytes()
    assert fingerprint(other) != fingerprint(first)
    names = x509.load_pem_x509_certificate(other).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.9"]


def test_a_log_that_a_kill_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    line = b'{"at":"","node":"","method":"GET","path":"/","query":"","body":null,"status":200,"ms":1.0}\n'
    log.write_bytes(line * 2 + line[:20])
    assert len(read_requests(log)) == 2


def test_an_interrupted_wait_for_a_throttle_ends_at_once() -> None:
    interrupted = threading.Event()
    threading.Timer(0.01, interrupted.set).start()
    assert not Throttle().push(10**9, 1.0, interrupted)
