"""The log in three Cassandra nodes: made by several engines at one time, and written to while a node hangs."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import msgspec
import pytest
from tests.support.cassandra import Cassandras, new_keyspace
from tests.support.event_logs import Writer, returned

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.cql import CqlAddress, CqlLog, parse_address
from scylla_restore.events.log.reading import verify_run

pytestmark = [pytest.mark.real, pytest.mark.slow]

NODES = 3
T = TypeVar("T")


@pytest.fixture
def address(cassandras: Cassandras) -> CqlAddress:
    cluster, _ = cassandras
    return parse_address(cluster.url(new_keyspace()).removeprefix("cql://"))


def opened(address: CqlAddress, host: str) -> CqlLog:
    """A log that gets to know its cluster through one node."""
    return CqlLog(msgspec.structs.replace(address, hosts=(host,)), request_timeout_s=20)


def test_engines_that_come_through_different_nodes_make_one_log(address: CqlAddress) -> None:
    with ThreadPoolExecutor(NODES) as pool:
        logs = list(pool.map(partial(opened, address), address.hosts))
    for number, log in enumerate(logs):
        Writer(log, f"run-{number}").append_some(5)
    expected = [f"run-{number}" for number in range(NODES)]
    assert [log.runs() for log in logs] == [expected] * NODES
    assert all(verify_run(log, run).ok for log in logs for run in expected)
    for log in logs:
        log.close()


def test_writing_goes_on_while_a_node_hangs(cassandras: Cassandras, address: CqlAddress) -> None:
    _, nodes = cassandras
    CqlLog(address, request_timeout_s=20).close()
    log = CqlLog(address, request_timeout_s=5)
    writer = until_answered(lambda: Writer(log, take_over=True))
    envelopes = writer.seal([returned(0)])
    until_answered(lambda: log.append(writer.claim, envelopes))
    nodes[1].pause()
    try:
        for _ in range(5):
            group = writer.seal(returned(number) for number in range(10))
            until_answered(partial(log.append, writer.claim, group))
            envelopes += group
    finally:
        nodes[1].go_on()
    assert until_answered(lambda: list(log.read("run-1"))) == envelopes
    log.close()


def until_answered(call: Callable[[], T]) -> T:
    pause = threading.Event()
    for _ in range(300):
        try:
            return call()
        except LogUnavailable:
            pause.wait(0.2)
    pytest.fail("it was never answered")
