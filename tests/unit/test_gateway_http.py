"""What happens between a call and its answer."""

import socket
import threading
import time
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.reached import NODE, TOKEN, reached
from tests.support.scripted_agent import Action, Hang, Received, Reply, Reset, Trickle, said

from scylla_restore.engine.cluster import http
from scylla_restore.engine.cluster.access import AccessSettings, ClusterAccess
from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.gateway import RestNodeGateway
from scylla_restore.engine.cluster.http import path_of
from scylla_restore.engine.cluster.tls import TlsSettings
from scylla_restore.engine.errors import (
    ConfigurationError,
    DirectoryMissing,
    JobUnknown,
    LoadBusy,
    NodeBusy,
    NodeError,
    NodeRefused,
    NodeUnreachable,
    NotAuthorized,
)
from scylla_restore.engine.secrets import Secret

PATIENCE_S = 60.0
COPY = {"source": "backup/sst", "destination": "ks/t-1/snapshots/s"}
TOO_SHORT = Reply(b'"pro', length=6)


def start_copy(gateway: RestNodeGateway) -> int:
    return gateway.start_copy(location="s3:b", names=("f",), transfers=None, bandwidth_rate=None, **COPY)


@pytest.mark.parametrize("trouble", [Reset(), TOO_SHORT, Reply(status=502), Reply(status=504)])
def test_a_question_is_repeated_until_it_is_answered(trouble: Action) -> None:
    with reached([trouble, trouble, trouble, said("prod")]) as (gateway, agent):
        assert gateway.cluster_name() == "prod"
    assert len(agent.requests) == 4


def test_pauses_grow_and_are_the_same_every_time() -> None:
    pauses: list[list[float]] = []
    for _ in range(2):
        seen: list[float] = []
        with reached([Reset()] * 4, pause=seen.append) as (gateway, _agent):
            with pytest.raises(NodeUnreachable):
                gateway.cluster_name()
            pauses.append(seen)
    assert pauses[0] == pauses[1]
    assert [round(pause * 2) for pause in pauses[0]] == [1, 2, 4]


@pytest.mark.parametrize(
    "alter",
    [
        start_copy,
        lambda gateway: gateway.start_copy_renamed(location="s3:b", **COPY),
        lambda gateway: gateway.load_and_stream("ks", "t"),
    ],
)
@pytest.mark.parametrize("trouble", [Reset(), Reply(status=502), said({"message": "later"}, status=503)])
def test_what_may_not_happen_twice_is_asked_for_once(
    alter: Callable[[RestNodeGateway], object], trouble: Action
) -> None:
    with reached([trouble]) as (gateway, agent):
        with pytest.raises(NodeError):
            alter(gateway)
        assert len(agent.requests) == 1


def test_an_answer_that_says_no_is_not_asked_for_again() -> None:
    with reached([said({"message": "Boom", "code": 500}, status=500)]) as (gateway, agent):
        with pytest.raises(NodeRefused, match="status 500: Boom") as caught:
            gateway.cluster_name()
        assert len(agent.requests) == 1
    assert (caught.value.node, caught.value.status) == (NODE, 500)
    assert caught.value.call == "GET /storage_service/cluster_name"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"message": "unauthorized", "code": 401}, NotAuthorized),
        (404, {"message": "directory not found", "path": "operations/list"}, DirectoryMissing),
        (404, {"message": "Not found", "status": 404}, NodeRefused),
        (404, {"message": "didn't find section in config file", "path": "operations/list"}, NodeRefused),
        (404, {"message": "job not found", "path": "job/progress"}, JobUnknown),
        (500, {"message": "job not found", "path": "job/progress"}, JobUnknown),
        (500, {"message": "Failed: Already loading SSTables. Try again later"}, LoadBusy),
        (500, {"message": "Autocompaction toggle is busy"}, NodeBusy),
        (503, {"message": "SlowDown", "path": "operations/list"}, NodeBusy),
        (502, {"message": "bad gateway", "path": "operations/list"}, NodeBusy),
        (500, "not JSON at all", NodeRefused),
    ],
)
def test_a_refusal_is_told_by_its_status_and_words(status: int, body: object, error: type[NodeError]) -> None:
    with reached([said(body, status=status)]) as (gateway, _agent):
        with pytest.raises(error) as caught:
            gateway.load_and_stream("ks", "t")
        assert type(caught.value) is error


def test_a_redirect_is_refused() -> None:
    away = Reply(status=302, headers={"Location": "https://elsewhere.example/"})
    with (
        reached([away]) as (gateway, _agent),
        pytest.raises(NodeRefused, match=r"redirects to 'https://elsewhere\.example/'"),
    ):
        gateway.cluster_name()


def test_an_answer_has_to_end() -> None:
    endless = Reply(b'"' + b"x" * (17 * 1024 * 1024) + b'"', chunked=True)
    with (
        reached([endless]) as (gateway, _agent),
        pytest.raises(NodeRefused, match="more than 16777216 bytes"),
    ):
        gateway.cluster_name()


def test_an_answer_of_another_kind_is_refused() -> None:
    with (
        reached([said({"cluster": "prod"})]) as (gateway, _agent),
        pytest.raises(NodeRefused, match="not understood"),
    ):
        gateway.cluster_name()


def test_silence_ends_with_the_timeout() -> None:
    with (
        reached([Hang()], timeouts=Timeouts(request_s=0.05), attempts=1) as (gateway, _agent),
        pytest.raises(NodeUnreachable, match="timed out"),
    ):
        gateway.cluster_name()


