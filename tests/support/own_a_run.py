"""A process of its own that claims a run of an SQLite log, writes to it, and waits to be killed.

Run as a script: ``own_a_run.py LOG RUN [GROUP]``. It says ``owned`` when its first record is written, or ``refused``
where somebody else owns the run. With GROUP it goes on writing groups of that size, and says so after the tenth.
"""

import sys
from datetime import UTC, datetime

from scylla_restore.events.chain import Sealer
from scylla_restore.events.errors import RunIsOwned
from scylla_restore.events.log.port import Claim
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.model.run import OwnerChanged

AT = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Own the run until standard input ends, which it does when whoever started this process is gone."""
    path, run, *rest = sys.argv[1:]
    log = SQLiteLog(path, busy_timeout_s=30)
    sys.stdin.readline()
    try:
        claim = log.claim(run, "another process")
    except RunIsOwned:
        say("refused")
    else:
        sealer = Sealer(run=run, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
        write(log, claim, sealer, 1)
        say("owned")
        if rest:
            keep_writing(log, claim, sealer, int(rest[0]))
    sys.stdin.readline()


def keep_writing(log: SQLiteLog, claim: Claim, sealer: Sealer, group: int) -> None:
    """Write until the process is killed; after a great many groups it gives up."""
    for number in range(1_000_000):
        write(log, claim, sealer, group)
        if number == 10:
            say("writing")


def write(log: SQLiteLog, claim: Claim, sealer: Sealer, count: int) -> None:
    """Append one group."""
    event = OwnerChanged(owner="another process", engine_version="0")
    log.append(claim, [sealer.seal(event, at=AT, actor="supervisor") for _ in range(count)])


def say(word: str) -> None:
    """Tell whoever started this process."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
