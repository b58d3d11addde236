"""Errors of the log.

LogError
├── LogUnavailable     retryable: the store did not answer
├── LogConflict        the expected sequence is not the head
├── TablesMoved        the projected tables are not where their writer left them
├── StaleOwner         another engine has claimed the run since
├── RunIsOwned         another engine owns the run now
├── UnknownRun         no such run, or an ambiguous prefix
├── WrongAddress       the text is no log's address
├── UnusableLog        what lies there is no log that we can work with
├── CorruptLog         a record does not fit the chain, or cannot be read
├── UnknownEvent       an event of a kind or version that this program does not know
├── UnreadableEvent    an event's bytes are not what its kind says
└── UnwritableEvent    an event holds something that cannot be written as JSON
"""

from datetime import datetime
from typing import ClassVar


class LogError(Exception):
    """Something is wrong with the log; ``exit_code`` is the command line's, ``hint`` what a person can do."""

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 4
    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class LogUnavailable(LogError):
    """The store did not answer; whether a write happened is unknown."""

    retryable: ClassVar[bool] = True


class LogConflict(LogError):
    """The log's head is not where the writer expected it."""

    def __init__(self, run: str, expected_seq: int, actual_seq: int) -> None:
        if expected_seq == actual_seq:
            super().__init__(f"run {run}: record {actual_seq} of the log is not the one that was expected")
        else:
            super().__init__(f"run {run}: the log ends at {actual_seq}, not at {expected_seq}")
        self.run = run
        self.expected_seq = expected_seq
        self.actual_seq = actual_seq


class TablesMoved(LogError):
    """Somebody else has written to a run's projected tables meanwhile: what is there has to be looked at anew."""

    retryable: ClassVar[bool] = True

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run}: its tables were written by somebody else meanwhile")
        self.run = run


class StaleOwner(LogError):
    """A newer owner has the run, or the claim was given back: this engine must not touch anything any more."""

    def __init__(self, run: str, epoch: int, owner_epoch: int, owner: str) -> None:
        if epoch == owner_epoch:
            super().__init__(f"run {run}: the claim of {owner} (epoch {epoch}) was given back")
        else:
            super().__init__(
                f"run {run} was taken over by {owner} (epoch {owner_epoch}, this engine had {epoch})",
                hint="let that engine finish, or pause it first",
            )
        self.run = run
        self.epoch = epoch
        self.owner_epoch = owner_epoch
        self.owner = owner


class RunIsOwned(LogError):
    """A living engine owns the run; where that is told by a lease only, ``until`` is when it lapses unless renewed."""

    def __init__(self, run: str, owner: str, until: datetime | None = None) -> None:
        if until is None:
            message = f"run {run} is owned by {owner}, which is alive"
        else:
            message = f"run {run} is owned by {owner}, whose lease holds until {until:%H:%M:%S} UTC unless it is renewed"
        super().__init__(message, hint="wait for it, pause it, or take the run over with --take-over")
        self.run = run
        self.owner = owner
        self.until = until


class UnknownRun(LogError):
    """The log holds no such run."""

    exit_code: ClassVar[int] = 2

    def __init__(self, run: str) -> None:
        super().__init__(f"no run {run} in this log", hint="`scylla-restore runs` lists all runs")
        self.run = run


class WrongAddress(LogError):
    """A log's address that cannot be understood."""

    exit_code: ClassVar[int] = 2


class UnusableLog(LogError):
    """What the address names is no log, or none that this program can work with; a retry changes nothing."""


class CorruptLog(LogError):
    """A record is not what the chain says it should be."""

    exit_code: ClassVar[int] = 1

    def __init__(self, run: str, seq: int, problem: str) -> None:
        super().__init__(
            f"run {run}, record {seq}: {problem}",
            hint="`scylla-restore audit` tells how much of the record is intact",
        )
        self.run = run
        self.seq = seq
        self.problem = problem


class UnknownEvent(LogError):
    """An event's kind, or this version of it, is none that this program knows."""

    def __init__(self, tag: str, version: int) -> None:
        super().__init__(
            f"event {tag} version {version} is unknown",
            hint="the log was written by a newer scylla-restore: read it with that version or a later one",
        )
        self.tag = tag
        self.version = version


class UnreadableEvent(LogError):
    """An event's bytes are not what its kind says they are."""

    exit_code: ClassVar[int] = 1

    def __init__(self, tag: str, version: int, problem: str) -> None:
        super().__init__(f"event {tag} version {version} cannot be read: {problem}")
        self.tag = tag
        self.version = version
        self.problem = problem


class UnwritableEvent(LogError):
    """An event holds something that JSON has no form for, such as text that is not Unicode: a defect of its maker."""

    exit_code: ClassVar[int] = 1

    def __init__(self, tag: str, problem: str) -> None:
        super().__init__(f"event {tag} cannot be written: {problem}")
        self.tag = tag
        self.problem = problem
