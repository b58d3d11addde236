"""How fast a run restores, and when it will be through."""

from datetime import timedelta

import msgspec

_MOST_SAMPLES = 64


class Sample(msgspec.Struct, frozen=True):
    """``done`` bytes were restored after ``active_s`` seconds of work."""

    active_s: float
    done: int


class Pace(msgspec.Struct, kw_only=True):
    """A run's speed over the time in which an engine worked on it; pauses and dead engines do not count.

    The number of samples is bounded: when there are too many, every other one goes, and new ones come half as often.
    """

    active_s: float = 0.0
    spacing_s: float = 1.0
    samples: list[Sample] = msgspec.field(default_factory=lambda: [Sample(0.0, 0)])


def work_on(pace: Pace, duration: timedelta) -> None:
    """Count time in which the run was worked on; a clock that was set back counts as none."""
    pace.active_s += max(duration.total_seconds(), 0.0)


def note(pace: Pace, done: int) -> None:
    """Remember that ``done`` bytes are restored by now."""
    if pace.active_s - pace.samples[-1].active_s < pace.spacing_s:
        return
    pace.samples.append(Sample(pace.active_s, done))
    if len(pace.samples) > _MOST_SAMPLES:
        pace.samples = pace.samples[::2]
        pace.spacing_s *= 2


def remaining_s(pace: Pace, *, now_active_s: float, done: int, total: int) -> float | None:
    """Return the seconds until ``total``, by the speed of the newer half of the run; None when that is not known.

    The newer half follows a change of speed (nodes lost, a limit lifted) within as long as it has lasted, and is
    not thrown by one large batch.
    """
    if done >= total:
        return 0.0
    for sample in (_newest_before(pace, now_active_s / 2), pace.samples[0]):
        elapsed_s = now_active_s - sample.active_s
        if done > sample.done and elapsed_s > 0:
            return (total - done) * elapsed_s / (done - sample.done)
    return None


def _newest_before(pace: Pace, active_s: float) -> Sample:
    return next(sample for sample in reversed(pace.samples) if sample.active_s <= active_s)
