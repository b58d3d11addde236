"""Nothing is done to the world before the log says that it is about to be done, and nothing by an engine that is fenced."""

from collections.abc import Callable, Iterator

import msgspec
from tests.simulation.simulator.effects import Effect, EffectKind
from tests.simulation.simulator.evidence import Evidence

from scylla_restore.events.model import alterations, batches
from scylla_restore.events.model.alterations import (
    Alteration,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    TransfersSet,
    UploadSetAside,
    UserTtlSet,
    node_of,
)
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.run import RunFailed
from scylla_restore.events.model.target import Staging

STAGING = "/snapshots/scylla-restore-"
AboutAttempt = (
    batches.DownloadRequested
    | batches.LoadRequested
    | batches.LoadStarted
    | batches.NativeRestoreRequested
    | batches.SSTablesLoaded
    | batches.LoadFailed
)
ABOUT_ATTEMPTS = (
    batches.DownloadRequested,
    batches.LoadRequested,
    batches.LoadStarted,
    batches.NativeRestoreRequested,
    batches.SSTablesLoaded,
    batches.LoadFailed,
)
SETTINGS: dict[EffectKind, type[Alteration]] = {
    EffectKind.COMPACTION: AutoCompactionDisabled,
    EffectKind.TRANSFERS: TransfersSet,
    EffectKind.BANDWIDTH: BandwidthSet,
    EffectKind.CPU: CpuUnpinned,
    EffectKind.USER_TTL: UserTtlSet,
}


class _Attempt(msgspec.Struct):
    """When an attempt's intents became durable: sequences, 0 for never."""

    node: str
    column_family: str
    direct: bool
    download: int = 0
    load: int = 0
    started: int = 0
    native: int = 0
    ended: int = 0


class _Altered(msgspec.Struct):
    """When an alteration was announced and undone: sequences; and how often it was asked to be undone."""

    alteration: Alteration
    intended: int
    undone: int = 0
    asked: int = 0


class _Intents(msgspec.Struct):
    """All intents of a log."""

    attempts: dict[tuple[int, int], _Attempt] = {}
    altered: dict[str, _Altered] = {}


def check_intents(evidence: Evidence) -> Iterator[str]:
    """Compare every effect with what its sender knew to be durable."""
    intents = _collect(evidence)
    for effect in evidence.cluster.effects:
        if effect.process.run != evidence.run:
            continue
        problem = _problem(evidence, intents, effect)
        if problem is not None:
            what = f"{effect.kind.value} {effect.detail} on {effect.node}"
            yield f"{what} by {effect.process.name} after record {effect.known_seq}: {problem}"
        if effect.fenced:
            yield f"{effect.kind.value} {effect.detail} on {effect.node} by {effect.process.name}, which was fenced"


def check_copies(evidence: Evidence) -> Iterator[str]:
    """No copy is begun by two engines: the second one leaves the first one's directory alone.

    An upload directory is every attempt's; that one comes after the other there is seen when it happens.
    """
    began: dict[str, str] = {}
    for effect in evidence.cluster.effects:
        is_shared = effect.detail.endswith("/upload")
        if effect.kind is EffectKind.COPY and effect.process.run == evidence.run and not is_shared:
            first = began.setdefault(effect.detail, effect.process.name)
            if first != effect.process.name:
                yield f"{effect.process.name} copies into {effect.detail}, as {first} did before"


def check_untouched(evidence: Evidence) -> Iterator[str]:
    """A run that was refused for good has touched nothing."""
    last = evidence.envelopes[-1].event
    if isinstance(last, RunFailed) and not last.resumable:
        for effect in evidence.cluster.effects:
            if effect.process.run == evidence.run:
                yield f"the run was refused, and yet {effect.kind.value} {effect.detail} was done on {effect.node}"


def _collect(evidence: Evidence) -> _Intents:
    intents = _Intents()
    families: dict[str, str] = {}
    for envelope in evidence.envelopes:
        match envelope.event:
            case DirectoryIndexed() as event:
                families[event.directory] = ":".join(event.goes_to)
            case batches.BatchAssigned() as event:
                attempt = _Attempt(event.node, families[event.directory], direct=event.staging is Staging.OFF)
                intents.attempts[event.batch, event.attempt] = attempt
            case event if isinstance(event, ABOUT_ATTEMPTS):
                _note_attempt(intents.attempts[event.batch, event.attempt], event, envelope.seq)
            case alterations.AlterationIntended() as event:
                intents.altered[event.id] = _Altered(event.alteration, envelope.seq)
            case alterations.AlterationUndone() as event if event.id in intents.altered:
                altered = intents.altered[event.id]
                # of a letter that came twice, the second may be read when another request has done it all
                comes_twice = evidence.scenario.faults.letters_twice and altered.asked > 1
                altered.undone = 0 if comes_twice else envelope.seq
            case alterations.UndoRequested() as event:
                for altered in (intents.altered[i] for i in event.ids if i in intents.altered):
                    altered.asked += 1
            case _:
                pass
    return intents


