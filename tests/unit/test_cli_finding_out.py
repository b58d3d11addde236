"""What somebody who waits for a plan is told meanwhile."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import msgspec
from tests.support.event_samples import SAMPLES

from scylla_restore.engine.cli.finding_out import FindingOut
from scylla_restore.engine.cli.output import Output
from scylla_restore.events.chain import Sealer, genesis
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import DirectoryIndexed, LocationIndexed, LocationOpened
from scylla_restore.events.model.target import IndexVia

RUN = "6f1d2c3b-0000-4000-8000-000000000001"
START = datetime(2026, 1, 1, tzinfo=UTC)
OPENED = LocationOpened(location="s3:b", manifests=("m1", "m2"))
DIRECTORY = SAMPLES["DirectoryIndexed.v1"]
INDEXED = LocationIndexed(location="s3:b", directories=1, sstables=1, size=1)


def told(*happened: tuple[float, AnyEvent], is_quiet: bool = False) -> list[str]:
    """The lines written of events, each so many seconds after the start."""
    output = Output(stdout=StringIO(), stderr=(stderr := StringIO()))
    output.is_quiet = is_quiet
    finding_out = FindingOut(output)
    sealer = Sealer(run=RUN, epoch=1, seq=0, head_hash=genesis(RUN))
    for second, event in happened:
        finding_out(sealer.seal(event, at=START + timedelta(seconds=second), actor="a"))
    return stderr.getvalue().splitlines()


def test_how_far_the_index_is_is_told_every_few_seconds() -> None:
    assert isinstance(DIRECTORY, DirectoryIndexed)
    happened = [
        (0, OPENED),
        (1, SAMPLES["ManifestRead.v1"]),
        *((second, DIRECTORY) for second in range(2, 8)),
    ]
    assert told(*happened) == [
        "looking: 1 of 2 manifests read, 4 SSTables in 2 directories so far",
        "looking: 1 of 2 manifests read, 10 SSTables in 5 directories so far",
    ]
    assert told(*happened, is_quiet=True) == []


def test_requests_that_had_to_be_made_again_are_counted() -> None:
    retried = msgspec.structs.replace(INDEXED, retries=3)
    assert told((0, OPENED), (1, INDEXED)) == []
    assert told((0, OPENED), (1, retried)) == [
        "s3:b was busy or silent at times: 3 requests had to be made again"
    ]


def test_a_bucket_that_is_read_by_agents_is_told_with_the_reason() -> None:
    opened = msgspec.structs.replace(OPENED, via=IndexVia.AGENT, because="no credentials")
    assert told((0, opened)) == ["s3:b is read through the agents: no credentials"]
