"""One engine's process: it lives until it is killed, and knows only what reached it."""

from collections.abc import Callable


class Process:
    """What all actors and lanes of one engine share with each other, and lose at once when it is killed."""

    def __init__(self, name: str, *, run: str, skew_us: int = 0) -> None:
        self.name = name
        self.run = run
        self.alive = True
        self.died_us = 0
        self.skew_us = skew_us
        self.known_seq = 0
        """The last record that this engine knows to be durable: acknowledged, or read."""
        self.epoch = 0
        """The epoch of its claim."""
        self.fenced = False
        """Whether this engine has learnt that another one owns its run."""
        self.crashes: list[tuple[str, BaseException]] = []
        self._at_death: list[Callable[[], None]] = []

    def learn(self, seq: int) -> None:
        """Take note that everything up to ``seq`` is durable."""
        self.known_seq = max(self.known_seq, seq)

    def at_death(self, action: Callable[[], None]) -> None:
        """Call ``action`` when the process is killed."""
        self._at_death.append(action)

    def kill(self) -> None:
        """End the process as ``kill -9`` does: nothing of it runs any more, and nothing is put in order."""
        if not self.alive:
            return
        self.alive = False
        for action in self._at_death:
            action()
        self._at_death.clear()
