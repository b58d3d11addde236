"""A gateway to a scripted agent."""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from tests.support.certificates import Identity, make_identity
from tests.support.scripted_agent import Action, Script, ScriptedAgent, in_turn

from scylla_restore.engine.cluster.access import AccessSettings, ClusterAccess
from scylla_restore.engine.cluster.endpoint import RetryPolicy, Timeouts
from scylla_restore.engine.cluster.gateway import RestNodeGateway
from scylla_restore.engine.cluster.tls import TlsSettings
from scylla_restore.engine.secrets import Secret

TOKEN = "the-token-of-the-agents"
NODE = "10.0.0.5"


@contextmanager
def reached(
    script: Script | Iterable[Action],
    *,
    timeouts: Timeouts | None = None,
    pause: Callable[[float], object] | None = lambda _: None,
    attempts: int = 4,
) -> Iterator[tuple[RestNodeGateway, ScriptedAgent]]:
    """Yield a gateway to the node 10.0.0.5, whose agent follows ``script``; certificates do not matter here."""
    with ScriptedAgent(script if callable(script) else in_turn(script), _identity()) as agent:
        access = ClusterAccess(
            AccessSettings(
                contact_points=(NODE,),
                token=Secret(TOKEN),
                translate={NODE: f"{agent.host}:{agent.port}"},
                tls=TlsSettings(insecure=True),
                timeouts=timeouts or Timeouts(),
                retry=RetryPolicy(attempts=attempts),
            ),
            pause=pause,
        )
        try:
            yield access.gateway(NODE), agent
        finally:
            access.close()


@functools.cache
def _identity() -> Identity:
    return make_identity()
