"""What Alternator, or the SDK in front of it, says, in the words of the port."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from scylla_restore.engine.errors import (
    SchemaDenied,
    SchemaError,
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)

_CREATE: Final = "create_table"
_MISSING: Final = frozenset({"ResourceNotFoundException", "TableNotFoundException"})
_IN_USE: Final = frozenset({"ResourceInUseException"})
_EXISTS: Final = frozenset({"TableAlreadyExistsException"})
_LATER: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)
_DENIED: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
_ACCESS_HINT: Final = "access_key_id in [cluster.NAME.alternator] is a role's name, secret_access_key its salted_hash in system.roles"
_REACH_HINT: Final = "look whether the nodes serve Alternator there"
_TLS_HINT: Final = (
    "name the certificates' authority with tls_ca in [cluster.NAME.alternator], or set insecure = true there"
)


def alternator_error(error: Exception, *, operation: str, arguments: Mapping[str, object]) -> SchemaError:
    """Return the port's error for one of the SDK's.

    An exception that is not the SDK's is raised again: it is a defect of ours.
    """
    from botocore.exceptions import (  # noqa: PLC0415 - heavy; few clusters offer Alternator
        BotoCoreError,
        ClientError,
        ParamValidationError,
        SSLError,
    )
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    statement = f"{operation} {arguments.get('TableName', '')}".strip()
    if isinstance(error, ClientError):
        return _answered(error.response, operation, statement)
    said = f"alternator, {statement}: {' '.join(str(error).split())}"
    if isinstance(error, ParamValidationError):
        return SchemaRefused(said, statement=statement)
    if isinstance(error, SSLError):
        return SchemaDenied(said, statement=statement, hint=_TLS_HINT)
    if isinstance(error, BotoCoreError | ResponseParserError):
        return SchemaUnavailable(said, statement=statement, hint=_REACH_HINT)
    raise error


def _answered(response: Mapping[str, object], operation: str, statement: str) -> SchemaError:
    details, metadata = _mapping(response.get("Error")), _mapping(response.get("ResponseMetadata"))
    code, status = str(details.get("Code", "")), metadata.get("HTTPStatusCode")
    broken = isinstance(status, int) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    in_use = code in _IN_USE
    kinds: tuple[tuple[bool, type[SchemaError], str | None], ...] = (
        (code in _MISSING, SchemaObjectMissing, None),
        (code in _EXISTS or (in_use and operation == _CREATE), SchemaObjectExists, None),
        # An index of the table is being made or dropped.
        (code in _LATER or in_use or broken, SchemaUnavailable, None),
        (code in _DENIED, SchemaDenied, _ACCESS_HINT),
        (True, SchemaRefused, None),
    )
    kind, hint = next((kind, hint) for holds, kind, hint in kinds if holds)
    return kind(
        f"alternator, {statement}: {details.get('Message') or code} ({code})", statement=statement, hint=hint
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