def _note_attempt(attempt: _Attempt, event: AboutAttempt, seq: int) -> None:
    match event:
        case batches.DownloadRequested():
            attempt.download = seq
        case batches.LoadRequested():
            attempt.load = attempt.load or seq
        case batches.LoadStarted():
            attempt.started = attempt.started or seq
        case batches.NativeRestoreRequested():
            attempt.native = attempt.native or seq
        case batches.SSTablesLoaded() | batches.LoadFailed():
            attempt.ended = seq


def _problem(  # noqa: PLR0911 - one return a kind
    evidence: Evidence, intents: _Intents, effect: Effect
) -> str | None:
    """Why the effect was not announced, or None."""
    if effect.kind in SETTINGS:
        return _without_alteration(intents, effect, SETTINGS[effect.kind])
    if effect.kind is EffectKind.MOVE:
        return _move(evidence, intents, effect)
    if effect.kind is EffectKind.LOAD:
        return _load(intents, effect, lambda attempt: attempt.started)
    if effect.kind is EffectKind.NATIVE:
        return _load(intents, effect, lambda attempt: attempt.native)
    if effect.kind is EffectKind.PURGE and _announced_aside(intents, effect, {effect.detail}):
        return None
    if effect.kind in (EffectKind.COPY, EffectKind.DELETE) and effect.detail.endswith("/upload"):
        return _without_direct_download(evidence, intents, effect)
    if effect.kind in (EffectKind.COPY, EffectKind.PURGE):
        return _without_download(evidence, intents, effect, effect.detail)
    return None


def _attempt_of(evidence: Evidence, intents: _Intents, path: str) -> _Attempt | None:
    name = path.partition(STAGING)[2].removeprefix(f"{evidence.run}-")
    numbers = name.split("-")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        return None
    return intents.attempts.get((int(numbers[0]), int(numbers[1])))


def _without_download(evidence: Evidence, intents: _Intents, effect: Effect, path: str) -> str | None:
    attempt = _attempt_of(evidence, intents, path)
    if attempt is None:
        return "is no attempt's staging directory"
    if attempt.node != effect.node:
        return f"the attempt is {attempt.node}'s"
    if not 0 < attempt.download <= effect.known_seq:
        return "no download was requested"
    return None


def _without_direct_download(evidence: Evidence, intents: _Intents, effect: Effect) -> str | None:
    """Some attempt was announced that copies straight into this directory."""
    for attempt in intents.attempts.values():
        keyspace, table = attempt.column_family.split(":")
        path = f"{evidence.cluster.directory_of(keyspace, table)}/upload"
        is_its = attempt.direct and attempt.node == effect.node and path == effect.detail
        if is_its and 0 < attempt.download <= effect.known_seq:
            return None
    return "no download into it was requested"


def _move(evidence: Evidence, intents: _Intents, effect: Effect) -> str | None:
    source, destination = effect.detail.split(" -> ")
    for path in (source, destination):
        attempt = _attempt_of(evidence, intents, path)
        if attempt is not None:
            if attempt.node != effect.node:
                return f"the attempt is {attempt.node}'s"
            return None if 0 < attempt.load <= effect.known_seq else "no load was requested"
    announced = _announced_aside(intents, effect, {source, destination})
    return None if announced else "no upload directory was to be set aside"


def _announced_aside(intents: _Intents, effect: Effect, paths: set[str]) -> bool:
    """Whether these directories are those of an upload directory that was to be set aside; one alone is its refuge."""
    return any(
        isinstance(altered.alteration, UploadSetAside)
        and paths in ({altered.alteration.upload, altered.alteration.found}, {altered.alteration.found})
        and altered.alteration.node == effect.node
        and altered.intended <= effect.known_seq
        for altered in intents.altered.values()
    )


def _load(intents: _Intents, effect: Effect, began: Callable[[_Attempt], int]) -> str | None:
    """Some attempt's load of this table was announced here, and it has not ended."""
    for attempt in intents.attempts.values():
        if attempt.node != effect.node or attempt.column_family != effect.detail:
            continue
        if 0 < began(attempt) <= effect.known_seq and not 0 < attempt.ended <= effect.known_seq:
            return None
    return "no load was announced"


def _without_alteration(intents: _Intents, effect: Effect, kind: type[Alteration]) -> str | None:
    for altered in intents.altered.values():
        if (
            isinstance(altered.alteration, kind)
            and node_of(altered.alteration) == effect.node
            and altered.intended <= effect.known_seq
            and not 0 < altered.undone <= effect.known_seq
        ):
            return None
    return "no such alteration is in the ledger"
