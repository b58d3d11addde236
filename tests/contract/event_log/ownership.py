"""One owner at a time; whoever was taken over is refused by the store."""

import pytest
from tests.contract.event_log.store import Store
from tests.support.event_logs import Writer, returned

from scylla_restore.events.errors import RunIsOwned, StaleOwner
from scylla_restore.events.log.port import EventLog


class Ownership(Store):
    """``claim``, ``release``, ``is_owned``."""

    def test_a_run_that_is_owned_cannot_be_claimed_and_the_owner_is_named(self, log: EventLog) -> None:
        log.claim("run-1", "ann@host")
        with pytest.raises(RunIsOwned, match="ann@host") as caught:
            log.claim("run-1", "bob@host")
        assert (caught.value.owner, log.head("run-1").epoch) == ("ann@host", 1)

    def test_another_engine_cannot_claim_it_either(self, log: EventLog, other: EventLog) -> None:
        log.claim("run-1", "ann@host")
        assert other.is_owned("run-1")
        with pytest.raises(RunIsOwned, match="ann@host"):
            other.claim("run-1", "bob@host")

    def test_taking_over_fences_the_old_owner_off(self, log: EventLog) -> None:
        old = Writer(log)
        kept = old.append_some(2)
        claim = log.claim("run-1", "bob@host", take_over=True)
        with pytest.raises(StaleOwner, match="taken over by bob@host") as caught:
            old.append(returned(9))
        assert (claim.epoch, caught.value.epoch, caught.value.owner_epoch) == (2, 1, 2)
        assert list(log.read("run-1")) == kept

    def test_a_fenced_owner_is_refused_even_what_is_already_written(self, log: EventLog) -> None:
        old = Writer(log)
        written = old.append_some(2)
        log.claim("run-1", "bob@host", take_over=True)
        with pytest.raises(StaleOwner):
            log.append(old.claim, written)
        assert log.head("run-1").seq == 2

    def test_another_engine_can_take_over(self, log: EventLog, other: EventLog) -> None:
        old = Writer(log)
        before = old.append_some(1)
        new = Writer(other, take_over=True)
        after = new.append_some(1)
        with pytest.raises(StaleOwner):
            old.append_some(1)
        assert list(log.read("run-1")) == before + after

    def test_whoever_keeps_a_run_goes_on_owning_it(self, log: EventLog) -> None:
        writer = Writer(log)
        for _ in range(3):
            log.keep(writer.claim)
        writer.append_some(1)
        assert (log.is_owned("run-1"), log.head("run-1").epoch) == (True, 1)

    def test_whoever_was_taken_over_learns_it_from_keeping_the_run(
        self, log: EventLog, other: EventLog
    ) -> None:
        old = log.claim("run-1", "ann@host")
        other.claim("run-1", "bob@host", take_over=True)
        with pytest.raises(StaleOwner, match="taken over by bob@host"):
            log.keep(old)

    def test_what_was_given_back_cannot_be_kept(self, log: EventLog) -> None:
        claim = log.claim("run-1", "ann@host")
        log.release(claim)
        with pytest.raises(StaleOwner, match="given back"):
            log.keep(claim)
        assert not log.is_owned("run-1")

    def test_release_frees_the_run(self, log: EventLog) -> None:
        claim = log.claim("run-1", "ann@host")
        assert log.is_owned("run-1")
        log.release(claim)
        assert not log.is_owned("run-1")
        assert log.claim("run-1", "bob@host").epoch == 2

    def test_whoever_gave_the_run_back_is_refused(self, log: EventLog) -> None:
        writer = Writer(log)
        log.release(writer.claim)
        with pytest.raises(StaleOwner, match="given back"):
            writer.append(returned(1))
        assert log.head("run-1").seq == 0

    def test_releasing_an_old_claim_leaves_the_new_owner_alone(self, log: EventLog) -> None:
        old = log.claim("run-1", "ann@host")
        new = Writer(log, take_over=True)
        log.release(old)
        log.release(old)
        new.append_some(1)
        assert log.is_owned("run-1")

    def test_closing_the_log_frees_its_runs(self, log: EventLog, other: EventLog) -> None:
        log.claim("run-1", "ann@host")
        log.close()
        assert not other.is_owned("run-1")
        assert other.claim("run-1", "bob@host").epoch == 2

    def test_owning_one_run_says_nothing_about_another(self, log: EventLog) -> None:
        log.claim("run-1", "ann@host")
        assert (log.is_owned("run-2"), log.claim("run-2", "ann@host").epoch) == (False, 1)

    @pytest.mark.parametrize("run", ["0d5a8a3c-0d5a-4000-8000-0d5a0d5a0d5a", "Ein Lauf/../ÄÖ\n", "x" * 300])
    def test_any_text_can_name_a_run(self, log: EventLog, run: str) -> None:
        envelopes = Writer(log, run).append_some(1)
        assert log.is_owned(run)
        assert (log.runs(), list(log.read(run))) == ([run], envelopes)
