"""What actors run on: letters, lanes and time. Pykka in production, one thread and a virtual clock in the simulator.

An actor is a ``Behaviour``: it receives letters one after another and answers at once. What takes time is a
*procedure*: a coroutine that awaits ``Effect``s and runs in a *lane*, a worker of its own. The coroutine never does
anything itself, so the same procedure runs against real nodes in a thread and against simulated ones under a
scheduler.

    async def remove(node: Node, path: str) -> None:
        await node(lambda gateway: gateway.purge(path))
"""

from collections.abc import Callable, Coroutine, Generator
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
Port = TypeVar("Port")
LetterT_contra = TypeVar("LetterT_contra", contravariant=True)


class Call(Generic[Port, T]):
    """One blocking call on a port (a node, an object store), made by whoever drives the lane.

    It may be made anew with the same arguments only by the simulator, never by a runtime that touches the world.
    """

    __slots__ = ("perform", "port")

    def __init__(self, port: Port, perform: Callable[[Port], T]) -> None:
        self.port = port
        self.perform = perform

    def __await__(self) -> Generator["Effect", Any, T]:
        answer: T = yield self
        return answer


class Sleep:
    """Let time pass; a stop request ends it early with ``Stopped``."""

    __slots__ = ("duration",)

    def __init__(self, duration: timedelta) -> None:
        self.duration = duration

    def __await__(self) -> Generator["Effect", Any, None]:
        yield self


Effect = Call[Any, Any] | Sleep
Procedure = Coroutine[Effect, Any, None]


class Stopped(BaseException):
    """Thrown into a procedure in place of the effect that it awaits next, after its lane was told to stop.

    A call under way is finished and answered first, so that what it did is known; a sleep ends early. The procedure
    may await further effects to clean up after itself; it is told only once. One that lets it through has ended.
    """


class Lane(Protocol):
    """A worker beside a mailbox, that runs one procedure after another.

    A procedure reports its outcome as its last act, so that nothing of it can be stopped after it was heard of.
    """

    def start(self, procedure: Procedure) -> None:
        """Run the procedure when those before it have ended."""
        ...

    def stop(self) -> None:
        """Throw ``Stopped`` into every procedure started so far, each at its first effect from now on.

        Those that wait still run up to that effect, so that each can say how it ended. Later ones run as usual.
        """
        ...

    def close(self) -> None:
        """Abandon every procedure: no further effect is performed and no answer delivered, nothing is cleaned up."""
        ...


class Behaviour(Protocol[LetterT_contra]):
    """What an actor does with a letter."""

    def receive(self, letter: LetterT_contra) -> None:
        """Take one letter. An exception is a crash of the actor."""
        ...


class Address(Protocol[LetterT_contra]):
    """Where letters to an actor go. A letter to a dead actor is lost without a word."""

    def tell(self, letter: LetterT_contra) -> None:
        """Put a letter into the mailbox and return at once."""
        ...


class Runtime(Protocol):
    """Spawns actors and lanes, and knows the time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        ...

    def spawn(
        self, name: str, build: Callable[[], Behaviour[Any]], on_crash: Callable[[str, BaseException], None]
    ) -> Address[Any]:
        """Start an actor. ``build`` runs at its first letter; a crash is told to ``on_crash(name, error)``."""
        ...

    def lane(self, name: str, on_crash: Callable[[str, BaseException], None]) -> Lane:
        """Make a lane for procedures. One that raises is told to ``on_crash``; the lane goes on."""
        ...

    def later(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Call ``action`` (which only tells letters) after ``delay``."""
        ...
