"""All projections, fed record by record."""

from collections.abc import Iterable

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.projections import progress, restore_run, restore_run_progress
from scylla_restore.events.projections.changes import carry_out
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.progress_state import ProgressState

_canonical = msgspec.json.Encoder(order="deterministic")


class Projected:
    """Progress and Scylla Manager's two tables, as far as the log was shown."""

    def __init__(self) -> None:
        self.seq = 0
        self.progress = ProgressState()
        self.runs: dict[restore_run.Key, restore_run.RestoreRunRow] = {}
        self.rows: dict[restore_run_progress.Key, restore_run_progress.RestoreRunProgressRow] = {}
        self._last: Envelope | None = None
        self._run_state = restore_run.RestoreRunState()
        self._row_state = restore_run_progress.RestoreRunProgressState()

    def feed(self, envelopes: Iterable[Envelope]) -> None:
        """Fold more records."""
        for envelope in envelopes:
            self.seq, self._last = envelope.seq, envelope
            progress.apply(self.progress, envelope)
            runs: restore_run.Changed = {}
            rows: restore_run_progress.Changed = {}
            restore_run.apply(self._run_state, envelope, runs)
            restore_run_progress.apply(self._row_state, envelope, rows)
            carry_out(self.runs, runs)
            carry_out(self.rows, rows)

    def document(self) -> ProgressDocument | None:
        """The progress as of the last record."""
        return document(self.progress, self._last.at) if self._last is not None else None

    def canonical(self) -> bytes:
        """Everything, as bytes that are equal when it is."""
        runs = sorted(self.runs.items(), key=lambda item: repr(item[0]))
        rows = sorted(self.rows.items(), key=lambda item: repr(item[0]))
        return _canonical.encode([self.document(), runs, rows])
