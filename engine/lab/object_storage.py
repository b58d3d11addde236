"""The object stores that a node's Scylla is configured to reach, as far as a restore asks."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from scylla_restore.engine.core.versions import release_of
from scylla_restore.engine.lab.remotes import Remote
from scylla_restore.engine.lab.state import (
    GcsSettings,
    LabRecord,
    NodeSpec,
    ObjectStorageEndpoint,
    S3Settings,
)

_GCS_URL = "https://storage.googleapis.com"
_GCS_DEFAULT_NAMES = ("default", "")
_FIRST_WITH_ENDPOINTS = (2025, 2)
_PORTS = {"http": 80, "https": 443}


class ObjectStorage:
    """The endpoints of one node, and what of the lab is behind them."""

    def __init__(self, node: NodeSpec, record: LabRecord, remotes: Mapping[str, Remote]) -> None:
        self.endpoints = endpoints_of(node, record)
        self._remotes: dict[str, Remote] = {}
        for provider, url in (("s3", _s3_url(record.s3)), ("gcs", _gcs_url(record.gcs))):
            if url is not None and provider in remotes:
                self._remotes[_normal(url)] = remotes[provider]

    def knows(self, name: str) -> bool:
        """Whether an endpoint is configured under this name."""
        return any(endpoint.name == name for endpoint in self.endpoints or ())

    def remote(self, name: str) -> Remote | None:
        """Return what answers at an endpoint, or None where nothing does."""
        for endpoint in self.endpoints or ():
            if endpoint.name == name:
                return self._remotes.get(_normal(_url(endpoint)))
        return None

    def configured(self) -> dict[str, str] | None:
        """Return the configuration entry: JSON texts by name. None: this Scylla is too old to know the entry."""
        if self.endpoints is None:
            return None
        return {
            endpoint.name: msgspec.json.encode(
                {name: value for name, value in endpoint.told().items() if name != "name"}
            ).decode()
            for endpoint in self.endpoints
        }


def endpoints_of(node: NodeSpec, record: LabRecord) -> Sequence[ObjectStorageEndpoint] | None:
    """Return the endpoints of a node: its own, else the lab's S3 and GCS. None: its version does not know of any."""
    release = release_of(node.scylla_version or record.scylla_version)
    if release is not None and release < _FIRST_WITH_ENDPOINTS:
        return None
    if node.object_storage_endpoints is not None:
        return node.object_storage_endpoints
    found = []
    s3, gcs = _s3_url(record.s3), _gcs_url(record.gcs)
    if record.s3 is not None and s3 is not None:
        found.append(ObjectStorageEndpoint(name=s3, type="s3", aws_region=record.s3.region))
    if gcs is not None:
        found.append(ObjectStorageEndpoint(name=gcs, type="gs"))
    return found


def _s3_url(settings: S3Settings | None) -> str | None:
    if settings is None:
        return None
    return settings.endpoint or f"https://s3.{settings.region}.amazonaws.com"


def _gcs_url(settings: GcsSettings | None) -> str | None:
    return None if settings is None else settings.endpoint or _GCS_URL


def _url(endpoint: ObjectStorageEndpoint) -> str:
    """Return where an endpoint is: entries of the older style have a host's name, and a port beside it."""
    if endpoint.type == "gs":
        return _GCS_URL if endpoint.name in _GCS_DEFAULT_NAMES else endpoint.name
    if endpoint.type:
        return endpoint.name
    return f"{'https' if endpoint.use_https else 'http'}://{endpoint.name}:{endpoint.port}"


def _normal(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"https://{url}")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 0)}"
