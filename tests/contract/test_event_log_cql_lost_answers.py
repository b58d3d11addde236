"""A write whose answer was lost is found done, and is not made twice."""

import threading
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import pytest
from tests.support.cassandra import PASSWORD, Cluster
from tests.support.cassandra_logs import Execute, OpenCqlLog, new_logs
from tests.support.event_logs import Writer, returned
from tests.support.lossy_proxy import LossyProxy

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.cql import CqlLog
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.reading import verify_run

pytestmark = pytest.mark.real


@pytest.fixture
def proxy(cassandra: Cluster) -> Iterator[LossyProxy]:
    proxy = LossyProxy(cassandra.addresses[0], cassandra.port)
    yield proxy
    proxy.close()


@pytest.fixture
def open_store(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[OpenCqlLog]:
    with new_logs(cassandra, cassandra_execute) as open_store:
        yield open_store


@pytest.fixture
def log(open_store: OpenCqlLog, proxy: LossyProxy) -> Iterator[CqlLog]:
    """A log behind the proxy; a bucket holds one group of five, and a record more."""
    address = msgspec.structs.replace(open_store().address, port=proxy.port)
    log = CqlLog(address, password=PASSWORD, request_timeout_s=30, limits=Limits(bucket_records=6))
    yield log
    log.close()


def until_answered(call: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(600):
        try:
            call()
        except LogUnavailable:
            pause.wait(0.05)
        else:
            return
    pytest.fail("it was never answered")


def test_an_append_that_went_down_unheard_is_not_repeated(
    log: CqlLog, open_store: OpenCqlLog, proxy: LossyProxy
) -> None:
    writer = Writer(log)
    before = writer.append_some(1)
    envelopes = writer.seal(returned(number) for number in range(5))
    with proxy.losing_answers(), pytest.raises(LogUnavailable):
        log.append(writer.claim, envelopes)
    assert proxy.lost > 0
    assert list(open_store().read("run-1")) == before + envelopes
    until_answered(lambda: log.append(writer.claim, envelopes))
    assert list(log.read("run-1")) == before + envelopes


def test_a_bucket_that_was_closed_unheard_is_followed_by_one_more(
    log: CqlLog, open_store: OpenCqlLog, proxy: LossyProxy
) -> None:
    writer = Writer(log)
    envelopes = writer.append_some(5)
    for _ in range(3):
        more = writer.seal(returned(number) for number in range(5))
        with proxy.losing_answers(), pytest.raises(LogUnavailable):
            log.append(writer.claim, more)
        until_answered(partial(log.append, writer.claim, more))
        envelopes += more
    assert list(open_store().read("run-1")) == envelopes
    assert verify_run(log, "run-1").ok


def test_a_claim_that_nobody_heard_of_lapses(log: CqlLog, open_store: OpenCqlLog, proxy: LossyProxy) -> None:
    claim = log.claim("run-1", "ann@host")
    log.release(claim)
    with proxy.losing_answers(), pytest.raises(LogUnavailable):
        log.claim("run-1", "ann@host")
    assert open_store().head("run-1").epoch in (1, 2)
    until_answered(lambda: log.head("run-1"))
    assert Writer(log, take_over=True).claim.epoch in (2, 3)


def test_the_owner_goes_on_when_its_connection_is_back(log: CqlLog, proxy: LossyProxy) -> None:
    writer = Writer(log)
    with proxy.losing_answers(), pytest.raises(LogUnavailable):
        log.keep(writer.claim)
    until_answered(lambda: log.keep(writer.claim))
    writer.append_some(1)
    assert log.head("run-1").seq == 1
