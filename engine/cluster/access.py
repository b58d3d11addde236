"""The way into a cluster: which agents there are, how they are reached, and what is said to them."""

import threading
from collections.abc import Callable, Mapping
from contextlib import closing

import msgspec

from scylla_restore.engine.cluster.endpoint import Endpoint, RetryPolicy, Timeouts
from scylla_restore.engine.cluster.gateway import RestNodeGateway
from scylla_restore.engine.cluster.http import NodeClient
from scylla_restore.engine.cluster.tls import TlsSettings, Trust
from scylla_restore.engine.errors import ConfigurationError, NoContactPoint, NodeError, NotAuthorized
from scylla_restore.engine.secrets import Secret

DEFAULT_PORT = 10001


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``translate`` says where an agent is reached (``host[:port]``) that is not at its node's own address."""

    contact_points: tuple[str, ...]
    token: Secret
    port: int = DEFAULT_PORT
    translate: Mapping[str, str] = {}
    tls: TlsSettings = TlsSettings()
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy = RetryPolicy()


class ClusterAccess:
    """Makes gateways to the nodes of one cluster, which share what is believed about certificates."""

    def __init__(self, settings: AccessSettings, *, pause: Callable[[float], object] | None = None) -> None:
        """``pause`` lets seconds pass between two attempts of a call.

        Raises:
            ConfigurationError: the settings contradict themselves, or name files that cannot be read.
        """
        if not settings.contact_points:
            raise ConfigurationError(
                "no contact point of the cluster is given", hint="set `hosts` of the cluster, or pass --host"
            )
        self._settings = settings
        self._pause = pause
        self._trust = Trust(settings.tls)
        self._lock = threading.Lock()
        self._gateways: list[RestNodeGateway] = []
        self._closed = False
        for address in (*settings.contact_points, *settings.translate):
            self.endpoint(address)

    def endpoint(self, address: str) -> Endpoint:
        """Return where the agent of the node at ``address`` is reached."""
        return Endpoint.parse(
            self._settings.translate.get(address, address), default_port=self._settings.port
        )

    def gateway(self, address: str) -> RestNodeGateway:
        """Return a new gateway to the node at ``address``; no call is made. Whoever asks closes it."""
        return self._gateway(address, self._settings.retry)

    def first_answering(self) -> RestNodeGateway:
        """Return a gateway to the first contact point that answers, asking them in the order given.

        Raises:
            NodeError: none does; the first refusal, if there was one (a wrong token, a certificate), else
                ``NoContactPoint`` with what became of each.
        """
        failures: list[NodeError] = []
        for address in self._settings.contact_points:
            if sum(isinstance(failure, NotAuthorized) for failure in failures) > 1:
                break  # two nodes that do not take the token speak for all: each takes a second to say so
            # Asked once: the next contact point is a better second try than the same one.
            with closing(self._gateway(address, RetryPolicy(attempts=1))) as probe:
                try:
                    probe.cluster_name()
                except NodeError as error:
                    failures.append(error)
                else:
                    return self.gateway(address)
        raise _no_answer(failures)

    def close(self) -> None:
        """Close all gateways that are still open; calls under way end, and gateways made later make none."""
        with self._lock:
            self._closed = True
            gateways, self._gateways = self._gateways, []
        for gateway in gateways:
            gateway.close()

    def _gateway(self, address: str, retry: RetryPolicy) -> RestNodeGateway:
        settings = self._settings
        client = NodeClient(
            node=address,
            endpoint=self.endpoint(address),
            token=settings.token,
            trust=self._trust,
            timeouts=settings.timeouts,
            retry=retry,
            pause=self._pause,
        )
        gateway = RestNodeGateway(client, settings.timeouts)
        with self._lock:
            if self._closed:
                gateway.close()
            else:
                self._gateways = [known for known in self._gateways if not known.closed]
                self._gateways.append(gateway)
        return gateway


def _no_answer(failures: list[NodeError]) -> NodeError:
    said_no = next((failure for failure in failures if not failure.retryable), None)
    if said_no is not None:
        return said_no
    words = "; ".join(failure.message for failure in failures)
    return NoContactPoint(
        f"no contact point answers: {words}",
        node=failures[-1].node,
        call=failures[-1].call,
        hint="is scylla-manager-agent running there, and are `hosts` and `port` of the cluster right?",
    )
