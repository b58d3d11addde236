"""A Cassandra node's management: MBeans by Jolokia."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
import requests

from scylla_restore.engine.lab.side import SideFailure

T = TypeVar("T")
STORAGE = "org.apache.cassandra.db:type=StorageService"
_TIMEOUT_S = 60.0
_OK = 200


class _Told(msgspec.Struct, frozen=True):
    """Jolokia's own answer around a value."""

    status: int
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


class Jolokia:
    """Calls one node. Safe to use from several threads; methods raise ``SideFailure``."""

    def __init__(self, url: str) -> None:
        self.url = url

    def read(self, mbean: str, attribute: str, kind: type[T]) -> T:
        """Return an attribute."""
        return self._call({"type": "read", "mbean": mbean, "attribute": attribute}, kind, _TIMEOUT_S)

    def read_all(self, pattern: str, attribute: str) -> dict[str, dict[str, object]]:
        """Return what each MBean of a pattern has, by names; one that is gone meanwhile has words of its error."""
        call = {"type": "read", "mbean": pattern, "attribute": [attribute], "config": {"ignoreErrors": True}}
        return self._call(call, dict[str, dict[str, object]], _TIMEOUT_S)

    def search(self, pattern: str) -> list[str]:
        """Return the names of the MBeans of a pattern."""
        return self._call({"type": "search", "mbean": pattern}, list[str], _TIMEOUT_S)

    def execute(
        self,
        operation: str,
        *arguments: object,
        kind: type[T],
        mbean: str = STORAGE,
        timeout_s: float = _TIMEOUT_S,
    ) -> T:
        """Execute an operation and return what it returns."""
        call = {"type": "exec", "mbean": mbean, "operation": operation, "arguments": arguments}
        return self._call(call, kind, timeout_s)

    def _call(self, call: Mapping[str, object], kind: type[T], timeout_s: float) -> T:
        try:
            with requests.Session() as session:
                # A proxy of the environment is not for this machine's own addresses.
                session.trust_env = False
                answer = session.post(self.url, data=msgspec.json.encode(call), timeout=timeout_s)
            told = msgspec.json.decode(answer.content, type=_Told)
            if told.status == _OK:
                return msgspec.json.decode(told.value, type=kind)
        except requests.RequestException as error:
            raise SideFailure(f"Cassandra is not reached at {self.url}: {error}") from None
        except msgspec.DecodeError as error:
            raise SideFailure(f"Cassandra at {self.url} answers something else: {error}") from None
        raise SideFailure(told.error.rpartition("Exception : ")[2] or f"status {told.status}")
