"""The composition root: the only place that puts adapters, actors and the log together."""

from collections.abc import Callable
from datetime import datetime

from scylla_restore.actors.crew import ActorCrew
from scylla_restore.actors.letters import Reported
from scylla_restore.actors.pykka_runtime import PykkaRuntime
from scylla_restore.actors.runtime import Address
from scylla_restore.actors.supervisor import NAME, ActorCrashed, Begin, SupervisorActor, SupervisorLetter
from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.api.hooks import HookCaller, Hooks
from scylla_restore.engine.api.keeping import TablesKeeper
from scylla_restore.engine.api.lending import LentConnection
from scylla_restore.engine.api.loading import LoadedRun
from scylla_restore.engine.api.location_access import either_way
from scylla_restore.engine.api.run import Run, Subscriber
from scylla_restore.engine.api.working import Work
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.log.port import Claim, EventLog
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.run import AbortRequested, PauseRequested
from scylla_restore.events.model.target import BackupLocation
from scylla_restore.events.tables.port import ProjectionTables


class Wiring:
    """Puts together what works on a run, for one run of an engine after another; see ``Engine`` for what it is given."""

    def __init__(
        self,
        *,
        log: EventLog,
        tables: ProjectionTables | None,
        cluster: ClusterConnection,
        open_store: Callable[[BackupLocation], ObjectStore],
        owner: str,
        on_event: Subscriber | None,
        hooks: Hooks | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._log = log
        self._tables = tables
        self._cluster = cluster
        self._open_store = open_store
        self._owner = owner
        self._on_event = on_event
        self._hooks = hooks
        self._clock = clock

    def work_on(self, claim: Claim, loaded: LoadedRun, opening: tuple[AnyEvent, ...]) -> Work:
        """Return what goes on with a run, from ``loaded`` on, once it is told to begin. First ``opening`` is recorded."""
        runtime, nodes, line = PykkaRuntime(self._clock), LentConnection(self._cluster), _Line(self._owner)
        run = Run(claim.run, loaded.progress, request=line.request, abandon=runtime.abandon, log=self._log)
        if self._on_event is not None:
            run.subscribe(self._on_event)
        if self._hooks is not None:
            run.subscribe(HookCaller(self._hooks, run, stage=loaded.state.stage, pause=line.pause))

        def died(_name: str, error: BaseException) -> None:
            run.crashed(error)

        crew = ActorCrew(
            runtime=runtime,
            cluster=nodes,
            log=self._log,
            tables=self._tables,
            open_store=either_way(nodes, self._open_store),
            report=line.tell,
            on_crash=line.actor_died,
            on_lane_crash=died,
        )
        line.supervisor = runtime.spawn(
            NAME,
            lambda: SupervisorActor(
                state=loaded.state,
                claim=claim,
                log=self._log,
                runtime=runtime,
                myself=lambda: line.supervisor,
                crew=crew,
                opening=opening,
                listener=run,
                on_lane_crash=died,
            ),
            died,
        )
        return Work(
            runtime=runtime,
            cluster=nodes,
            claim=claim,
            log=self._log,
            run=run,
            keeper=self._keep_tables(run),
            set_going=lambda: line.tell(Begin()),
        )

    def _keep_tables(self, run: Run) -> TablesKeeper | None:
        if self._tables is None:
            return None
        keeper = TablesKeeper(
            self._log, self._tables, run.id, seen=run.put_away, on_trouble=run.tables_changed
        )
        run.subscribe(keeper.heard)
        keeper.start()
        return keeper


class _Line:
    """The way to a supervisor, for those who are made before it is."""

    supervisor: Address[SupervisorLetter]

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def tell(self, letter: SupervisorLetter) -> None:
        self.supervisor.tell(letter)

    def request(self, abort: bool, requested_by: str) -> None:
        if abort:
            self.tell(Reported(NAME, AbortRequested(requested_by=requested_by)))
            return
        reason = f"asked for by {requested_by}"
        self.tell(Reported(NAME, PauseRequested(requested_by=requested_by, reason=reason)))

    def pause(self, reason: str) -> None:
        self.tell(Reported(NAME, PauseRequested(requested_by=self._owner, reason=reason)))

    def actor_died(self, name: str, error: BaseException) -> None:
        self.tell(ActorCrashed(name, f"{type(error).__name__}: {error}"))
