"""What was decided about the run as a whole: by whom, and when it began and ended."""

from typing import assert_never

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import RunEvent, run
from scylla_restore.events.model.stages import StageCompleted, StageEntered
from scylla_restore.events.projections.audit.state import AuditState
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.projections.words import in_words


def apply_run_event(state: AuditState, event: RunEvent, envelope: Envelope) -> None:
    """Fold an event about the run."""
    if isinstance(event, run.RunStarted):
        _begin(state, event, envelope)
    elif isinstance(event, run.RunPaused | run.RunFailed | run.RunAborted | run.RunCompleted):
        _end(state, event, envelope)
    else:
        _note_action(state, event, envelope)


def _begin(state: AuditState, event: run.RunStarted, envelope: Envelope) -> None:
    state.run = envelope.run
    state.cluster, state.cluster_id = event.cluster, event.cluster_id
    state.target = event.target
    state.started_by, state.started_at = event.started_by, envelope.at
    state.engine_versions.append(event.engine_version)
    state.note_action(envelope, "run started", by=event.started_by)


def _end(
    state: AuditState,
    event: run.RunPaused | run.RunFailed | run.RunAborted | run.RunCompleted,
    envelope: Envelope,
) -> None:
    match event:
        case run.RunPaused():
            state.state, what = RunState.PAUSED, f"run paused: {event.reason}"
        case run.RunFailed():
            state.state, what = RunState.FAILED, f"run failed: {in_words(event.failure)}"
        case run.RunAborted():
            state.state, what = RunState.ABORTED, "run aborted"
        case run.RunCompleted():
            state.state, what = RunState.DONE, "run completed"
        case _:
            assert_never(event)
    state.ended_at = envelope.at
    state.note_action(envelope, what)


def _note_action(
    state: AuditState,
    event: run.OwnerChanged
    | run.OtherRunsSought
    | run.RunResumed
    | run.SettingsChanged
    | run.PauseRequested
    | run.AbortRequested
    | run.FailureDeclared
    | run.ActorFailed
    | run.ActorReplaced
    | run.ActorAsked
    | StageEntered
    | StageCompleted,
    envelope: Envelope,
) -> None:
    match event:
        case run.OwnerChanged():
            if event.engine_version not in state.engine_versions:
                state.engine_versions.append(event.engine_version)
            state.note_action(envelope, f"run owned (epoch {envelope.epoch})", by=event.owner)
        case run.RunResumed():
            state.state, state.ended_at = RunState.RUNNING, None
            state.note_action(envelope, "run resumed")
        case run.SettingsChanged():
            state.note_action(envelope, "settings changed")
        case run.PauseRequested():
            state.note_action(envelope, f"pause requested: {event.reason}", by=event.requested_by)
        case run.AbortRequested():
            state.note_action(envelope, "abort requested", by=event.requested_by)
        case run.ActorFailed():
            state.note_action(envelope, f"{event.actor} crashed: {event.error}")
        case (
            run.OtherRunsSought()
            | run.FailureDeclared()
            | run.ActorReplaced()
            | run.ActorAsked()
            | StageEntered()
            | StageCompleted()
        ):
            pass
        case _:
            assert_never(event)
