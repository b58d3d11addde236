"""Nothing is done to the world before the log says that it is about to be done, and nothing by an engine that is fenced."""

from collections.abc import Iterator

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
)
from scylla_restore.events.model.locations import DirectoryIndexed

STAGING = "/snapshots/scylla-restore-"
SETTINGS: dict[EffectKind, type[Alteration]] = {
    EffectKind.COMPACTION: AutoCompactionDisabled,
    EffectKind.TRANSFERS: TransfersSet,
    EffectKind.BANDWIDTH: BandwidthSet,
    EffectKind.CPU: CpuUnpinned,
}


class _Attempt(msgspec.Struct):
    """When an attempt's intents became durable: sequences, 0 for never."""

    node: str
    column_family: str
    download: int = 0
    load: int = 0
    started: int = 0
    ended: int = 0


class _Altered(msgspec.Struct):
    """When an alteration was announced and undone: sequences."""

    alteration: Alteration
    intended: int
    undone: int = 0


class _Intents(msgspec.Struct):
    """All intents of a log."""

    attempts: dict[tuple[int, int], _Attempt] = {}
    altered: list[_Altered] = []


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


def _collect(evidence: Evidence) -> _Intents:
    intents = _Intents()
    families: dict[str, str] = {}
    by_id: dict[str, _Altered] = {}
    for envelope in evidence.envelopes:
        event, seq = envelope.event, envelope.seq
        match event:
            case DirectoryIndexed():
                families[event.directory] = f"{event.keyspace}:{event.table}"
            case batches.BatchAssigned():
                attempt = _Attempt(event.node, families[event.directory])
                intents.attempts[event.batch, event.attempt] = attempt
            case batches.DownloadRequested():
                intents.attempts[event.batch, event.attempt].download = seq
            case batches.LoadRequested():
                intents.attempts[event.batch, event.attempt].load = seq
            case batches.LoadStarted():
                intents.attempts[event.batch, event.attempt].started = seq
            case batches.SSTablesLoaded() | batches.LoadFailed():
                intents.attempts[event.batch, event.attempt].ended = seq
            case alterations.AlterationIntended():
                by_id[event.id] = _Altered(event.alteration, seq)
                intents.altered.append(by_id[event.id])
            case alterations.AlterationUndone():
                if event.id in by_id:
                    by_id[event.id].undone = seq
            case _:
                pass
    return intents


def _problem(evidence: Evidence, intents: _Intents, effect: Effect) -> str | None:
    match effect.kind:
        case EffectKind.COPY:
            return _without_download(evidence, intents, effect, effect.detail)
        case EffectKind.PURGE:
            if _announced_aside(intents, effect, {effect.detail}):
                return None
            return _without_download(evidence, intents, effect, effect.detail)
        case EffectKind.MOVE:
            return _move(evidence, intents, effect)
        case EffectKind.LOAD:
            return _load(intents, effect)
        case EffectKind.COMPACTION | EffectKind.TRANSFERS | EffectKind.BANDWIDTH | EffectKind.CPU:
            kind = SETTINGS[effect.kind]
            return _without_alteration(intents, effect, kind)
        case EffectKind.STOP_JOB | EffectKind.FORGET_JOB:
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
        for altered in intents.altered
    )


def _load(intents: _Intents, effect: Effect) -> str | None:
    """Some attempt's load of this table was announced here, and it has not ended."""
    for attempt in intents.attempts.values():
        if attempt.node != effect.node or attempt.column_family != effect.detail:
            continue
        if 0 < attempt.started <= effect.known_seq and not 0 < attempt.ended <= effect.known_seq:
            return None
    return "no load was announced"


def _without_alteration(intents: _Intents, effect: Effect, kind: type[Alteration]) -> str | None:
    for altered in intents.altered:
        if (
            isinstance(altered.alteration, kind)
            and altered.alteration.node == effect.node
            and altered.intended <= effect.known_seq
            and not 0 < altered.undone <= effect.known_seq
        ):
            return None
    return "no such alteration is in the ledger"
