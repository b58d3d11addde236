"""The way into a cluster."""

import pytest
from tests.support.certificates import make_identity
from tests.support.scripted_agent import Action, Reset, ScriptedAgent, in_turn, said

from scylla_restore.engine.cluster.access import AccessSettings, ClusterAccess
from scylla_restore.engine.cluster.endpoint import Endpoint, RetryPolicy
from scylla_restore.engine.cluster.tls import TlsSettings
from scylla_restore.engine.errors import ConfigurationError, NodeUnreachable, NotAuthorized
from scylla_restore.engine.secrets import Secret


def access_to(*agents: ScriptedAgent) -> ClusterAccess:
    """Reach them as 10.0.0.0, 10.0.0.1, …"""
    nodes = {f"10.0.0.{number}": f"{agent.host}:{agent.port}" for number, agent in enumerate(agents)}
    return ClusterAccess(
        AccessSettings(
            contact_points=tuple(nodes),
            token=Secret("token"),
            translate=nodes,
            tls=TlsSettings(insecure=True),
        ),
        pause=lambda _: None,
    )


def scripted(*actions: Action) -> ScriptedAgent:
    return ScriptedAgent(in_turn(actions), make_identity())


def test_the_first_contact_point_that_answers_is_taken() -> None:
    with scripted(Reset()) as first, scripted(said("prod")) as second, scripted(said("prod")) as third:
        access = access_to(first, second, third)
        assert access.first_answering().address == "10.0.0.1"
        access.close()
    assert [len(agent.requests) for agent in (first, second, third)] == [1, 1, 0]


def test_a_wrong_token_is_told_rather_than_a_node_that_is_away() -> None:
    refusal = said({"message": "unauthorized", "code": 401}, status=401)
    with scripted(Reset()) as first, scripted(refusal) as second, pytest.raises(NotAuthorized) as caught:
        access_to(first, second).first_answering()
    assert "auth_token" in (caught.value.hint or "")


def test_two_nodes_that_do_not_take_the_token_are_enough() -> None:
    refusal = said({"message": "unauthorized", "code": 401}, status=401)
    with scripted(refusal) as first, scripted(refusal) as second, scripted(refusal) as third:
        with pytest.raises(NotAuthorized):
            access_to(first, second, third).first_answering()
        assert third.requests == []


def test_when_nobody_answers_the_error_tells_of_each() -> None:
    with scripted(Reset()) as first, scripted(Reset()) as second, pytest.raises(NodeUnreachable) as caught:
        access_to(first, second).first_answering()
    assert "10.0.0.0" in caught.value.message
    assert "10.0.0.1" in caught.value.message


def test_closing_closes_every_gateway() -> None:
    with scripted(said("prod"), said("prod")) as agent:
        access = access_to(agent)
        gateway = access.gateway("10.0.0.0")
        assert gateway.cluster_name() == "prod"
        access.close()
        for unusable in (gateway, access.gateway("10.0.0.0")):
            with pytest.raises(NodeUnreachable, match="closed by this side"):
                unusable.cluster_name()
        assert len(agent.requests) == 1


def test_a_gateway_that_nobody_closed_is_closed_in_the_end() -> None:
    with scripted(said("prod")) as agent:
        access = access_to(agent)
        access.gateway("10.0.0.0").cluster_name()
        assert not agent.left.is_set()
        access.close()
        assert agent.left.wait(10)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.5", "10.0.0.5", 10001),
        ("localhost:11001", "localhost", 11001),
        ("[fd00::5]:11001", "fd00::5", 11001),
        ("[fd00::5]", "fd00::5", 10001),
        ("fd00::5", "fd00::5", 10001),
    ],
)
def test_an_address_may_have_a_port(text: str, host: str, port: int) -> None:
    assert Endpoint.parse(text, default_port=10001) == Endpoint(host, port)


@pytest.mark.parametrize(
    "text", ["", ":1", "host:", "host:0", "host:65536", "a b", "https://h", "[::1", "[::1]x"]
)
def test_what_is_no_address_is_an_error_of_the_configuration(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Endpoint.parse(text, default_port=10001)


def test_without_contact_points_there_is_no_way_in() -> None:
    with pytest.raises(ConfigurationError, match="no contact point"):
        ClusterAccess(AccessSettings(contact_points=(), token=Secret("token")))


def test_delays_double_up_to_a_limit() -> None:
    policy = RetryPolicy(first_delay_s=1.0, longest_delay_s=4.0, spread=0.0)
    assert [policy.delay_s(attempt=attempt, seed="n1") for attempt in range(1, 6)] == [1, 2, 4, 4, 4]


def test_delays_of_two_nodes_differ_within_the_spread() -> None:
    policy = RetryPolicy(first_delay_s=1.0, spread=0.2)
    delays = {policy.delay_s(attempt=1, seed=f"n{number}") for number in range(100)}
    assert len(delays) == 100
    assert 0.8 <= min(delays) < 0.9
    assert 1.1 < max(delays) < 1.2
