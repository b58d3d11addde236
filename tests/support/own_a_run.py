"""A process of its own that claims a run of an SQLite log, writes a record, says so, and waits to be killed.

Run as a script: ``own_a_run.py LOG RUN``. It says ``owned``, or ``refused`` where somebody else owns the run.
"""

import sys
from datetime import UTC, datetime

from scylla_restore.events.chain import Sealer
from scylla_restore.events.errors import RunIsOwned
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.model.run import OwnerChanged


def main() -> None:
    """Own the run until standard input ends, which it does when whoever started this process is gone."""
    path, run = sys.argv[1:]
    log = SQLiteLog(path, busy_timeout_s=30)
    sys.stdin.readline()
    try:
        claim = log.claim(run, "another process")
    except RunIsOwned:
        sys.stdout.write("refused\n")
    else:
        sealer = Sealer(run=run, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
        event = OwnerChanged(owner="another process", engine_version="0")
        log.append(claim, [sealer.seal(event, at=datetime(2026, 1, 1, tzinfo=UTC), actor="supervisor")])
        sys.stdout.write("owned\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main()
