"""The engine for asyncio: the same runs, and nothing that blocks the loop.

async with AsyncEngine(engine) as restores:
    run = await restores.start(target)
    async for envelope in run.events():
        ...
    outcome = await run.wait()

What blocks is done in threads of the loop's own executor; nothing else is started for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Final, Self

from scylla_restore.engine.api.engine import Engine
from scylla_restore.engine.api.plan import Plan
from scylla_restore.engine.api.run import Outcome, Run
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.target import RestoreTarget
from scylla_restore.events.projections.progress_document import ProgressDocument

_READ_AT_ONCE: Final = 500


class AsyncRun:
    """A ``Run`` for coroutines. ``run`` is the run itself, whose methods that do not wait may be used as they are."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @property
    def id(self) -> str:
        """The run's id."""
        return self.run.id

    async def wait(self, timeout_s: float | None = None) -> Outcome | None:
        """Wait as ``Run.wait`` does: None when ``timeout_s`` passed first."""
        over = asyncio.Event()
        self.run.when_over(_in_loop(over.set))
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), timeout_s)
        return self.run.wait(0)

    async def events(self, *, since: int = 1) -> AsyncIterator[Envelope]:
        """Yield the run's events as ``Run.events`` does.

        Raises:
            LogError: the log cannot be read.
        """
        news = asyncio.Event()
        wake = _in_loop(news.set)
        unsubscribe = self.run.subscribe(lambda _envelope: wake())
        self.run.when_over(wake)
        try:
            while True:
                is_over = self.run.is_over
                news.clear()
                while envelopes := await asyncio.to_thread(self._read, since):
                    for envelope in envelopes:
                        yield envelope
                    since = envelopes[-1].seq + 1
                if is_over:
                    return
                if not self.run.is_over:
                    await news.wait()
        finally:
            unsubscribe()

    def _read(self, since: int) -> list[Envelope]:
        return list(islice(self.run.recorded_since(since), _READ_AT_ONCE))

    def pause(self, requested_by: str) -> None:
        """Ask the run to stop cleanly; ``wait`` tells when it has."""
        self.run.pause(requested_by)

    def abort(self, requested_by: str) -> None:
        """Give the run up: everything that it altered is undone."""
        self.run.abort(requested_by)

    def progress(self, now: datetime) -> ProgressDocument:
        """Return where the run stands."""
        return self.run.progress(now)


class AsyncEngine:
    """An ``Engine`` for coroutines; closed with the block. Errors are those of ``Engine``'s methods.

    A coroutine that is cancelled while it waits for one of them does not undo it: what was begun is ended with ``close``.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self, target: RestoreTarget) -> AsyncRun:
        """See ``Engine.start``."""
        return AsyncRun(await asyncio.to_thread(self.engine.start, target))

    async def plan(self, target: RestoreTarget) -> Plan:
        """See ``Engine.plan``."""
        return await asyncio.to_thread(self.engine.plan, target)

    async def resume(
        self, run: str, flags: TargetFlags | None = None, *, take_over: bool = False
    ) -> AsyncRun:
        """See ``Engine.resume``."""
        return AsyncRun(await asyncio.to_thread(self.engine.resume, run, flags, take_over=take_over))

    async def abort(self, run: str) -> AsyncRun:
        """See ``Engine.abort``."""
        return AsyncRun(await asyncio.to_thread(self.engine.abort, run))

    async def put_right(self, run: str) -> AsyncRun:
        """See ``Engine.put_right``."""
        return AsyncRun(await asyncio.to_thread(self.engine.put_right, run))

    async def close(self) -> None:
        """See ``Engine.close``."""
        await asyncio.to_thread(self.engine.close)


def _in_loop(action: Callable[[], None]) -> Callable[[], None]:
    """Return what has ``action`` called in the loop that runs now, from any thread; nothing once the loop is closed."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(action)

    return call
