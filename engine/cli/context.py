"""What a command has to work with: flags, configuration, streams, the log, a clock."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.config import ConfigFile
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.events.log.port import EventLog


@dataclass(frozen=True)
class Clock:
    """The time, and a way to let it pass. ``wait`` takes seconds."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    wait: Callable[[float], object] = threading.Event().wait


@dataclass(frozen=True, kw_only=True)
class Context:
    """One call of the program."""

    flags: GlobalFlags
    file: ConfigFile
    output: Output
    environment: Mapping[str, str]
    clock: Clock = Clock()

    @property
    def log_url(self) -> str:
        """Where the event log is: the flag, else the configuration, else a file in the user's state directory.

        Raises:
            ConfigurationError: there is no home directory to have a state directory in.
        """
        return self.flags.log or self.file.config.log.url or default_log_url(self.environment)

    @contextmanager
    def log(self, *, create: bool = False) -> Iterator[EventLog]:
        """Open the event log, and close it in the end. Only who writes creates one.

        Raises:
            LogError: it is not there, or cannot be opened.
        """
        from scylla_restore.events.log.opening import open_log  # noqa: PLC0415  # a store's driver is slow to import

        log = open_log(self.log_url, create=create, password=self._log_password)
        try:
            yield log
        finally:
            log.close()

    def _log_password(self) -> str | None:
        reference = self.file.config.log.password
        return reference.resolve(self.environment, what="the log's password").reveal() if reference else None


Given = Annotated[Context, Parameter(parse=False)]
"""A command's parameter that is given to it, not typed by anybody."""


def default_log_url(environment: Mapping[str, str]) -> str:
    """Return the log in the user's state directory: ``XDG_STATE_HOME``, else ``.local/state`` in ``HOME``.

    Raises:
        ConfigurationError: neither is set.
    """
    if state := environment.get("XDG_STATE_HOME"):
        directory = Path(state)
    elif home := environment.get("HOME"):
        directory = Path(home) / ".local" / "state"
    else:
        raise ConfigurationError("there is no HOME to keep the event log in", hint="name a log with --log")
    return f"sqlite:///{directory / 'scylla-restore' / 'log.db'}"
