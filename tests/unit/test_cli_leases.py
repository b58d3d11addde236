import io
from datetime import timedelta

import pytest
from tests.support.story import RUN, START

from scylla_restore.engine.api import Run
from scylla_restore.engine.cli.context import Clock, Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.leases import when_lapsed
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.config import ConfigFile
from scylla_restore.events.errors import RunIsOwned
from scylla_restore.events.projections.progress_state import ProgressState

UNTIL = START + timedelta(seconds=12)
OWNED = RunIsOwned(RUN, "bob@elsewhere", UNTIL)


class Desk:
    def __init__(self, *answers: Run | RunIsOwned) -> None:
        self.answers = list(answers)
        self.waited: list[float] = []
        self.stderr = io.StringIO()
        self.context = Context(
            flags=GlobalFlags(),
            file=ConfigFile(),
            output=Output(stdout=io.StringIO(), stderr=self.stderr),
            environment={},
            clock=Clock(now=lambda: START, wait=self.waited.append),
        )

    def begin(self) -> Run:
        answer = self.answers.pop(0)
        if isinstance(answer, RunIsOwned):
            raise answer
        return answer


def a_run() -> Run:
    return Run(RUN, ProgressState(), request=lambda _abort, _by: None, abandon=lambda: None)


def test_a_run_that_nobody_has_begins_at_once() -> None:
    desk = Desk(a_run())
    assert when_lapsed(desk.begin, desk.context).id == RUN
    assert (desk.waited, desk.stderr.getvalue()) == ([], "")


def test_the_lease_of_an_engine_that_may_be_dead_is_waited_for_and_told() -> None:
    desk = Desk(OWNED, a_run())
    assert when_lapsed(desk.begin, desk.context).id == RUN
    assert desk.waited == [12.5]
    assert "bob@elsewhere, whose lease holds until 03:04:17 UTC" in desk.stderr.getvalue()


def test_a_lease_that_is_renewed_is_an_owner_that_lives() -> None:
    desk = Desk(OWNED, OWNED)
    with pytest.raises(RunIsOwned):
        when_lapsed(desk.begin, desk.context)


def test_an_owner_that_is_known_to_live_is_not_waited_for() -> None:
    desk = Desk(RunIsOwned(RUN, "bob@elsewhere"))
    with pytest.raises(RunIsOwned, match="which is alive"):
        when_lapsed(desk.begin, desk.context)
    assert desk.waited == []
