"""The agent's own REST API: what it tells of its node, and the CPUs that it runs on."""

from typing import Final

import msgspec

from scylla_restore.engine.cluster.calls import Calls, decoder, nothing
from scylla_restore.engine.core.client_services import ClientServices
from scylla_restore.engine.core.object_storage import AgentStore

_INFO: Final = "/agent/node_info"
_PINNING: Final = "/agent/pin_cpu"


class StoreEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of Scylla's configuration as an agent passes it on: what is empty is left out."""

    name: str = ""
    type: str = ""
    port: int = 0
    use_https: bool = False


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine wants of ``node_info``."""

    agent_version: str = ""
    scylla_version: str = ""
    rclone_backend_config: dict[str, AgentStore] | None = None
    object_storage_endpoints: dict[str, StoreEntry] | None = None


class _Pinning(msgspec.Struct, frozen=True):
    cpu: tuple[int, ...] = ()


class AgentApi:
    """One method a call."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def node_info(self) -> AgentInfo:
        """GET /agent/node_info."""
        return self._calls.get(_INFO, decoder(AgentInfo))

    def client_services(self, address: str) -> ClientServices:
        """GET /agent/node_info: where the node at ``address`` serves CQL and Alternator."""
        told = self._calls.get(_INFO, decoder(ClientServices))
        return msgspec.structs.replace(told, address=address)

    def pinned_cpus(self) -> tuple[int, ...]:
        """GET /agent/pin_cpu: the CPUs that the agent runs on."""
        return self._calls.get(_PINNING, decoder(_Pinning)).cpu

    def pin_cpu(self) -> None:
        """POST /agent/pin_cpu: pin the agent to its CPUs again."""
        self._calls.send("POST", _PINNING, nothing)

    def unpin_cpu(self) -> None:
        """DELETE /agent/pin_cpu: let the agent use all CPUs."""
        self._calls.send("DELETE", _PINNING, nothing)
