"""The log in Apache Cassandra keeps the contract."""

from collections.abc import Iterator

import pytest
from tests.contract.event_log import EventLogContract, OpenStore
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute, new_logs

from scylla_restore.events.log.cql.groups import Limits


@pytest.mark.real
class TestCqlLog(EventLogContract):
    @pytest.fixture
    def open_store(self, cassandra: Cluster, cassandra_execute: Execute) -> Iterator[OpenStore]:
        with new_logs(cassandra, cassandra_execute) as open_log:
            yield open_log


@pytest.mark.real
class TestCqlLogOfManyBuckets(EventLogContract):
    """A bucket is full after a few records, a row after two, and a page after one."""

    @pytest.fixture
    def open_store(self, cassandra: Cluster, cassandra_execute: Execute) -> Iterator[OpenStore]:
        limits = Limits(bucket_records=15, row_bytes=700, page_bytes=1)
        with new_logs(cassandra, cassandra_execute, limits) as open_log:
            yield open_log
