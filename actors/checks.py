"""The errand of looking for batches' files: several batches at one time, since each takes a few requests only."""

from collections import deque
from collections.abc import Iterator

from scylla_restore.actors.errands import Outcome, Step
from scylla_restore.actors.procedures.checking import (
    CheckPlanned,
    Group,
    GroupFound,
    GroupMissed,
    find_group,
    plan_check,
)
from scylla_restore.actors.procedures.storing import Store, failure_of_location
from scylla_restore.engine.core.commands import CheckFiles
from scylla_restore.engine.errors import RestoreError
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import BatchFilesFound, BatchFilesMissed

Key = tuple[int, int]
"""Batch and attempt."""


class _Left:
    """What is left to be looked for of a batch; ``groups`` were not begun, ``asked`` are under way."""

    def __init__(self, command: CheckFiles) -> None:
        self.command = command
        self.groups: deque[Group] = deque()
        self.asked = 0
        self.size = 0


class Checking:
    """Look for the files of batches. Batches may be added as long as it lasts; each is told of by itself."""

    def __init__(self, command: CheckFiles) -> None:
        self._planning: deque[CheckFiles] = deque([command])
        self._left: dict[Key, _Left] = {_key(command): _Left(command)}
        self._in_turn: deque[Key] = deque()
        self._news: deque[AnyEvent] = deque()

    def add(self, command: CheckFiles) -> None:
        """Look for the files of one more batch."""
        self._planning.append(command)
        self._left[_key(command)] = _Left(command)

    def next_step(self) -> Step | None:
        """Return what there is to tell, then what there is to plan, then a group of each batch in turn."""
        if self._news:
            return _telling(self._news.popleft())
        if self._planning:
            return _planning(self._planning.popleft())
        while self._in_turn:
            key = self._in_turn.popleft()
            left = self._left.get(key)
            if left is None:
                continue
            group = left.groups.popleft()
            left.asked += 1
            if left.groups:
                self._in_turn.append(key)
            return _finding(left.command, group)
        return None

    def take(self, outcome: Outcome) -> None:
        """Take in what was planned, found or missed."""
        match outcome:
            case CheckPlanned(command=command, groups=groups):
                left = self._left[_key(command)]
                left.groups.extend(groups)
                self._in_turn.append(_key(command))
            case GroupFound(command=command, size=size):
                self._found(command, size)
            case GroupMissed(command=command, error=error):
                if self._left.pop(_key(command), None) is not None:
                    self._news.append(_missed(command, error))
            case _:
                pass

    def ending(self) -> None:
        """Return nothing: all was told batch by batch."""

    def failing(self, error: RestoreError) -> Iterator[AnyEvent]:
        """Return that nothing could be found out about any batch that is left."""
        for left in self._left.values():
            yield _missed(left.command, error)

    def _found(self, command: CheckFiles, size: int) -> None:
        left = self._left.get(_key(command))
        if left is None:
            return
        left.asked -= 1
        left.size += size
        if not left.asked and not left.groups:
            del self._left[_key(command)]
            self._news.append(BatchFilesFound(batch=command.batch, attempt=command.attempt, size=left.size))


def _key(command: CheckFiles) -> Key:
    return command.batch, command.attempt


def _missed(command: CheckFiles, error: RestoreError) -> BatchFilesMissed:
    return BatchFilesMissed(
        batch=command.batch,
        attempt=command.attempt,
        location=command.location,
        failure=failure_of_location(error),
    )


def _planning(command: CheckFiles) -> Step:
    return lambda store: plan_check(store, command)


def _finding(command: CheckFiles, group: Group) -> Step:
    async def find(store: Store) -> GroupFound | GroupMissed:
        try:
            return await find_group(store, command, group)
        except RestoreError as error:
            return GroupMissed(command, error)

    return find


def _telling(event: AnyEvent) -> Step:
    async def tell(store: Store) -> None:
        store.report(event)

    return tell
