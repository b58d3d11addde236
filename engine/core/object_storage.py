"""Whether a node's agent and its Scylla are configured for the same object store.

Each has its own configuration, and nothing but the address tells that they mean the same. Scylla has two styles of
entries: the older one names a host, the newer one a URL.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

GOOGLE = "https://storage.googleapis.com"
_GOOGLE_IS_CALLED = ("", "default")
_ADDRESS = re.compile(r"(?:([a-z]+)://)?(\[[0-9a-f:.]+\]|[^:/?#\s]+)(?::(\d+))?/?", re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}
_TYPES = {"s3": ("", "s3"), "gcs": ("gs",)}
"""How Scylla's entries of a provider name their type; an older one for S3 names none."""
NATIVE_PROVIDERS = frozenset(_TYPES)


class AgentStore(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is configured with for a provider."""

    endpoint: str = ""
    region: str = ""


class ScyllaStore(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of Scylla's ``object_storage_endpoints``; ``port`` and ``use_https`` belong to the older style."""

    name: str
    type: str = ""
    port: int = 0
    use_https: bool = False


def native_endpoints(
    locations: Iterable[str], agent: Mapping[str, AgentStore], scylla: Iterable[ScyllaStore]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return Scylla's name of the store of each location (``<provider>:<bucket>``), and for the others why there is none.

    ``agent`` is by provider.
    """
    entries = tuple(scylla)
    found: dict[str, str] = {}
    refusals: dict[str, str] = {}
    for location in locations:
        provider = location.partition(":")[0]
        answer = _endpoint_of(provider, agent.get(provider), entries)
        if isinstance(answer, _Refusal):
            refusals[location] = answer.words
        else:
            found[location] = answer
    return found, refusals


class _Refusal(msgspec.Struct, frozen=True):
    words: str


def _endpoint_of(provider: str, agent: AgentStore | None, entries: tuple[ScyllaStore, ...]) -> str | _Refusal:
    if provider not in _TYPES:
        return _Refusal(f"Scylla restores from s3 and gcs only, not from {provider}")
    if not entries:
        return _Refusal("its Scylla has no object_storage_endpoints configured")
    address = "" if agent is None else _agent_address(provider, agent)
    wanted = _normal(address)
    if wanted is None:
        return _Refusal(f"its agent is configured with neither endpoint nor region for {provider}")
    known = [entry for entry in entries if entry.type in _TYPES[provider]]
    for entry in known:
        if _normal(_scylla_address(entry)) == wanted:
            return entry.name
    others = ", ".join(_scylla_address(entry) for entry in known) or f"no endpoint for {provider}"
    return _Refusal(f"its agent is configured for {address}, its Scylla for {others}")


def _agent_address(provider: str, agent: AgentStore) -> str:
    if agent.endpoint:
        return agent.endpoint
    if provider == "gcs":
        return GOOGLE
    return f"s3.{agent.region}.amazonaws.com" if agent.region else ""


def _scylla_address(entry: ScyllaStore) -> str:
    if entry.type == "gs":
        return GOOGLE if entry.name in _GOOGLE_IS_CALLED else entry.name
    if entry.type:
        return entry.name
    scheme = "https" if entry.use_https else "http"
    return f"{scheme}://{entry.name}:{entry.port}" if entry.port else f"{scheme}://{entry.name}"


def _normal(address: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port, or None where that is no address. HTTPS and its port go without saying."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    scheme = (match[1] or "https").lower()
    return scheme, match[2].lower(), int(match[3]) if match[3] else _PORTS.get(scheme, 0)
