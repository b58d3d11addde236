"""Errors of the log.

LogError
├── LogUnavailable     retryable: the store did not answer
├── LogConflict        the expected sequence is not the head
├── StaleOwner         another engine has claimed the run since
├── RunIsOwned         another engine owns the run now
├── UnknownRun         no such run, or an ambiguous prefix
└── CorruptLog         a record does not fit the chain, or cannot be read
"""

from typing import ClassVar


class LogError(Exception):
    """Something is wrong with the log; ``exit_code`` is the command line's, ``hint`` what a person can do."""

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 4
    hint: str | None = None


class LogUnavailable(LogError):
    """The store did not answer; whether a write happened is unknown."""

    retryable: ClassVar[bool] = True


class LogConflict(LogError):
    """The log's head is not where the writer expected it."""

    def __init__(self, run: str, expected_seq: int, actual_seq: int) -> None:
        super().__init__(f"run {run}: the log ends at {actual_seq}, not at {expected_seq}")
        self.run = run
        self.expected_seq = expected_seq
        self.actual_seq = actual_seq


class StaleOwner(LogError):
    """A newer owner has the run: this engine must not touch anything any more."""

    def __init__(self, run: str, epoch: int, owner_epoch: int, owner: str) -> None:
        super().__init__(
            f"run {run} was taken over by {owner} (epoch {owner_epoch}, this engine had {epoch})"
        )
        self.run = run
        self.epoch = epoch
        self.owner_epoch = owner_epoch
        self.owner = owner
        self.hint = "let that engine finish, or pause it first"


class RunIsOwned(LogError):
    """A living engine owns the run."""

    def __init__(self, run: str, owner: str) -> None:
        super().__init__(f"run {run} is owned by {owner}, which is alive")
        self.run = run
        self.owner = owner
        self.hint = "wait for it, pause it, or take the run over with --take-over"


class UnknownRun(LogError):
    """The log holds no such run."""

    exit_code: ClassVar[int] = 2

    def __init__(self, run: str) -> None:
        super().__init__(f"no run {run} in this log")
        self.run = run
        self.hint = "`scylla-restore runs` lists all runs"


class CorruptLog(LogError):
    """A record is not what the chain says it should be."""

    exit_code: ClassVar[int] = 1

    def __init__(self, run: str, seq: int, problem: str) -> None:
        super().__init__(f"run {run}, record {seq}: {problem}")
        self.run = run
        self.seq = seq
        self.problem = problem
