"""Scylla's native restore as its REST API has it."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from scylla_restore.engine.lab.answers import Answer, scylla_error, scylla_json
from scylla_restore.engine.lab.faults import FaultKind
from scylla_restore.engine.lab.native import NativeRequest, NativeRestores
from scylla_restore.engine.lab.native_source import NativeSource
from scylla_restore.engine.lab.object_storage import ObjectStorage
from scylla_restore.engine.lab.state import Table

PATH = "/storage_service/restore"
_MANDATORY = ("endpoint", "bucket", "prefix", "keyspace", "table")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SCOPES = ("all", "dc", "rack", "node")


class NativeApi:
    """What a node's Scylla answers about its object stores, and the tasks that read from them."""

    def __init__(self, restores: NativeRestores, storage: ObjectStorage) -> None:
        self.restores = restores
        self.storage = storage

    def begin(
        self, table: Table, query: Mapping[str, str], body: bytes, hits: frozenset[FaultKind]
    ) -> Answer:
        """Begin a native restore into ``table`` and answer with the id of its task; ``hits`` are faults."""
        endpoint, scope = query["endpoint"], query.get("scope", "all")
        primary_only = _BOOLEANS.get(query.get("primary_replica_only", "false").lower())
        if not self.storage.knows(endpoint):
            return scylla_error(HTTPStatus.BAD_REQUEST, f"endpoint {endpoint} not found")
        if scope not in _SCOPES:
            return scylla_error(HTTPStatus.BAD_REQUEST, f"invalid scope parameter value: {scope}")
        if primary_only is None:
            return scylla_error(HTTPStatus.BAD_REQUEST, "Parameter primary_replica_only is not a bool")
        try:
            names = msgspec.json.decode(body, type=tuple[str, ...])
        except msgspec.DecodeError:
            return scylla_error(HTTPStatus.BAD_REQUEST, "malformatted sstables in body")
        remote = self.storage.remote(endpoint)
        if remote is None:
            return scylla_error(HTTPStatus.INTERNAL_SERVER_ERROR, f"cannot connect to {endpoint}")
        source = NativeSource(
            remote=remote, bucket=query["bucket"], prefix=query["prefix"], corrupt="corrupt" in hits
        )
        request = NativeRequest(
            source=source,
            names=names,
            scope=scope,
            primary_replica_only=primary_only,
            slow="slow" in hits,
            fails="failed-restore" in hits,
        )
        return scylla_json(self.restores.begin(table, request))


def missing_parameter(query: Mapping[str, str]) -> Answer | None:
    """Refuse a request that does not say what is to be restored."""
    for name in _MANDATORY:
        if name not in query:
            return scylla_error(HTTPStatus.BAD_REQUEST, f"Missing mandatory parameter '{name}'")
    return None
