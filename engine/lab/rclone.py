"""The rules that all rclone calls of an agent have in common."""

from collections.abc import Callable
from http import HTTPStatus

from scylla_restore.engine.lab.agent import Agent
from scylla_restore.engine.lab.answers import JSON, TEXT, Answer, Request, go_json
from scylla_restore.engine.lab.faults import FaultKind
from scylla_restore.engine.lab.jobs import Job
from scylla_restore.engine.lab.params import Params, is_true, json_values, query_values
from scylla_restore.engine.lab.rclone_call import Call, Implementation
from scylla_restore.engine.lab.rclone_files import CALLS as FILE_CALLS
from scylla_restore.engine.lab.rclone_jobs import CALLS as JOB_CALLS
from scylla_restore.engine.lab.rclone_sync import CALLS as SYNC_CALLS
from scylla_restore.engine.lab.refusals import CallRefused, Interrupted

PREFIX = "/agent/rclone/"
_CALLS: dict[str, Implementation] = {**FILE_CALLS, **JOB_CALLS, **SYNC_CALLS}
_NOT_LISTED = Answer(
    status=HTTPStatus.NOT_FOUND,
    body=b'{"message":"Not found","status":404}\n',
    content_type=TEXT,
    headers=(("X-Content-Type-Options", "nosniff"),),
)


def answer_rclone(agent: Agent, request: Request, hits: frozenset[FaultKind]) -> Answer:
    """Answer a request below ``/agent/rclone/``."""
    name = request.path[len(PREFIX) :]
    implementation = _CALLS.get(name)
    if implementation is None:
        return _NOT_LISTED
    if request.method != "POST":
        refused = CallRefused(f'method "{request.method}" not allowed', HTTPStatus.METHOD_NOT_ALLOWED)
        return refusal(name, None, refused, content_type=TEXT)
    values = query_values(request.query)
    is_put = name == "operations/put"
    try:
        if not is_put:
            values = {**values, **json_values(request.body)}
    except CallRefused as refused:
        return refusal(name, values, refused, close=len(request.body) < request.body_size)
    content = request.body if is_put else b""

    def work(job: Job) -> object:
        call = Call(agent=agent, params=Params(values), job=job, content=content, hits=hits)
        return implementation(call)

    if is_true(values.get("_async")):
        job = agent.jobs.start(lambda job_id: agent.make_job(job_id, hits), work)
        return _success({"jobid": job.id}, job.id)
    return _answer_now(agent, name, values, work, agent.make_job(0, hits))


def _answer_now(
    agent: Agent, name: str, values: dict[str, object], work: Callable[[Job], object], job: Job
) -> Answer:
    try:
        with agent.jobs.inline(job):
            outcome = work(job)
    except CallRefused as refused:
        return refusal(name, values, refused)
    except Interrupted:
        return refusal(name, values, CallRefused("context canceled"))
    return outcome if isinstance(outcome, Answer) else _success(outcome, 0)


def refusal(
    name: str,
    values: dict[str, object] | None,
    refused: CallRefused,
    *,
    content_type: str = JSON,
    close: bool = False,
) -> Answer:
    """Answer as a call does that failed; ``values`` are echoed."""
    body = {"input": values, "message": refused.message, "path": name, "status": refused.status}
    return Answer(status=refused.status, body=go_json(body), content_type=content_type, close=close)


def _success(value: object, job_id: int) -> Answer:
    return Answer(body=go_json(value), content_type=JSON, headers=(("X-Rclone-Jobid", str(job_id)),))
