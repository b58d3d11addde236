import signal
from threading import Thread

import pytest

from scylla_restore.engine.cli.signals import StopSignals, taken_signals


def test_a_signal_ends_the_program_until_signals_are_counted() -> None:
    with taken_signals() as signals:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signals.is_counting = True
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert (signals.count, signals.name) == (2, "SIGINT")


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with taken_signals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with taken_signals() as signals:
            signals.is_counting = True
            signal.raise_signal(signal.SIGHUP)
            assert signals.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_no_signal_is_taken() -> None:
    seen: list[StopSignals] = []

    def look() -> None:
        with taken_signals() as signals:
            seen.append(signals)

    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert [signals.count for signals in seen] == [0]
