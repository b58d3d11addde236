"""The part of the node port that is about the schema."""

from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.network import SimPort


class ViewCalls(SimPort):
    """How far views are built, for ``SimGateway``."""

    _cluster: SimCluster

    def view_builds(self, keyspace: str, view: str) -> dict[str, str]:
        self._arrive("view_builds", scylla=True)
        return {} if self._cluster.schema is None else self._cluster.schema.builds(keyspace, view)

    def read_barrier(self) -> None:
        self._arrive("read_barrier", scylla=True)

    def _arrive(self, call: str, *, scylla: bool) -> None:
        raise NotImplementedError(call, scylla)
