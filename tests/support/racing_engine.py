"""A process that claims a run, writes to it, and is rough about it: writes that wait on their way, claims by force.

    python -m tests.support.racing_engine ADDRESS RUN NAME

It goes on until it is killed, or until standard input ends. Each group that was acknowledged is told on standard
output, a line of JSON: ``[first, last, hash of the last]``.
"""

import os
import random
import sys
import threading
from contextlib import suppress
from itertools import count

import msgspec
from tests.support.event_logs import AT, returned

from scylla_restore.events.chain import Sealer
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogUnavailable, RunIsOwned, StaleOwner
from scylla_restore.events.log.cql import CqlLog, parse_address
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.cql.session import Bound, CqlSession
from scylla_restore.events.log.port import Claim

LEASE_S = 2
LIMITS = Limits(bucket_records=40, row_bytes=2_000)

_dice = random.Random()  # noqa: S311 - as rough as it gets
_pause = threading.Event()


def delay_writes() -> None:
    """Have every conditional write wait a while before it is sent, sometimes for longer than a lease holds."""
    apply = CqlSession.apply

    def late(session: CqlSession, *statements: Bound) -> bool:
        _pause.wait(LEASE_S * 1.5 if _dice.random() < 0.005 else _dice.random() * 0.02)
        return apply(session, *statements)

    CqlSession.apply = late  # type: ignore[method-assign,assignment]  # the point of this program


def own(log: CqlLog, run: str, name: str) -> None:
    """Claim the run, by force at times, and write until it is lost or given back."""
    claim = log.claim(run, name, take_over=_dice.random() < 0.3)
    sealer = Sealer(run=run, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
    for number in count():
        size = _dice.choice((1, 3, 20))
        group = [sealer.seal(returned(number), at=AT, actor=name) for _ in range(size)]
        append(log, claim, group)
        tell(group)
        if _dice.random() < 0.2:
            log.keep(claim)
        if _dice.random() < 0.05:
            log.release(claim)
            return


def append(log: CqlLog, claim: Claim, group: list[Envelope]) -> None:
    """Append until it is answered."""
    while True:
        try:
            log.append(claim, group)
        except LogUnavailable:
            _pause.wait(0.1)
        else:
            return


def tell(group: list[Envelope]) -> None:
    """Say that a group is durable, in one piece."""
    line = msgspec.json.encode([group[0].seq, group[-1].seq, group[-1].hash.hex()]) + b"\n"
    os.write(sys.stdout.fileno(), line)


def end_with_input() -> None:
    """End when whoever started this process is gone."""
    sys.stdin.read()
    os._exit(0)


def opened(address: str, password: str | None) -> CqlLog:
    """Open the log, however long that takes."""
    while True:
        with suppress(LogUnavailable):
            return CqlLog(
                parse_address(address), password=password, lease_s=LEASE_S, limits=LIMITS, request_timeout_s=2
            )
        _pause.wait(0.1)


def main(address: str, run: str, name: str) -> None:
    """Race."""
    threading.Thread(target=end_with_input, daemon=True).start()
    log = opened(address, os.environ.get("PASSWORD"))
    delay_writes()
    while True:
        try:
            own(log, run, name)
        except (RunIsOwned, StaleOwner, LogUnavailable):
            _pause.wait(_dice.random() * 0.3)


if __name__ == "__main__":
    main(*sys.argv[1:])
