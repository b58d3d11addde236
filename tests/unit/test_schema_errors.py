"""What servers and drivers say, in the engine's words."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, SSLError
from cassandra import (
    AlreadyExists,
    AuthenticationFailed,
    InvalidRequest,
    OperationTimedOut,
    ReadTimeout,
    Unauthorized,
)
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionException
from cassandra.protocol import ConfigurationException, ServerError, SyntaxException

from scylla_restore.engine.errors import (
    SchemaDenied,
    SchemaError,
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)
from scylla_restore.engine.schema.alternator_errors import alternator_error
from scylla_restore.engine.schema.cql_errors import schema_error


def invalid(words: str) -> InvalidRequest:
    return InvalidRequest(f'Error from server: code=2200 [Invalid query] message="{words}"')


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoHostAvailable("", {"a": ConnectionException("refused")}), SchemaUnavailable),
        (NoHostAvailable("", {"a": AuthenticationFailed("bad")}), SchemaDenied),
        (NoHostAvailable("", {"a": OSError("[SSL: CERTIFICATE_VERIFY_FAILED] no")}), SchemaDenied),
        (NoHostAvailable("", []), SchemaUnavailable),
        (AuthenticationFailed("bad"), SchemaDenied),
        (Unauthorized("no ALTER permission"), SchemaDenied),
        (OperationTimedOut(), SchemaUnavailable),
        (ReadTimeout("too slow"), SchemaUnavailable),
        (ServerError(0, "java.lang.RuntimeException", None), SchemaUnavailable),
        (ConnectionException("closed"), SchemaUnavailable),
        (OSError("no route to host"), SchemaUnavailable),
        (AlreadyExists(keyspace="ks", table="t"), SchemaObjectExists),
        (invalid("Index i already exists"), SchemaObjectExists),
        (invalid("Index i is a duplicate of existing index j"), SchemaObjectExists),
        (invalid("unconfigured table t"), SchemaObjectMissing),
        (invalid("Keyspace 'x' doesn't exist"), SchemaObjectMissing),
        (invalid("keyspace x does not exist"), SchemaObjectMissing),
        (ConfigurationException(0x2300, "Cannot find table t", None), SchemaObjectMissing),
        (invalid("Materialized view 'v' not found in 'ks'"), SchemaObjectMissing),
        (invalid("Unknown column v"), SchemaRefused),
        (SyntaxException(0x2000, "line 1", None), SchemaRefused),
    ],
)
def test_what_cql_says_is_one_of_the_engines_errors(error: Exception, kind: type[SchemaError]) -> None:
    told = schema_error(error, statement="ALTER TABLE ks.t WITH x = 1", user="restore")
    assert type(told) is kind
    assert told.statement == "ALTER TABLE ks.t WITH x = 1"
    assert told.retryable == (kind is SchemaUnavailable)


def test_who_was_denied_is_told_and_what_was_asked_has_no_secret() -> None:
    told = schema_error(Unauthorized("no"), statement="ALTER ROLE r WITH PASSWORD = 'secret'", user="restore")
    assert "restore" in told.message
    assert "secret" not in told.message + told.statement


def test_a_long_statement_is_not_all_of_a_message() -> None:
    told = schema_error(OperationTimedOut(), statement="CREATE TABLE t " + "x" * 5000, user=None)
    assert len(told.message) < 500


def answered(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "UpdateTable")  # type: ignore[arg-type]  # all that the SDK itself has of an error


@pytest.mark.parametrize(
    ("error", "operation", "kind"),
    [
        (answered("ResourceNotFoundException"), "describe_table", SchemaObjectMissing),
        (answered("ResourceInUseException"), "create_table", SchemaObjectExists),
        (answered("ResourceInUseException"), "update_table", SchemaUnavailable),
        (answered("LimitExceededException"), "update_table", SchemaUnavailable),
        (answered("SomethingNew", 503), "update_table", SchemaUnavailable),
        (answered("UnrecognizedClientException"), "list_tables", SchemaDenied),
        (answered("AccessDeniedException"), "delete_table", SchemaDenied),
        (answered("ValidationException"), "update_table", SchemaRefused),
        (EndpointConnectionError(endpoint_url="http://x"), "list_tables", SchemaUnavailable),
        (SSLError(endpoint_url="https://x", error=OSError()), "list_tables", SchemaDenied),
        (ParamValidationError(report="no"), "create_table", SchemaRefused),
    ],
)
def test_what_alternator_says_is_one_of_the_engines_errors(
    error: Exception, operation: str, kind: type[SchemaError]
) -> None:
    told = alternator_error(error, operation=operation, arguments={"TableName": "orders"})
    assert type(told) is kind
    assert told.statement == f"{operation} orders"


def test_a_defect_is_no_answer_of_alternator() -> None:
    with pytest.raises(ZeroDivisionError):
        alternator_error(ZeroDivisionError(), operation="list_tables", arguments={})


@pytest.mark.parametrize(
    ("shown", "pin"),
    [(f"; it is {':'.join(['AB'] * 32)}", f'"{":".join(["AB"] * 32)}"'), ("", '"SHA256"')],
)
def test_who_meets_an_unknown_certificate_is_told_the_ways_out(shown: str, pin: str) -> None:
    error = NoHostAvailable("", {"a": OSError(f"[SSL: CERTIFICATE_VERIFY_FAILED] self-signed{shown}")})
    hint = schema_error(error, statement="SELECT", user="restore").hint
    assert hint is not None
    assert f"tls_fingerprint = {pin}" in hint
    assert "tls_ca" in hint
    assert "insecure = true" in hint
