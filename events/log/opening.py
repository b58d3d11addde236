"""The way from an address to a log. A new kind of store is one more entry of ``_OPENERS``."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from scylla_restore.events.errors import WrongAddress
from scylla_restore.events.log.cql import CqlLog, parse_address
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.sqlite import SQLiteLog

Password = Callable[[], str | None]
"""Asked only where one is needed; None where there is none."""


def open_log(url: str, *, create: bool = True, password: Password = lambda: None) -> EventLog:
    """Open the log at ``url``: ``sqlite:///<path>``, in which the path is taken as it stands, or ``cql://…``.

    Without ``create`` a log that is not there yet stays that way. ``password`` is that of the user in ``url``.

    Raises:
        WrongAddress: the address is none.
        UnusableLog: what lies there is no log, or nothing lies there and it was not to be made.
        LogUnavailable: the store does not answer.
    """
    scheme, separator, rest = url.partition("://")
    opener = _OPENERS.get(scheme)
    if opener is None or not separator:
        # Not the whole address: people put passwords into them.
        known = ", ".join(f"{name}://" for name in _OPENERS)
        raise WrongAddress(
            f"a log's address begins with one of {known}",
            hint="for example --log sqlite:////var/lib/restore/log.db",
        )
    return opener(rest, create, password)


def _open_sqlite(rest: str, create: bool, _password: Password) -> EventLog:
    path = rest.removeprefix("/")
    if path == rest or not path:
        raise WrongAddress(
            f"sqlite://{rest} names no file",
            hint="an absolute path is written with four slashes, sqlite:////var/lib/restore/log.db, "
            "a relative one with three",
        )
    return SQLiteLog(Path(path).expanduser(), create=create)


def _open_cql(rest: str, create: bool, password: Password) -> EventLog:
    address = parse_address(rest)
    secret = password() if address.user else None
    if address.user and secret is None:
        raise WrongAddress(
            f"there is no password for {address.user}, the user of the log {address}",
            hint='refer to it in the configuration file: [log] password = "file:PATH" or "env:NAME"',
        )
    return CqlLog(address, password=secret, create=create)


_OPENERS: Final[dict[str, Callable[[str, bool, Password], EventLog]]] = {
    "sqlite": _open_sqlite,
    "cql": _open_cql,
}
