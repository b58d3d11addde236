"""The actor of one backup location: hands out the steps of an errand to its lanes and reports how it ended."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import assert_never

import msgspec

from scylla_restore.actors.checks import Checking
from scylla_restore.actors.errands import Errand, Indexing, Opening, Outcome, SchemaReading, Step, Verifying
from scylla_restore.actors.letters import LaneCrashed, LocationLetter
from scylla_restore.actors.outlet import Outlet
from scylla_restore.actors.procedures.storing import Store, location_failed
from scylla_restore.actors.runtime import Address, Call, Procedure, Runtime, Stopped
from scylla_restore.engine.core.commands import (
    CheckFiles,
    IndexLocation,
    OpenLocation,
    ReadSchemaFile,
    VerifyLocation,
)
from scylla_restore.engine.errors import RestoreError
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import LocationAnswered, LocationUnanswered
from scylla_restore.events.model.target import BackupLocation, IndexVia

LANES = 32
"""Requests to the object store at one time: at 20 ms each, 6,000 directories take some four seconds."""

LOOK_EVERY = timedelta(seconds=5)
"""How often it is told that requests have to be made again."""

OpenStore = Callable[[BackupLocation, IndexVia], ObjectStore]


class StoreOpened(msgspec.Struct, frozen=True):
    """From a lane: the object store can be asked."""

    lane: int
    store: ObjectStore


class StepEnded(msgspec.Struct, frozen=True):
    """From a lane: it is free again. ``error`` is why the step failed, if it did."""

    lane: int
    errand: int
    outcome: Outcome = None
    error: RestoreError | None = None


class Look(msgspec.Struct, frozen=True):
    """Time has come to see whether the store answers."""


LocationActorLetter = LocationLetter | StoreOpened | StepEnded | LaneCrashed | Look


def location_name(location: str) -> str:
    """Return the name of a location's actor, as it stands in the log."""
    return f"location/{location}"


def spawn_location(
    runtime: Runtime,
    *,
    location: str,
    open_store: OpenStore,
    report: Callable[[AnyEvent], None],
    on_crash: Callable[[str, BaseException], None],
) -> Address[LocationActorLetter]:
    """Start the actor of ``location`` (``<provider>:<bucket>``).

    ``open_store`` is called once, in a lane; who gave it closes the store. ``report`` is called from several threads,
    once for each event. A defect, also one in a lane, ends the actor and is told once to ``on_crash``.
    """

    def build() -> LocationActor:
        return LocationActor(
            location=location, open_store=open_store, runtime=runtime, report=report, tell_self=actor.tell
        )

    actor: Address[LocationActorLetter] = runtime.spawn(location_name(location), build, on_crash)
    return actor


