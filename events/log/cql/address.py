"""A log's address in Scylla or Cassandra: ``cql://[user@]host[:port][,host…]/keyspace[?option=…&option=…]``.

Options are

* ``dc``           the data center whose nodes are asked first
* ``consistency``  ``quorum`` (default), or ``local_quorum`` where the keyspace lives in one data center
* ``tls``          ``off`` (default), ``on`` (the system's authorities), or a PEM file of authorities
* ``tls_names``    ``off``: a certificate need not name the node's address
* ``tables``       the keyspace of Scylla Manager's tables, as projected, if that is not the log's: Scylla Manager's own,
                   where that is wanted
"""

import re
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, unquote

import msgspec

from scylla_restore.events.errors import WrongAddress

DEFAULT_PORT: Final = 9042

_KEYSPACE: Final = re.compile(r"[A-Za-z0-9_]{1,48}")
_HOST: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.%]+)\]|(?P<name>[^\s:\[\]@/]+))(?::(?P<port>\d{1,5}))?")
_EXAMPLE: Final = "for example --log cql://restore@10.0.0.1,10.0.0.2:9042/scylla_restore?dc=dc1"
_LAST_PORT: Final = 65535


class Consistency(StrEnum):
    """How many replicas have to take part, and in which data centers."""

    QUORUM = "quorum"
    LOCAL_QUORUM = "local_quorum"


class CqlAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log is. ``tls`` is ``off``, ``on``, or the path of a PEM file."""

    hosts: tuple[str, ...]
    port: int = DEFAULT_PORT
    keyspace: str
    user: str | None = None
    dc: str | None = None
    consistency: Consistency = Consistency.QUORUM
    tls: str = "off"
    tls_names: bool = True
    tables: str | None = None

    def __str__(self) -> str:
        return f"{','.join(self.hosts)}:{self.port}/{self.keyspace}"


def parse_address(rest: str) -> CqlAddress:
    """Return what ``cql://<rest>`` says.

    Raises:
        WrongAddress: it cannot be understood, or carries a password.
    """
    place, _, query = rest.partition("?")
    authority, _, keyspace = place.partition("/")
    user, separator, hosts = authority.rpartition("@")
    if ":" in user:
        # Not repeated here: it ends in logs and terminals.
        raise WrongAddress(
            "the log's address carries a password",
            hint="write only the user into it, and `password` into [log] of the configuration file",
        )
    if not _KEYSPACE.fullmatch(keyspace):
        raise WrongAddress(
            f"the log's address names no keyspace, or not a possible one: {keyspace!r}", hint=_EXAMPLE
        )
    names, port = _hosts(hosts)
    options = _options(query)
    return CqlAddress(
        hosts=names,
        port=port,
        keyspace=keyspace,
        user=unquote(user) if separator else None,
        dc=options.get("dc"),
        consistency=Consistency(options.get("consistency", Consistency.QUORUM)),
        tls=options.get("tls", "off"),
        tls_names=options.get("tls_names", "on") == "on",
        tables=options.get("tables"),
    )


def _hosts(text: str) -> tuple[tuple[str, ...], int]:
    names: list[str] = []
    ports: set[int] = set()
    for each in text.split(","):
        found = _HOST.fullmatch(each)
        if found is None:
            raise WrongAddress(f"the log's address has no possible host: {each!r}", hint=_EXAMPLE)
        names.append(found["ipv6"] or found["name"])
        if found["port"] is not None:
            ports.add(int(found["port"]))
    if len(ports) > 1 or any(not 0 < port <= _LAST_PORT for port in ports):
        raise WrongAddress(
            "the log's address has several ports, or an impossible one", hint="all nodes have one port"
        )
    return tuple(names), next(iter(ports), DEFAULT_PORT)


_CHOICES: Final = {
    "consistency": {str(each) for each in Consistency},
    "tls_names": {"on", "off"},
}
_OPTIONS: Final = {"dc", "tables", "tls", *_CHOICES}


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError as error:
        raise WrongAddress(f"the options of the log's address cannot be read: {error}") from error
    options = dict(pairs)
    for name, value in options.items():
        if name not in _OPTIONS:
            raise WrongAddress(
                f"the log's address has an unknown option: {name}",
                hint=f"there are {', '.join(sorted(_OPTIONS))}",
            )
        if name == "tables" and not _KEYSPACE.fullmatch(value):
            raise WrongAddress(f"the log's address has an impossible keyspace for tables: {value!r}")
        if not value or value not in _CHOICES.get(name, {value}):
            choices = ", ".join(sorted(_CHOICES.get(name, ())))
            raise WrongAddress(
                f"the log's address has an impossible {name}: {value!r}",
                hint=f"it is one of {choices}" if choices else None,
            )
    return options
