"""One node of a lab: an agent, and Scylla behind it."""

import hmac
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import msgspec

from scylla_restore.engine.lab import native_api
from scylla_restore.engine.lab.agent import VERSION, Agent, AgentSetup
from scylla_restore.engine.lab.answers import UNAUTHORIZED, Answer, Request, agent_json
from scylla_restore.engine.lab.cluster import Cluster
from scylla_restore.engine.lab.faults import Fault, FaultBoard, FaultKind
from scylla_restore.engine.lab.load import Loader
from scylla_restore.engine.lab.native import NativeRestores, NativeSetup
from scylla_restore.engine.lab.node_info import node_info
from scylla_restore.engine.lab.object_storage import ObjectStorage
from scylla_restore.engine.lab.rclone import PREFIX, answer_rclone, refusal
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.request_log import RequestLog, ServedRequest, loggable, timestamp
from scylla_restore.engine.lab.scylla import ScyllaApi
from scylla_restore.engine.lab.server import CutAnswer, HttpsServer, NoAnswer
from scylla_restore.engine.lab.side import ScyllaSide
from scylla_restore.engine.lab.state import NodeSpec, Speeds


class NodeParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a node is made of."""

    spec: NodeSpec
    setup: AgentSetup
    cluster: Cluster
    side: ScyllaSide
    storage: ObjectStorage
    native_directory: Path
    data: Path
    token: str
    log: RequestLog
    faults: FaultBoard
    speeds: Speeds


class Node:
    """A node that serves; made listening, serves from ``start`` to ``stop``."""

    def __init__(self, parts: NodeParts, host: str, port: int, context: ssl.SSLContext) -> None:
        self.parts = parts
        self.spec = parts.spec
        self._lock = threading.Lock()
        self._agent = Agent(parts.setup, int(time.time()))
        self._loader, self._natives, self._scylla = self._start_scylla()
        self.server = HttpsServer(host, port, context, self._answer_and_log)

    def start(self) -> None:
        """Serve."""
        self.server.start()

    def stop(self) -> None:
        """Kill agent and Scylla."""
        self.server.stop()
        self._agent.die()
        self._loader.stop()
        self._natives.stop()

    def restart_agent(self, *, reuse_job_ids: bool = False) -> None:
        """Restart the agent: connections are cut, jobs die and are forgotten, what they wrote stays.

        New job ids are larger than the old ones, as they nearly always are in life; ``reuse_job_ids`` begins
        with the same id again, as happens where more jobs than seconds have passed.
        """
        with self._lock:
            old = self._agent
            first = old.first_job if reuse_job_ids else max(int(time.time()), old.jobs.next_id + 1)
            self._agent = Agent(self.parts.setup, first)
        old.die()
        self.server.drop_connections()

    def restart_scylla(self) -> None:
        """Restart Scylla: loads, repairs and tasks under way are cut, ended tasks forgotten, compaction is on again."""
        self.parts.cluster.repairs.restart(self.spec.address)
        loader, natives = self._loader, self._natives
        self.parts.side.restart()
        self._loader, self._natives, self._scylla = self._start_scylla()
        loader.stop()
        natives.stop()

    def _start_scylla(self) -> tuple[Loader, NativeRestores, ScyllaApi]:
        parts = self.parts
        loader = Loader(
            parts.spec,
            parts.speeds,
            parts.data,
            parts.side.sink,
            lambda: self._is_slow("/storage_service/sstables/any"),
        )
        natives = NativeRestores(
            NativeSetup(
                speeds=parts.speeds,
                directory=parts.native_directory,
                sink=parts.side.sink,
                is_slow=lambda: self._is_slow(native_api.PATH),
            )
        )
        scylla = ScyllaApi(
            parts.spec,
            parts.cluster,
            side=parts.side,
            loader=loader,
            native=native_api.NativeApi(natives, parts.storage),
            data=str(parts.data),
            repair_s=parts.speeds.repair_s,
        )
        return loader, natives, scylla

    def _is_slow(self, path: str) -> bool:
        return self.parts.faults.stands("slow", self.spec.address, path, path)

    def _answer_and_log(self, request: Request) -> Answer:
        began_s, began_at = time.monotonic(), time.time()
        status = 0
        try:
            answer = self._answer(request)
            status = answer.status
        except CutAnswer as cut:
            status = cut.answer.status
            raise
        finally:
            self.parts.log.write(
                ServedRequest(
                    at=timestamp(began_at),
                    node=self.spec.address,
                    method=request.method,
                    path=request.path,
                    query=request.query,
                    body=loggable(request.body),
                    status=status,
                    ms=round((time.monotonic() - began_s) * 1000, 3),
                )
            )
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.path == "/ping":
            return Answer(status=HTTPStatus.NO_CONTENT)
        if request.path == "/version":
            return agent_json({"version": VERSION})
        speeds = self.parts.speeds
        if not self._is_authorized(request):
            time.sleep(speeds.unauthorized_delay_s)
            return UNAUTHORIZED
        if speeds.latency_s:
            time.sleep(speeds.latency_s)
        hits = self.parts.faults.strike(self.spec.address, request.path, request.target)
        if not hits:
            return self._route(request, frozenset())
        return self._answer_with_faults(request, hits)

    def _answer_with_faults(self, request: Request, hits: dict[FaultKind, Fault]) -> Answer:
        if "lost-job" in hits:
            self.restart_agent()
        if "lost-task" in hits:
            self.restart_scylla()
        if (error := hits.get("error")) is not None:
            return _injected(request, error.status)
        hang = hits.get("timeout")
        if hang is not None and not hang.carried_out:
            raise NoAnswer
        answer = self._route(request, frozenset(hits))
        if hang is not None:
            raise NoAnswer
        if "reset" in hits:
            raise CutAnswer(answer)
        return _ended_early(answer) if "cut" in hits else answer

    def _route(self, request: Request, hits: frozenset[FaultKind]) -> Answer:
        agent = self._agent
        if request.path.startswith(PREFIX):
            return answer_rclone(agent, request, hits)
        own = _OWN_CALLS.get((request.method, request.path))
        if own is not None:
            return own(agent)
        return self._scylla.answer(request, hits)

    def _is_authorized(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip(), self.parts.token)


def _set_pinned(agent: Agent, *, pinned: bool) -> Answer:
    agent.pinned = pinned
    return Answer()


_OWN_CALLS: dict[tuple[str, str], Callable[[Agent], Answer]] = {
    ("GET", "/agent/node_info"): lambda agent: agent_json(node_info(agent)),
    ("GET", "/agent/pin_cpu"): lambda agent: agent_json({"cpu": agent.cpus()}),
    ("POST", "/agent/pin_cpu"): lambda agent: _set_pinned(agent, pinned=True),
    ("DELETE", "/agent/pin_cpu"): lambda agent: _set_pinned(agent, pinned=False),
    ("POST", "/agent/free_os_memory"): lambda _: Answer(),
    ("GET", "/agent/cloud/metadata"): lambda _: agent_json({}),
}


def _injected(request: Request, status: int) -> Answer:
    if request.path.startswith(PREFIX):
        return refusal(request.path[len(PREFIX) :], {}, CallRefused("injected fault", status))
    return Answer(
        status=status,
        body=msgspec.json.encode({"message": "injected fault", "code": status}),
        content_type="application/json",
    )


def _ended_early(answer: Answer) -> Answer:
    """Return the answer with half of its body, in chunks: the cut cannot be told from the framing."""
    whole = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    pieces: Iterator[bytes] = iter((whole[: len(whole) // 2],))
    return msgspec.structs.replace(answer, body=pieces)
