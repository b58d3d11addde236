"""The program's own diagnostic messages: a file of them, if somebody asks for one."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.event_line import event_words
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import batches, run
from scylla_restore.events.model.locations import DirectoryIndexed, LocationFailed, LocationUnanswered
from scylla_restore.events.model.nodes import NodeFailed, NodeSuspended, NodeWaitingForSpace

if TYPE_CHECKING:
    from loguru import Logger, Record

    from scylla_restore.engine.api import Subscriber

OTHERS: Final = ("pykka", "boto3", "botocore", "s3transfer", "urllib3", "cassandra", "google", "azure")
"""Libraries that speak through the standard loggers."""
_PACKAGE: Final = "scylla_restore"
_FORMAT: Final = "{time:YYYY-MM-DDTHH:mm:ss.SSSZZ} {level: <7} {extra[where]}{message}\n{exception}"
_BOUND: Final = ("run", "node", "batch", "attempt")
_WARNINGS: Final = (
    batches.BatchFilesMissed,
    batches.DownloadFailed,
    batches.LoadFailed,
    batches.LoadAnswerLost,
    batches.BatchReturned,
    batches.UploadOccupied,
    LocationUnanswered,
    NodeFailed,
    NodeSuspended,
    NodeWaitingForSpace,
)
_ERRORS: Final = (run.ActorFailed, run.FailureDeclared, run.RunFailed, LocationFailed)
_DETAILS: Final = (batches.DownloadProgressed, run.ActorAsked, DirectoryIndexed)
_REMEMBERED: Final = 10_000


@contextmanager
def diagnosed(context: Context, *subscribers: "Subscriber") -> Iterator["Subscriber"]:
    """Write messages to ``--log-file`` while the block runs; without one nothing is written anywhere.

    Lends a subscriber that tells all of ``subscribers``, and the file, of a run's events.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    if context.flags.log_file is None:
        # Libraries that nobody listens to would speak on standard error.
        with _heard(logging.NullHandler()):
            yield _to_all(subscribers)
        return
    from loguru import logger  # noqa: PLC0415  # not needed by those who want no file

    with _file(context.flags.log_file, "DEBUG" if context.flags.verbose else "INFO"):
        yield _to_all((*subscribers, EventLogger(logger)))


@contextmanager
def _file(path: Path, level: str) -> Iterator[None]:
    from loguru import logger  # noqa: PLC0415  # see above

    logger.remove()
    try:
        # No values of variables in tracebacks: some of them are secrets.
        sink = logger.add(path, level=level, format=_format, diagnose=False, backtrace=False)
    except OSError as error:
        raise ConfigurationError(f"the log file {path} cannot be written: {error.strerror}") from error
    logger.enable(_PACKAGE)
    try:
        with _heard(_Passing(logger)):
            yield
    finally:
        logger.disable(_PACKAGE)
        logger.remove(sink)


@contextmanager
def _heard(handler: logging.Handler) -> Iterator[None]:
    handler.setLevel(logging.INFO)  # details can hold what was signed or sent
    loggers = [logging.getLogger(name) for name in OTHERS]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.setLevel(logging.INFO)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.removeHandler(handler)
            each.setLevel(level)


def _format(record: "Record") -> str:
    extra = record["extra"]
    extra["where"] = "".join(f"{name}={extra[name]} " for name in _BOUND if extra.get(name) is not None)
    return _FORMAT


class EventLogger:
    """Writes a run's events as messages that are bound to run, node, batch and attempt."""

    def __init__(self, logger: "Logger") -> None:
        self._logger = logger
        self._nodes: OrderedDict[int, str] = OrderedDict()

    def __call__(self, envelope: Envelope) -> None:
        """Write one event."""
        event = envelope.event
        bound = self._logger.bind(run=envelope.run)
        node = getattr(event, "node", None)
        if isinstance(event, batches.BatchAssigned):
            self._nodes[event.batch] = event.node
            if len(self._nodes) > _REMEMBERED:
                self._nodes.popitem(last=False)
        if isinstance(batch := getattr(event, "batch", None), int):
            node = self._nodes.get(batch, node)
            bound = bound.bind(batch=batch, attempt=getattr(event, "attempt", None))
        if node is None and envelope.actor.startswith("node/"):
            node = envelope.actor.removeprefix("node/")
        if node is not None:
            bound = bound.bind(node=node)
        bound.log(_level(envelope), "{}", event_words(event))


def _to_all(subscribers: "Sequence[Subscriber]") -> "Subscriber":
    def tell(envelope: Envelope) -> None:
        for subscriber in subscribers:
            subscriber(envelope)

    return tell


def _level(envelope: Envelope) -> str:
    if isinstance(envelope.event, _ERRORS):
        return "ERROR"
    if isinstance(envelope.event, _WARNINGS):
        return "WARNING"
    return "DEBUG" if isinstance(envelope.event, _DETAILS) else "INFO"


class _Passing(logging.Handler):
    """Passes records of standard loggers on."""

    def __init__(self, logger: "Logger") -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        self._logger.opt(exception=record.exc_info).log(
            record.levelname, "{}: {}", record.name, record.getMessage()
        )
