"""What happens in the demo, and what is told of it."""

import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.demo.child import engine_process
from scylla_restore.engine.cli.demo.scene import Scene, begun_batches, is_half_done, loaded_batches
from scylla_restore.engine.cli.following import Follower
from scylla_restore.engine.cli.signals import taken_signals
from scylla_restore.engine.cli.units import bytes_text, count_text
from scylla_restore.engine.cli.watching import REDRAW_S, drawn, watch, written
from scylla_restore.engine.errors import RestoreError, TargetError
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.lab import Lab
from scylla_restore.engine.lab.state import Speeds
from scylla_restore.events.audit import AuditReport, audit
from scylla_restore.events.log.opening import open_log
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.projections.progress_document import ProgressDocument
from scylla_restore.events.projections.progress_state import RunState

LOCATION = "localstorage:demo"
SPEEDS = Speeds(download_mbps=1.0, load_mbps=0.7)
"""Slow on purpose: there has to be a middle to be killed in."""
_SSTABLES_PER_NODE = 8
_SSTABLE_BYTES = 100_000
_BEGINS_WITHIN_S = 60.0


def tell(context: Context, *, nodes: int, keep: Path | None) -> int:
    """Play the whole demo; leaves nothing behind but what ``keep`` is to hold.

    Raises:
        RestoreError: something did not go as it always goes.
    """
    with ExitStack() as stack:
        stack.enter_context(taken_signals())
        story = _Story(context, stack.enter_context(_directory(keep)))
        story.build(stack, nodes)
        run = story.restore_until_killed()
        story.resume(run)
        report = story.audit(run)
        progress = story.progress(run)
    _tell_what_next(story.say, run, keep)
    if context.output.is_json:
        context.output.document({**_builtins(progress), "audit": _builtins(report)})
    return 0 if report.ok and progress.state is RunState.DONE else 1


