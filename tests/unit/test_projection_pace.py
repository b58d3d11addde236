from datetime import timedelta

import pytest

from scylla_restore.events.projections.pace import Pace, note, remaining_s, work_on


def run_at(pace: Pace, *, bytes_per_s: int, seconds: int, done: int = 0) -> int:
    for _ in range(seconds):
        work_on(pace, timedelta(seconds=1))
        done += bytes_per_s
        note(pace, done)
    return done


def test_a_steady_run_ends_when_its_speed_says() -> None:
    pace = Pace()
    done = run_at(pace, bytes_per_s=10, seconds=100)
    assert remaining_s(pace, now_active_s=100, done=done, total=2000) == pytest.approx(100, rel=0.05)


def test_a_run_that_has_become_slower_is_judged_by_its_newer_half() -> None:
    pace = Pace()
    done = run_at(pace, bytes_per_s=100, seconds=100)
    done = run_at(pace, bytes_per_s=10, seconds=100, done=done)
    assert remaining_s(pace, now_active_s=200, done=done, total=done + 1000) == pytest.approx(100, rel=0.1)


def test_a_run_that_stalls_takes_longer_and_longer() -> None:
    pace = Pace()
    done = run_at(pace, bytes_per_s=10, seconds=10)
    soon = remaining_s(pace, now_active_s=10, done=done, total=200)
    later = remaining_s(pace, now_active_s=40, done=done, total=200)
    assert soon is not None
    assert later is not None
    assert later > soon


def test_nothing_is_known_of_a_run_that_has_restored_nothing() -> None:
    assert remaining_s(Pace(), now_active_s=50, done=0, total=100) is None


def test_nothing_remains_when_all_is_done() -> None:
    assert remaining_s(Pace(), now_active_s=50, done=100, total=100) == 0


def test_a_year_of_samples_takes_no_more_room_than_an_hour_of_them() -> None:
    pace = Pace()
    done = run_at(pace, bytes_per_s=3, seconds=10_000)
    assert len(pace.samples) <= 64
    assert remaining_s(pace, now_active_s=10_000, done=done, total=60_000) == pytest.approx(10_000, rel=0.05)


def test_a_clock_that_is_set_back_takes_no_time_away() -> None:
    pace = Pace()
    work_on(pace, timedelta(seconds=10))
    work_on(pace, timedelta(seconds=-3600))
    assert pace.active_s == 10
