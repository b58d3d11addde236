"""One rclone call under way: what every implementation of a call is given."""

from collections.abc import Callable

import msgspec

from scylla_restore.engine.lab.agent import Agent
from scylla_restore.engine.lab.faults import FaultKind
from scylla_restore.engine.lab.jobs import Job
from scylla_restore.engine.lab.params import Params
from scylla_restore.engine.lab.remotes import Remote


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call with its parameters; ``content`` is the raw body, ``hits`` the faults that its request met."""

    agent: Agent
    params: Params
    job: Job
    content: bytes = b""
    hits: frozenset[FaultKind] = frozenset()

    def place(
        self, fs_key: str = "fs", remote_key: str = "remote", *, need_remote: bool = False
    ) -> tuple[Remote, str]:
        """Return the remote and the whole path that two parameters name.

        Raises:
            CallRefused: a parameter is absent, or names nothing that can be.
        """
        fs = self.params.text(fs_key)
        below = self.params.text(remote_key, None if need_remote else "")
        remote, base = self.agent.remotes.find(fs)
        return remote, remote.join(base, below) if below else base


Implementation = Callable[[Call], object]
