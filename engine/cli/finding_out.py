"""What a plan has found out so far, told while somebody waits for it."""

from datetime import datetime
from typing import Final

from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.units import count_text
from scylla_restore.engine.cli.waits import Waits
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.locations import (
    DirectoryIndexed,
    LocationIndexed,
    LocationOpened,
    ManifestRead,
)

_EVERY_S: Final = 3.0


class FindingOut:
    """A subscriber that writes a line every few seconds, and one for each thing that is waited for."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._waits = Waits()
        self._told: frozenset[str] = frozenset()
        self._last: datetime | None = None
        self._manifests = self._read = self._directories = self._sstables = 0

    def __call__(self, envelope: Envelope) -> None:
        """Take in an event; called in another thread."""
        self._count(envelope)
        self._waits.apply(envelope)
        self._last = self._last or envelope.at
        lines = self._waits.lines()
        for line in lines:
            if line not in self._told:
                self._output.note(line)
        self._told = frozenset(lines)
        if (envelope.at - self._last).total_seconds() >= _EVERY_S:
            self._last = envelope.at
            self._output.note(
                f"looking: {self._read} of {count_text(self._manifests, 'manifest')} read, "
                f"{self._sstables} SSTables in {count_text(self._directories, 'directory', 'directories')} so far"
            )

    def _count(self, envelope: Envelope) -> None:
        match envelope.event:
            case LocationOpened() as opened:
                self._manifests += len(opened.manifests)
                if opened.because:
                    self._output.note(f"{opened.location} is read through the agents: {opened.because}")
            case ManifestRead():
                self._read += 1
            case DirectoryIndexed(ids=ids):
                self._directories += 1
                self._sstables += len(ids)
            case LocationIndexed(location=location, retries=retries) if retries:
                self._output.note(
                    f"{location} was busy or silent at times: {count_text(retries, 'request')} had to be made again"
                )
            case _:
                pass