class _Story:
    """The demo's parts, each told as it happens: on standard output, or beside it where that is for programs."""

    def __init__(self, context: Context, directory: Path) -> None:
        self._context = context
        self._directory = directory
        self._config = directory / "scylla-restore.toml"
        self._said = directory / "engine.txt"
        self._log: EventLog
        self._tag = ""

    def say(self, text: str = "") -> None:
        """Tell the spectator something."""
        output = self._context.output
        (output.note if output.is_json else output.line)(text)

    def build(self, stack: ExitStack, nodes: int) -> None:
        """Start nodes and write a backup for them."""
        self.say(
            f"1. {count_text(nodes, 'lab node')}, with the APIs of Scylla and of Scylla Manager's agent over HTTPS,"
        )
        self.say(f"   real files and slow disks, in {self._directory}")
        lab = Lab(self._directory, nodes=nodes, port=0, speeds=SPEEDS, cluster="demo")
        stack.enter_context(lab)
        backup = write_backup(
            self._directory,
            BackupRequest(
                location=LOCATION,
                keyspaces=2,
                tables=2,
                sstables=_SSTABLES_PER_NODE * nodes,
                sstable_bytes=_SSTABLE_BYTES,
            ),
        )
        self._tag = backup.snapshot_tag
        self._log = open_log(f"sqlite:///{self._directory / 'log.db'}")
        stack.callback(self._log.close)
        self.say(
            f"2. a backup as Scylla Manager writes it: {count_text(backup.sstables, 'SSTable')}, "
            f"{bytes_text(backup.bytes)}, snapshot {self._tag}"
        )

    def restore_until_killed(self) -> str:
        """Begin a run and kill its engine in the middle; return the run's id."""
        words = ["run", "-L", LOCATION, "-T", self._tag, "--restore-tables"]
        self.say("3. the restore, by an engine in a process of its own:")
        with self._engine(words) as process:
            run = self._begun(process.poll)
            scene = Scene(self._log, run, process, is_time=is_half_done)
            self._show(scene)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.say(
            f"   killed in the middle (kill -9 {process.pid}): {scene.state.sstables_restored} of "
            f"{scene.state.catalogue.total.sstables} SSTables are in the cluster, "
            f"{count_text(len(scene.state.open), 'batch is', 'batches are')} on the way"
        )
        return run

    def resume(self, run: str) -> None:
        """Let another engine carry on to the end."""
        killed_at = self._log.head(run).seq
        before = loaded_batches(self._log, run, up_to=killed_at)
        self.say("4. another engine carries on where the log ends:")
        with self._engine(["resume", run]) as process:
            scene = Scene(self._log, run, process)
            self._show(scene)
        if process.returncode:
            raise self._engine_failed()
        again = before & begun_batches(self._log, run, after=killed_at)
        of_them = "none of them was downloaded or loaded again" if not again else f"{len(again)} came again"
        self.say(
            f"   {count_text(len(before), 'batch was', 'batches were')} there before the kill, {of_them}"
        )

    def audit(self, run: str) -> AuditReport:
        """Verify the record."""
        report = audit(self._log, run)
        summary = report.summary
        verdict = "is intact" if report.ok else f"IS NOT INTACT from record {report.first_bad_seq} on"
        self.say(f"5. the audit: the record of {report.events} events {verdict}, by two engines;")
        self.say(
            f"   {summary.restored_sstables} of {summary.sstables} SSTables restored in {summary.batches} batches; "
            f"{summary.alterations.made} alterations of the cluster made, {summary.alterations.undone} undone"
        )
        return report

    def progress(self, run: str) -> ProgressDocument:
        """Return where the run stands."""
        follower = Follower(self._log, run)
        follower.catch_up()
        return follower.document(self._context.clock.now())

    @contextmanager
    def _engine(self, words: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
        self.say(f"   $ scylla-restore {' '.join(words)} --config {self._config}")
        with (
            self._said.open("ab") as said,
            engine_process(
                [*words, "--config", str(self._config), "--quiet"], self._context.environment, said
            ) as process,
        ):
            yield process

    def _begun(self, poll: Callable[[], int | None]) -> str:
        """Return the id of the run, once it is in the log."""
        waited_s = 0.0
        while not (runs := self._log.runs()):
            if poll() is not None or waited_s > _BEGINS_WITHIN_S:
                raise self._engine_failed()
            self._context.clock.wait(REDRAW_S / 5)
            waited_s += REDRAW_S / 5
        return runs[-1]

    def _show(self, scene: Scene) -> None:
        output = self._context.output
        with ExitStack() as stack:
            if output.is_terminal and not output.is_json:
                display = stack.enter_context(drawn(self._context, details=False))
            else:
                display = written(self._context, lambda line: self.say(f"   {line}"))
            watch(scene, self._context, display)

    def _engine_failed(self) -> RestoreError:
        said = self._said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return RestoreError(
            f"the demo's engine did not do its work: {' '.join(said[-3:]) or 'it said nothing'}",
            hint="`scylla-restore demo --keep DIR` keeps what it leaves",
        )


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="scylla-restore-demo-") as name:
            yield Path(name)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise TargetError(f"{keep} is there already", hint="name a directory that is new, or empty")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


def _tell_what_next(say: Callable[[str], None], run: str, keep: Path | None) -> None:
    say("")
    if keep is None:
        say("All of it was in a temporary directory and is gone. What to type next:")
        say("  scylla-restore demo --keep DIR      keeps it: log, nodes' directories, configuration")
    else:
        config = f"--config {keep}/scylla-restore.toml"
        say("What to type next:")
        say(f"  scylla-restore progress {config}")
        say(f"  scylla-restore events {run} {config}")
        say(f"  scylla-restore audit {run} {config}")
        say(f"  scylla-restore lab up --dir {keep}      starts the nodes again")
    say("  scylla-restore run --help           a restore of your own; the README goes through one")


def _builtins(document: msgspec.Struct) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(document)
    return built
