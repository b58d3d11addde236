"""What a cluster's CQL, or the driver in front of it, says, in the words of the port.

Servers tell most refusals apart by their text alone; this is the only place where it is looked at.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from scylla_restore.engine.core.cql import presentable
from scylla_restore.engine.errors import (
    SchemaDenied,
    SchemaError,
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)

_LONGEST_WORDS: Final = 1000
_EXISTS: Final = re.compile(r"already exists|duplicate(?:s)? of existing", re.IGNORECASE)
_MISSING: Final = re.compile(
    r"does(?:n't| not) exist|unconfigured table|not found in|can't find a column family|non-?existing"
    r"|cannot find|no such (?:keyspace|table|index|view)|unknown keyspace",
    re.IGNORECASE,
)
_ACCESS_HINT: Final = "set user and password in [cluster.NAME.cql] of the configuration"
_REACH_HINT: Final = "look whether the nodes serve CQL there; hosts, port, tls_ca and tls_fingerprint can be set in [cluster.NAME.cql]"
_RIGHTS_HINT: Final = "grant the role ALTER, CREATE, DROP and SELECT on the restored keyspaces"
_BUSY_HINT: Final = "too few of its nodes are up, or they are overloaded"
_REFUSED_CODES: Final = (0x2000, 0x2500)
"""Codes of the protocol's errors that say no to the request itself: syntax, rights, configuration, and what exists."""
_SHOWN: Final = re.compile(r"; it is ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})")
"""A certificate's fingerprint, as ``cql_trust`` ends an error with it."""
_MESSAGE: Final = re.compile(r'message="(.*)"', re.DOTALL)


@contextmanager
def answering(statement: str, *, user: str | None) -> Iterator[None]:
    """Turn the driver's errors into the port's; ``statement`` is what was asked, ``user`` who asked.

    Raises:
        SchemaError: whatever the driver, or the server, said.
    """
    from cassandra import DriverException  # noqa: PLC0415 - loaded only by who does schema work
    from cassandra.cluster import NoHostAvailable  # noqa: PLC0415
    from cassandra.connection import ConnectionException  # noqa: PLC0415
    from cassandra.protocol import ErrorMessage  # noqa: PLC0415

    try:
        yield
    except (DriverException, NoHostAvailable, ErrorMessage, ConnectionException, OSError) as error:
        raise schema_error(error, statement=statement, user=user) from error


def schema_error(error: BaseException, *, statement: str, user: str | None) -> SchemaError:
    """Return the port's error for one of the driver's."""
    from cassandra import (  # noqa: PLC0415 - as above
        AlreadyExists,
        AuthenticationFailed,
        OperationTimedOut,
        RequestExecutionException,
        Unauthorized,
    )
    from cassandra.cluster import NoHostAvailable  # noqa: PLC0415
    from cassandra.protocol import ServerError  # noqa: PLC0415

    shown, who = presentable(statement), f"user {user}" if user else "anybody without a user"
    if isinstance(error, NoHostAvailable):
        return _no_host(error.errors, shown, who)
    said, asked = words_of(error), repr(_first_words(shown))
    kinds: tuple[tuple[bool, type[SchemaError], str, str | None], ...] = (
        (isinstance(error, AuthenticationFailed), SchemaDenied, f"CQL does not let {who} in", _ACCESS_HINT),
        (isinstance(error, Unauthorized), SchemaDenied, f"CQL forbids {who} {asked}", _RIGHTS_HINT),
        (isinstance(error, OperationTimedOut), SchemaUnavailable, f"no answer in time to {asked}", None),
        (
            isinstance(error, RequestExecutionException | ServerError),
            SchemaUnavailable,
            f"the cluster cannot do {asked} now",
            _BUSY_HINT,
        ),
        (
            isinstance(error, AlreadyExists) or (_is_refusal(error) and bool(_EXISTS.search(said))),
            SchemaObjectExists,
            f"the cluster refuses {asked}",
            None,
        ),
        (
            _is_refusal(error) and bool(_MISSING.search(said)),
            SchemaObjectMissing,
            f"the cluster refuses {asked}",
            None,
        ),
        (_is_refusal(error), SchemaRefused, f"the cluster refuses {asked}", None),
        (True, SchemaUnavailable, "CQL does not answer", _REACH_HINT),
    )
    kind, what, hint = next((kind, what, hint) for holds, kind, what, hint in kinds if holds)
    return kind(f"{what}: {said}", statement=shown, hint=hint)


def words_of(error: BaseException) -> str:
    """Return what was said, in one line: the server's own words where they are inside the driver's."""
    text = str(error)
    inner = _MESSAGE.search(text)
    return (" ".join((inner[1] if inner else text).split()) or type(error).__name__)[:_LONGEST_WORDS]


def _is_refusal(error: BaseException) -> bool:
    """Whether asking again would change nothing."""
    from cassandra import DriverException, UnsupportedOperation  # noqa: PLC0415 - as above
    from cassandra.protocol import ErrorMessage  # noqa: PLC0415

    if isinstance(error, UnsupportedOperation):
        return True
    if isinstance(error, ErrorMessage):
        first, last = _REFUSED_CODES
        return isinstance(error.code, int) and first <= error.code <= last
    # What the driver makes of a server's refusal; its other exceptions are about connections.
    return isinstance(error, DriverException) and "Error from server" in str(error)


def _no_host(errors: object, shown: str, who: str) -> SchemaError:
    """Return what it comes to that no node could be asked; ``errors`` are by node, as the driver tells them."""
    from cassandra import AuthenticationFailed  # noqa: PLC0415 - as above

    by_host: Mapping[object, BaseException] = errors if isinstance(errors, dict) else {}
    told = "; ".join(sorted({f"{host}: {words_of(each)}" for host, each in by_host.items()}))
    for each in by_host.values():
        if isinstance(each, AuthenticationFailed):
            return SchemaDenied(f"CQL does not let {who} in: {told}", statement=shown, hint=_ACCESS_HINT)
    if "CERTIFICATE_VERIFY_FAILED" in told:
        shown_one = _SHOWN.search(told)
        pin = f'"{shown_one[1]}"' if shown_one else '"SHA256"'
        hint = (
            "in [cluster.NAME.cql] give a file with the nodes' certificates, or with their authority (tls_ca; with tls_names = "
            f"false where they do not name the nodes' addresses), or pin this one if you know it to be the node's "
            f"(tls_fingerprint = {pin}), or check nothing (insecure = true)"
        )
        return SchemaDenied(
            f"CQL shows a certificate that is not trusted: {told}", statement=shown, hint=hint
        )
    return SchemaUnavailable(
        f"no node answers to CQL{': ' + told if told else ''}", statement=shown, hint=_REACH_HINT
    )


def _first_words(shown: str) -> str:
    """Return as much of a statement as tells which one it is."""
    return shown if len(shown) <= 100 else shown[:100] + "…"  # noqa: PLR2004 - about a line
