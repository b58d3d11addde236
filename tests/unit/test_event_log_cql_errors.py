"""What the driver's errors come to: ask again, or give up."""

import pytest
from cassandra import (
    AuthenticationFailed,
    ConsistencyLevel,
    InvalidRequest,
    OperationTimedOut,
    Unauthorized,
    Unavailable,
    WriteTimeout,
    WriteType,
)
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionShutdown

from scylla_restore.events.errors import LogError, LogUnavailable, UnusableLog
from scylla_restore.events.log.cql import parse_address
from scylla_restore.events.log.cql.driver import answering

ADDRESS = parse_address("ann@10.0.0.1/ks")


def outcome_of(error: Exception) -> LogError:
    with pytest.raises(LogError) as caught, answering(ADDRESS):
        raise error
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("2 needed", consistency=ConsistencyLevel.QUORUM, required_replicas=2, alive_replicas=1),
        WriteTimeout("too slow", write_type=WriteType.CAS, required_responses=2, received_responses=1),
        OperationTimedOut(),
        ConnectionShutdown("closed"),
        NoHostAvailable("none", {"10.0.0.1": OSError("refused")}),
        ConnectionResetError("reset"),
        InvalidRequest("Error from server: table records does not exist"),
        InvalidRequest("unconfigured table records"),
        InvalidRequest("Keyspace 'log' doesn't exist"),
    ],
)
def test_what_may_pass_is_worth_another_try(error: Exception) -> None:
    found = outcome_of(error)
    assert isinstance(found, LogUnavailable)
    assert "10.0.0.1:9042/ks" in str(found)


@pytest.mark.parametrize(
    "error",
    [
        Unauthorized("no MODIFY permission"),
        InvalidRequest("Undefined column name"),
        NoHostAvailable("none", {"10.0.0.1": AuthenticationFailed("bad credentials")}),
        NoHostAvailable("none", {"10.0.0.1": OSError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")}),
    ],
)
def test_what_stays_as_it_is_ends_the_matter(error: Exception) -> None:
    found = outcome_of(error)
    assert isinstance(found, UnusableLog)
    assert not found.retryable


def test_every_host_is_told_with_its_reason() -> None:
    found = outcome_of(NoHostAvailable("none", {"a": OSError("refused"), "b": OperationTimedOut()}))
    assert "a: refused" in str(found)
    assert "b: errors=" in str(found)
