"""Commands about the engine itself."""

from scylla_restore.engine.core.commands.base import Command


class ReplaceActor(Command, frozen=True, kw_only=True):
    """Spawn a new actor under the name of one that crashed (``node/…``, ``location/…``)."""

    actor: str


class SeekOtherRuns(Command, frozen=True, kw_only=True):
    """Search the log for runs into a cluster that are not over, but for ``run``. → ``OtherRunsSought``."""

    run: str
    cluster_id: str
