"""What an engine can be asked for: runs that it starts, resumes, gives up, or only plans."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import uuid4

from scylla_restore import __version__
from scylla_restore.actors.pykka_runtime import utc_now
from scylla_restore.engine.api.connection import ClusterConnection, cluster_id
from scylla_restore.engine.api.hooks import Hooks
from scylla_restore.engine.api.lending import LentConnection
from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.api.plan import Plan
from scylla_restore.engine.api.planning import plan_from
from scylla_restore.engine.api.refusing import (
    name_of,
    refuse_finished,
    refuse_other_cluster,
    refuse_second_run,
)
from scylla_restore.engine.api.run import Run, Subscriber
from scylla_restore.engine.api.wiring import Wiring
from scylla_restore.engine.api.working import Work
from scylla_restore.engine.core.state import Ending, RunState
from scylla_restore.engine.core.target_changes import resumed_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.port import Claim, EventLog, RequestKind
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.run import (
    AbortRequested,
    OwnerChanged,
    PauseRequested,
    RunResumed,
    RunStarted,
    SettingsChanged,
)
from scylla_restore.events.model.target import BackupLocation, RestoreTarget
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.tables.opening import tables_beside
from scylla_restore.events.tables.port import ProjectionTables

NOTICED_WITHIN = timedelta(seconds=5)
"""How long an engine that was fenced off may go on asking nodes for things, until it looks at the log."""


class Engine:
    """Runs restores, several at a time if wanted. What it is given, it does not close.

    ``owner`` tells people who has a run: a user, a host, a process. ``on_event`` is told every event of every run,
    from the first one on and once it is durable, as ``Run.subscribe`` tells. ``hooks`` are called for every run.
    Projections are kept in ``tables``, or else in those beside the log. ``clock`` returns the time in UTC.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        cluster: ClusterConnection,
        open_store: Callable[[BackupLocation], ObjectStore],
        owner: str,
        on_event: Subscriber | None = None,
        tables: ProjectionTables | None = None,
        hooks: Hooks | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._log = log
        self._tables = tables if tables is not None else tables_beside(log)
        self._cluster = cluster
        self._open_store = open_store
        self._owner = owner
        self._on_event = on_event
        self._clock = clock
        self._wiring = Wiring(
            log=log,
            tables=self._tables,
            cluster=cluster,
            open_store=open_store,
            owner=owner,
            on_event=on_event,
            hooks=hooks,
            clock=clock,
        )
        self._lock = threading.Lock()
        self._working: list[Work] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, target: RestoreTarget) -> Run:
        """Begin a new run, and return it as soon as it has an id.

        Raises:
            TargetError: the cluster has an unfinished run.
            NodeError: no contact point answers.
            LogError: the log cannot be used.
        """
        run, _ = self._start(target, dry_run=False)
        return run

    def plan(self, target: RestoreTarget) -> Plan:
        """Find out what ``start`` would do, by whom, how long it would take, and what somebody should know before.

        Nothing is altered, and nothing is recorded in the log. ``on_event`` is told what is found out meanwhile.

        Raises:
            TargetError: the restore cannot be.
            RunFailedError: something else stands in its way.
            NodeError: no contact point answers.
        """
        nodes = LentConnection(self._cluster)
        inner = Engine(
            log=MemoryLog(),
            cluster=nodes,
            open_store=self._open_store,
            owner=self._owner,
            on_event=self._on_event,
            clock=self._clock,
        )
        try:
            with inner:
                run, state = inner._start(target, dry_run=True)
                outcome = run.wait()
            return plan_from(state, outcome, nodes, self._log)
        finally:
            nodes.close()

    def _start(self, target: RestoreTarget, *, dry_run: bool) -> tuple[Run, RunState]:
        """Return the run, and its state: the supervisor's own until the run has ended."""
        name = name_of(self._cluster)
        identity = cluster_id(self._cluster.configured_id, name)
        refuse_second_run(self._log, self._tables, identity, name)
        run = uuid4()
        claim = self._log.claim(str(run), self._owner)
        started = RunStarted(
            target=target,
            cluster=name,
            cluster_id=identity,
            seed=run.int & 0xFFFFFFFF,
            started_by=self._owner,
            engine_version=__version__,
            dry_run=dry_run,
        )
        fresh = LoadedRun(state=RunState(run=claim.run), progress=ProgressState())
        return self._work_on(claim, fresh, (started, self._owned())), fresh.state

    def resume(self, run: str, flags: TargetFlags | None = None, *, take_over: bool = False) -> Run:
        """Go on with a run where its log ends. ``flags`` change its tuning; they may not select other data.

        ``take_over`` takes the run from an engine that is alive, and begins when that one has had time to notice.

        Raises:
            TargetError: the run is over, belongs to another cluster, or restores other data than ``flags`` select.
            RunIsOwned: a living engine has it, and ``take_over`` is false.
            UnknownRun, NodeError, LogError
        """
        self._put_away_ended(run)
        grace = NOTICED_WITHIN if take_over and self._log.is_owned(run) else timedelta(0)
        with self._taken_up(run, take_over=take_over) as (claim, loaded):
            refuse_other_cluster(self._cluster, loaded.state)
            # Whoever resumes does not want what an engine before this one was asked for and did not get to.
            self._log.clear_requests(run, kinds=(RequestKind.PAUSE,))
            events: list[AnyEvent] = [self._owned()]
            if loaded.state.ending is not Ending.ABORT:
                events += _changed_settings(loaded.state.target, flags or TargetFlags())
                events.append(RunResumed())
        return self._work_on(claim, loaded, tuple(events), grace=grace)

    def abort(self, run: str) -> Run:
        """Give up a run that nobody owns: what it altered is undone.

        Raises:
            TargetError: the run is over.
            RunIsOwned: a living engine has it; post a request to it instead.
            UnknownRun, LogError
        """
        with self._taken_up(run) as (claim, loaded):
            state = loaded.state
            if state.ledger.entries or state.batches or state.repairs.units:
                refuse_other_cluster(self._cluster, state)
        return self._work_on(claim, loaded, (self._owned(), AbortRequested(requested_by=self._owner)))

    def put_right(self, run: str) -> Run:
        """Put back what a run that nobody owns has left altered, and pause it: it can be resumed.

        That goes for views and ``tombstone_gc``, too, which a run alters again when it is resumed.

        Raises:
            TargetError: the run is over, or belongs to another cluster.
            RunIsOwned: a living engine has it.
            UnknownRun, NodeError, LogError
        """
        with self._taken_up(run) as (claim, loaded):
            refuse_other_cluster(self._cluster, loaded.state)
            events: list[AnyEvent] = [self._owned()]
            if loaded.state.ending is not Ending.ABORT:
                reason = "what the run had left altered was to be put back"
                asked = PauseRequested(requested_by=self._owner, reason=reason, puts_all_back=True)
                events += [RunResumed(), asked]
        return self._work_on(claim, loaded, tuple(events))

    @contextmanager
    def _taken_up(self, run: str, *, take_over: bool = False) -> Iterator[tuple[Claim, LoadedRun]]:
        """Claim a run that is not over, and lend what its log tells; it is given back if the block fails."""
        self._put_away_ended(run)
        self._log.head(run)
        claim = self._log.claim(run, self._owner, take_over=take_over)
        try:
            loaded = load_run(self._log, run, up_to=claim.head.seq)
            refuse_finished(loaded.state)
            yield claim, loaded
        except BaseException:
            self._log.release(claim)
            raise

    def close(self) -> None:
        """Drop everything that is under way, without a further call to any node, and give the runs back.

        What the log holds by then is brought into the tables, if that takes no more than seconds.
        """
        with self._lock:
            working = list(self._working)
        for work in working:
            work.end()

    def _put_away_ended(self, run: str) -> None:
        """Wait until what this engine did for a run that has ended is put away: another claim can be made then."""
        with self._lock:
            ended = [work for work in self._working if work.claim.run == run and work.is_over]
        for work in ended:
            work.end()

    def _forget(self, work: Work) -> None:
        with self._lock, suppress(ValueError):
            self._working.remove(work)

    def _owned(self) -> OwnerChanged:
        return OwnerChanged(owner=self._owner, engine_version=__version__)

    def _work_on(
        self,
        claim: Claim,
        loaded: LoadedRun,
        opening: tuple[AnyEvent, ...],
        *,
        grace: timedelta = timedelta(0),
    ) -> Run:
        work = self._wiring.work_on(claim, loaded, opening)
        with self._lock:
            self._working.append(work)
        work.begin(lambda: self._forget(work), grace=grace)
        return work.run


def _changed_settings(target: RestoreTarget, flags: TargetFlags) -> list[AnyEvent]:
    after = resumed_target(target, flags).tuning
    return [SettingsChanged(before=target.tuning, after=after)] if after != target.tuning else []