def test_an_answer_that_trickles_in_ends_with_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count(step=PATIENCE_S)
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: next(ticks), time=time.time))
    with (
        reached([Trickle()], timeouts=Timeouts(request_s=PATIENCE_S), attempts=1) as (gateway, _agent),
        pytest.raises(NodeUnreachable, match=r"not complete after 60 s"),
    ):
        gateway.cluster_name()


def test_an_agent_that_is_not_there_is_unreachable() -> None:
    with reached([]) as (gateway, agent):
        agent.stop()
        with pytest.raises(NodeUnreachable, match="connection refused"):
            gateway.cluster_name()


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_closing_ends_a_call_that_hangs(begin: bytes) -> None:
    failures: list[NodeError] = []

    def load(gateway: RestNodeGateway) -> None:
        try:
            gateway.load_and_stream("ks", "t")
        except NodeError as error:
            failures.append(error)

    with reached([Hang(then=begin)]) as (gateway, agent):
        caller = threading.Thread(target=load, args=(gateway,))
        caller.start()
        agent.asked.wait()
        gateway.close()
        caller.join()
    assert [type(failure) for failure in failures] == [NodeUnreachable]
    assert "closed by this side" in failures[0].message


def test_closing_ends_a_handshake_that_hangs() -> None:
    failures: list[NodeError] = []
    with socket.create_server(("127.0.0.1", 0)) as mute:
        access = ClusterAccess(
            AccessSettings(
                contact_points=("127.0.0.1",),
                token=Secret(TOKEN),
                port=mute.getsockname()[1],
                tls=TlsSettings(insecure=True),
                timeouts=Timeouts(connect_s=3600.0),
            )
        )
        caller = threading.Thread(target=lambda: failures.append(_failure_of(access)))
        caller.start()
        connection, _ = mute.accept()
        with connection:
            connection.recv(1)
            access.close()
            caller.join()
    assert "closed by this side" in failures[0].message


def _failure_of(access: ClusterAccess) -> NodeError:
    with pytest.raises(NodeUnreachable) as caught:
        access.gateway("127.0.0.1").cluster_name()
    return caught.value


def test_something_that_does_not_speak_tls_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        answering = threading.Thread(target=_answer_plainly, args=(plain,))
        answering.start()
        settings = AccessSettings(
            contact_points=("127.0.0.1",),
            token=Secret(TOKEN),
            port=plain.getsockname()[1],
            tls=TlsSettings(insecure=True),
        )
        with pytest.raises(NodeUnreachable, match="no TLS: "):
            ClusterAccess(settings).first_answering()
        answering.join()


def _answer_plainly(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_closing_ends_a_pause() -> None:
    paused = threading.Event()
    ended: list[BaseException] = []

    def refuse(_received: Received) -> Action:
        paused.set()
        return Reset()

    def ask(gateway: RestNodeGateway) -> None:
        try:
            gateway.cluster_name()
        except NodeError as error:
            ended.append(error)

    with reached(refuse, pause=None) as (gateway, _agent):
        caller = threading.Thread(target=ask, args=(gateway,))
        caller.start()
        paused.wait()
        gateway.close()
        caller.join()
    assert isinstance(ended[0], NodeUnreachable)


def test_a_closed_gateway_makes_no_calls() -> None:
    with reached([said("prod")]) as (gateway, agent):
        gateway.cluster_name()
        gateway.close()
        with pytest.raises(NodeUnreachable, match="closed by this side"):
            gateway.cluster_name()
        assert len(agent.requests) == 1


def test_connections_are_used_again() -> None:
    with reached(lambda _: said("prod")) as (gateway, agent):
        for _ in range(20):
            gateway.cluster_name()
        assert agent.connections == 1


def test_the_environment_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none.pem"))
    with reached([said("prod")]) as (gateway, agent):
        assert gateway.cluster_name() == "prod"
    assert agent.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "answer",
    [
        said({"message": f"no {TOKEN}"}, status=500),
        said({"message": TOKEN}, status=401),
        Reply(TOKEN.encode(), status=500),
    ],
)
def test_a_token_in_the_answer_is_not_repeated(answer: Action) -> None:
    with reached([answer]) as (gateway, _agent), pytest.raises(NodeRefused) as caught:
        gateway.cluster_name()
    assert TOKEN not in f"{caught.value} {caught.value!r} {caught.value.hint}"
    assert "***" in caught.value.message


@pytest.mark.parametrize("trouble", [Reset(), TOO_SHORT, said({"message": "no"}, status=401)])
def test_no_error_holds_on_to_the_token(trouble: Action) -> None:
    """A logger that shows variables in tracebacks would tell it."""
    with reached([trouble], attempts=1) as (gateway, _agent), pytest.raises(NodeError) as caught:
        gateway.cluster_name()
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert not [frame for frame in frames if TOKEN in repr(frame.f_locals)]
    assert caught.value.__context__ is None


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve"])
def test_a_token_that_cannot_be_sent_is_an_error_of_the_configuration(token: str) -> None:
    settings = AccessSettings(contact_points=(NODE,), token=Secret(token), tls=TlsSettings(insecure=True))
    with pytest.raises(ConfigurationError, match="auth_token"):
        ClusterAccess(settings).gateway(NODE)


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_path_leads_nowhere_else(segment: str) -> None:
    with pytest.raises(ValueError, match="not a part of a path"):
        path_of("column_family", segment)


def test_a_path_is_percent_encoded_but_for_the_colon() -> None:
    assert path_of("a b", "alternator_T:T:g", "x/y?z#") == "/a%20b/alternator_T:T:g/x%2Fy%3Fz%23"
