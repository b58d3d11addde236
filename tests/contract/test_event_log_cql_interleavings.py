"""Whatever the order of steps, whoever is killed, whatever is lost or late: one owner writes at a time.

Without a server: the conditional writes are those of ``Records``, kept in memory. ``test_log_in_cassandra_races.py``
has the real ones.
"""

from itertools import count

import msgspec
import pytest
from tests.support.event_logs import AT, returned
from tests.support.interleaved import Odds, Partitions, Reached, Stage

from scylla_restore.events.chain import Sealer
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogConflict, LogUnavailable, RunIsOwned, StaleOwner
from scylla_restore.events.log.cql.buckets import last_bucket
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.cql.owning import RunWriter, claim_run
from scylla_restore.events.log.cql.reading import read_groups
from scylla_restore.events.verification import verify

RUN = "run-1"
LIMITS = Limits(bucket_records=5, row_bytes=700, page_bytes=1)
ROUGH = Odds(lost=0.05, late=0.05, never=0.02, kill=0.003, lapse=0.02)
ENGINES = 3
TURNS = 60
SEEDS = 160


class Acknowledged:
    """What engines were told: which claims are theirs, and which records are durable."""

    def __init__(self) -> None:
        self.owners: dict[int, list[str]] = {}
        self.envelopes: list[Envelope] = []


class Player:
    """An engine that claims the run, writes to it, and loses it again."""

    def __init__(self, name: str, told: Acknowledged) -> None:
        self._name = name
        self._told = told
        self._numbers = count()

    def play(self, records: Reached) -> None:
        for _ in range(TURNS):
            try:
                self._own(records)
            except (RunIsOwned, StaleOwner, LogUnavailable):
                continue

    def _own(self, records: Reached) -> None:
        dice = records.stage.dice
        token = f"{self._name}-{next(self._numbers)}"
        bucket = claim_run(
            records, RUN, self._name, token=token, take_over=dice.random() < 0.2, now=lambda: AT
        )
        time = count()
        writer = RunWriter(
            records, bucket, token=token, limits=LIMITS, monotonic=lambda: float(next(time)) * 2
        )
        self._told.owners.setdefault(writer.claim.epoch, []).append(self._name)
        head = writer.claim.head
        sealer = Sealer(run=RUN, epoch=head.epoch, seq=head.seq, head_hash=head.hash)
        while dice.random() < 0.9:
            size = dice.randint(1, 4)
            group = [sealer.seal(returned(n), at=AT, actor=self._name) for n in range(size)]
            self._append(writer, group)
            if dice.random() < 0.3:
                writer.keep()
        writer.release()

    def _append(self, writer: RunWriter, group: list[Envelope]) -> None:
        """As the supervisor's lane does it: until it is answered."""
        while True:
            try:
                writer.append(group)
            except LogUnavailable:
                continue
            self._told.envelopes += group
            return


def play(seed: int, odds: Odds, bugs: frozenset[str] = frozenset()) -> tuple[Partitions, Acknowledged]:
    stage = Stage(f"interleaving {seed}", odds, bugs)
    told = Acknowledged()
    for number in range(ENGINES):
        stage.add(Player(f"engine {number}", told).play)
    stage.run()
    for write in stage.late:
        write()
    return stage.partitions, told


def problems(partitions: Partitions, told: Acknowledged) -> list[str]:
    """What is wrong with a log, and with what engines were told of it."""
    first, last = partitions.bucket(RUN, 0), last_bucket(partitions, RUN)
    assert first is not None
    assert last is not None
    found = list(read_groups(partitions, first, from_seq=1, page_bytes=LIMITS.page_bytes))
    report = verify(RUN, iter(found), head_seq=last.head, head_hash=last.head_hash)
    stored = {record.seq: record.record for record in found}
    epochs = [msgspec.json.decode(record.record)["epoch"] for record in found]
    return [
        *(() if report.ok else [f"the chain is broken: {report}"]),
        *(f"record {e.seq} is lost" for e in told.envelopes if stored.get(e.seq) != e.record),
        *(["epochs are interleaved"] if epochs != sorted(epochs) else []),
        *(f"epoch {epoch} has several owners" for epoch, names in told.owners.items() if len(names) > 1),
    ]


@pytest.mark.parametrize("part", range(4))
def test_only_owners_write_and_nothing_acknowledged_is_lost(part: int) -> None:
    records = 0
    for seed in range(part * SEEDS // 4, (part + 1) * SEEDS // 4):
        partitions, told = play(seed, ROUGH)
        assert problems(partitions, told) == [], f"seed {seed}"
        records += len(told.envelopes)
    assert records > SEEDS


def test_without_faults_nobody_is_held_up() -> None:
    partitions, told = play(1, Odds())
    assert problems(partitions, told) == []
    assert len(partitions.buckets) > 10


@pytest.mark.parametrize("bug", ["open", "append epoch", "append head", "close epoch"])
def test_a_store_that_forgets_a_condition_is_noticed(bug: str) -> None:
    assert any(goes_wrong(seed, bug) for seed in range(SEEDS))


def goes_wrong(seed: int, bug: str) -> bool:
    try:
        return bool(problems(*play(seed, ROUGH, frozenset({bug}))))
    except LogConflict:
        return True