class LocationActor:
    """Takes one errand after another, each by as many lanes as there are steps to take."""

    def __init__(
        self,
        *,
        location: str,
        open_store: OpenStore,
        runtime: Runtime,
        report: Callable[[AnyEvent], None],
        tell_self: Callable[[LocationActorLetter], None],
    ) -> None:
        def on_crash(lane: str, error: BaseException) -> None:
            tell_self(LaneCrashed(lane, error))

        self._location = location
        self._open_store = open_store
        self._now = runtime.now
        self._later = runtime.later
        self._report = Outlet(report)
        self._tell_self = tell_self
        self._lanes = [runtime.lane(f"{location_name(location)} {n}", on_crash) for n in range(LANES)]
        self._free = list(reversed(range(LANES)))
        self._store: Store | None = None
        self._waiting: deque[LocationLetter] = deque()
        self._errand: Errand | None = None
        self._errands = 0
        self._under_way = 0
        self._is_looked_after = False
        self._retries = 0
        self._is_silent = False

    def receive(self, letter: LocationActorLetter) -> None:
        """Take a command, or what came of a step."""
        try:
            self._obey(letter)
        except BaseException:
            self._report.close()
            for lane in self._lanes:
                lane.close()
            raise

    def _obey(self, letter: LocationActorLetter) -> None:
        match letter:
            case CheckFiles() if isinstance(self._errand, Checking) and not self._waiting:
                self._errand.add(letter)
            case OpenLocation() | IndexLocation() | VerifyLocation() | ReadSchemaFile() | CheckFiles():
                self._waiting.append(letter)
            case StoreOpened(lane=lane, store=store):
                self._free.append(lane)
                self._under_way -= 1
                self._store = Store(store, location=self._location, now=self._now, report=self._report)
            case StepEnded():
                self._take(letter)
            case Look():
                self._look()
            case LaneCrashed(error=error):
                raise error
            case _:
                assert_never(letter)
        self._go_on()

    def _take(self, ended: StepEnded) -> None:
        self._free.append(ended.lane)
        if self._errand is None or ended.errand != self._errands:
            return
        self._under_way -= 1
        if ended.error is None:
            self._errand.take(ended.outcome)
        else:
            for lane in self._lanes:
                lane.stop()
            self._finish(*self._failing(self._errand, ended.error))

    def _go_on(self) -> None:
        """Hand out what can be handed out, and begin the next errand when there is nothing left of one."""
        while self._free:
            if self._errand is None:
                if not self._waiting:
                    return
                self._begin(self._waiting.popleft())
            elif self._store is None:
                return
            elif (step := self._errand.next_step()) is not None:
                lane = self._free.pop()
                self._start(lane, self._perform(self._store, step, lane=lane, errand=self._errands))
            elif self._under_way:
                return
            else:
                ending = self._errand.ending()
                self._finish(*([ending] if ending is not None else []))

    def _begin(self, command: LocationLetter) -> None:
        self._errands += 1
        self._under_way = 0
        match command:
            case OpenLocation():
                self._errand = Opening(command)
            case IndexLocation():
                self._errand = Indexing(command)
            case VerifyLocation():
                self._errand = Verifying(command)
            case ReadSchemaFile():
                self._errand = SchemaReading(command)
            case CheckFiles():
                self._errand = checking = Checking(command)
                while self._waiting and isinstance(following := self._waiting[0], CheckFiles):
                    checking.add(following)
                    self._waiting.popleft()
            case _:
                assert_never(command)
        if self._store is None:
            lane = self._free.pop()
            self._start(lane, self._open(command, lane=lane, errand=self._errands))

    def _look(self) -> None:
        """Tell of requests that were made again since the last look, or that there are none any more."""
        self._is_looked_after = False
        retries = self._store.reached().retries if self._store is not None else 0
        if retries > self._retries:
            self._report(LocationUnanswered(location=self._location, retries=retries))
        elif self._is_silent:
            self._report(LocationAnswered(location=self._location))
        self._is_silent, self._retries = retries > self._retries, retries
        if self._errand is not None or self._is_silent:
            self._look_later()

    def _look_later(self) -> None:
        if not self._is_looked_after:
            self._is_looked_after = True
            self._later(LOOK_EVERY, lambda: self._tell_self(Look()))

    def _start(self, lane: int, procedure: Procedure) -> None:
        self._look_later()
        self._under_way += 1
        self._lanes[lane].start(procedure)

    def _failing(self, errand: Errand, error: RestoreError) -> Iterable[AnyEvent]:
        if isinstance(errand, Checking):
            return errand.failing(error)
        return (location_failed(self._location, error),)

    def _finish(self, *events: AnyEvent) -> None:
        self._errand = None
        for event in events:
            self._report(event)

    async def _open(self, command: LocationLetter, *, lane: int, errand: int) -> None:
        try:
            store = await Call(self._open_store, lambda open_store: open_store(command.where, command.via))
        except RestoreError as error:
            self._tell_self(StepEnded(lane, errand, error=error))
        except Stopped:
            self._tell_self(StepEnded(lane, errand))
        else:
            self._tell_self(StoreOpened(lane, store))

    async def _perform(self, store: Store, step: Step, *, lane: int, errand: int) -> None:
        try:
            outcome = await step(store)
        except RestoreError as error:
            self._tell_self(StepEnded(lane, errand, error=error))
        except Stopped:
            self._tell_self(StepEnded(lane, errand))
        else:
            self._tell_self(StepEnded(lane, errand, outcome))
