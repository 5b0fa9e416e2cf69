import signal
from collections.abc import Mapping
from pathlib import Path

import pytest
from journal_samples import (
    PID,
    Journal,
    call,
    closed,
    collected,
    crashed,
    fails,
    opened,
    passes,
    setup,
    started,
    teardown,
    uncollectable,
)

from ci_toolkit.model.bundle import BrokenBy, StopKind
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import Crashed, FileOpened, Interrupted, Selected
from ci_toolkit.model.journal_end import Stop
from ci_toolkit.model.record import encode
from ci_toolkit.suite.ending import AttemptEnd, EndOfAttempt, How
from ci_toolkit.suite.options import StopRequest
from ci_toolkit.suite.output import Output
from ci_toolkit.suite.progress import AttemptProgress, InFlight
from ci_toolkit.suite.time_limits import TimeLimits

LAST_WORDS = "the last words\n"
TWO = (opened(), collected("test_a.py", "test_a", "test_b"), Selected(tests=2))
ALL_PASSED = (*TWO, *passes(0), *passes(1))
ONE_FAILED = (*TWO, *passes(0), *fails(1))
ONE_OPEN = (*TWO, *passes(0))
AT_WORK = (*TWO, *passes(0), started(1), setup(1))
IMPORTING = (opened(), FileOpened(path="test_a.py"))
KILLED = -signal.SIGKILL


class Ending:
    """An attempt that has ended, with its journals and its output in a folder."""

    def __init__(self, folder: Path, journals: Mapping[str, Journal], output: str = LAST_WORDS) -> None:
        for worker, records in journals.items():
            (folder / f"1-{worker}.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records))
        self.output = Output(folder / "1.log")
        self.output.path.write_text(output)
        self.progress = AttemptProgress(folder, 1, JournalFold(1))
        self.limits = TimeLimits(lambda _: 2.5, self.output)
        self.noted: list[Crashed] = []
        for _ in self.progress.advance():
            pass

    def judge(
        self,
        status: int,
        *,
        asked_to_stop: str | None = None,
        kind: StopKind = StopKind.SIGNAL,
        was_interrupted: bool = False,
        recording_failure: str = "",
    ) -> AttemptEnd:
        end = EndOfAttempt(self.progress, self.output, self.limits, self._note)
        stop = StopRequest()
        if asked_to_stop is not None:
            stop.ask(asked_to_stop, kind=kind)
        return end.judge(status, stop, recording_failure, was_interrupted=was_interrupted)

    def _note(self, crash: Crashed) -> None:
        self.noted.append(crash)
        self.progress.fold.take_crash(crash)

    def go_over_the_limit(self) -> None:
        """Find that what is at work has worked for too long; its process is not there to be asked for stacks."""
        self.limits.enforce([InFlight(test=flight.test, since=-1e9, pid=PID) for flight in self.progress.in_flight])


def unexplained(what: str) -> AttemptEnd:
    return AttemptEnd(how=How.FINISHED, unexplained_exit=f"pytest {what}; see output/1.log")


FINISHED = AttemptEnd(how=How.FINISHED)


@pytest.mark.parametrize(
    ("journal", "status", "end"),
    [
        (ALL_PASSED, 0, FINISHED),
        (ONE_FAILED, 1, FINISHED),
        (ONE_FAILED, 0, FINISHED),  # a plugin may say so; the failure is in the journal
        ((*TWO, uncollectable("test_b.py"), *passes(0), *passes(1)), 1, FINISHED),
        ((opened(), Selected(tests=0)), 0, FINISHED),
        ((opened(), Selected(tests=0)), 5, FINISHED),
        (ALL_PASSED, 1, unexplained("ended with exit status 1 after its last test (the last words)")),
        (ALL_PASSED, 5, unexplained("ended with exit status 5 after its last test (the last words)")),
        (ALL_PASSED, 2, unexplained("ended with exit status 2 after its last test (the last words)")),
        (ONE_FAILED, 3, unexplained("ended with exit status 3 after its last test (the last words)")),
        (ONE_FAILED, 5, unexplained("ended with exit status 5 after its last test (the last words)")),
        (ALL_PASSED, KILLED, unexplained("killed by SIGKILL after its last test")),
        (ALL_PASSED, -200, unexplained("killed by signal 200 after its last test")),
        ((opened(), Selected(tests=0)), 6, unexplained("ended with exit status 6 after its last test (the last words)")),
        ((opened(), Selected(tests=0)), 1, unexplained("ended with exit status 1 after its last test (the last words)")),
        ((*TWO, uncollectable("test_b.py", "skipped"), *passes(0), *passes(1)), 1,
         unexplained("ended with exit status 1 after its last test (the last words)")),
        ((*ALL_PASSED, closed(1, stop=Stop.EXIT, reason="Exit: enough")), 1,
         unexplained("ended with exit status 1 after its last test (Exit: enough)")),
        ((*ALL_PASSED, closed(2, stop=Stop.INTERRUPT, reason="KeyboardInterrupt")), 2,
         unexplained("ended with exit status 2 after its last test (KeyboardInterrupt)")),
        ((*ALL_PASSED, closed(1)), 1, unexplained("ended with exit status 1 after its last test (the last words)")),
    ],
)  # fmt: skip
def test_where_every_test_is_over_only_the_exit_status_is_left_to_explain(
    tmp_path: Path, journal: Journal, status: int, end: AttemptEnd
) -> None:
    ending = Ending(tmp_path, {"main": journal})
    assert ending.judge(status) == end
    assert ending.noted == []


def test_our_own_interrupt_explains_any_exit_status(tmp_path: Path) -> None:
    end = Ending(tmp_path, {"main": ALL_PASSED}).judge(2, asked_to_stop="SIGTERM", was_interrupted=True)
    assert end == FINISHED


def test_an_exit_status_is_not_explained_by_a_wish_that_never_reached_pytest(tmp_path: Path) -> None:
    end = Ending(tmp_path, {"main": ALL_PASSED}).judge(2, asked_to_stop="SIGTERM")
    assert end == unexplained("ended with exit status 2 after its last test (the last words)")


def test_a_wish_to_stop_stops_what_is_not_over(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": (*AT_WORK, closed(2, stop=Stop.INTERRUPT, reason="KeyboardInterrupt"))})
    end = ending.judge(2, asked_to_stop="the budget of 2 s is used up", was_interrupted=True)
    assert end == AttemptEnd(how=How.STOPPED, reason="the budget of 2 s is used up")
    assert ending.noted == []


@pytest.mark.parametrize("kind", [StopKind.SIGNAL, StopKind.FAIL_FAST])
def test_what_a_signal_or_another_failure_interrupted_is_nobodys_fault(tmp_path: Path, kind: StopKind) -> None:
    ending = Ending(tmp_path, {"main": AT_WORK})
    assert ending.judge(2, asked_to_stop="enough", kind=kind).how is How.STOPPED
    assert ending.noted == []


def test_a_test_that_the_end_of_the_budget_interrupted_has_failed_where_it_was(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": (*AT_WORK, Interrupted(i=1, detail="test_a.py:3: in wait"))})
    end = ending.judge(2, asked_to_stop="the budget of 2 s ended", kind=StopKind.BUDGET, was_interrupted=True)
    reason = "was still running when the budget of 2 s ended"
    crash = Crashed(node_id="test_a.py::test_b", path="test_a.py", reason=reason, detail="test_a.py:3: in wait")
    assert end == AttemptEnd(how=How.STOPPED, reason="the budget of 2 s ended", crashes=(crash,))
    assert ending.noted == [crash]


def test_a_file_whose_import_the_end_of_the_budget_interrupted_has_failed(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": IMPORTING})
    end = ending.judge(2, asked_to_stop="the budget of 2 s ended", kind=StopKind.BUDGET)
    reason = "was still being imported when the budget of 2 s ended"
    assert end.crashes == (Crashed(node_id="test_a.py", path="test_a.py", reason=reason, detail=LAST_WORDS),)


def test_a_wish_without_a_reason_is_one(tmp_path: Path) -> None:
    assert Ending(tmp_path, {"main": AT_WORK}).judge(KILLED, asked_to_stop="").how is How.STOPPED


def test_before_collection_is_over_nothing_is_finished(tmp_path: Path) -> None:
    end = Ending(tmp_path, {"main": (opened(),)}).judge(0)
    assert end == AttemptEnd(how=How.DIED, reason="pytest ended with exit status 0")


@pytest.mark.parametrize("stop", [Stop.FAILURES, Stop.PLUGIN, Stop.EXIT])
def test_pytest_that_stopped_by_itself_says_who_did(tmp_path: Path, stop: Stop) -> None:
    ending = Ending(tmp_path, {"main": (*ONE_OPEN, closed(2, stop=stop, reason="stopping after 1 failures"))})
    assert ending.judge(2) == AttemptEnd(how=How.STOPPED, reason="stopping after 1 failures", stop=stop)


@pytest.mark.parametrize("stop", [Stop.NOBODY, Stop.INTERRUPT])
def test_a_test_that_interrupts_pytest_died_of_it(tmp_path: Path, stop: Stop) -> None:
    ending = Ending(tmp_path, {"main": (*AT_WORK, closed(2, stop=stop, reason="KeyboardInterrupt"))})
    death = "raised KeyboardInterrupt" if stop is Stop.INTERRUPT else "ended with exit status 2"
    crash = crashed("test_a.py::test_b", death, detail=LAST_WORDS)
    assert ending.judge(2) == AttemptEnd(how=How.DIED, reason=f"pytest {death}", crashes=(crash,))


def test_only_the_process_that_we_started_says_why_it_stopped(tmp_path: Path) -> None:
    worker = (*ONE_OPEN, closed(2, stop=Stop.FAILURES, reason="stopping after 1 failures"))
    end = Ending(tmp_path, {"main": (opened(),), "gw0": worker}).judge(2)
    assert end == AttemptEnd(how=How.DIED, reason="pytest ended with exit status 2")


def test_an_attempt_without_a_journal_died(tmp_path: Path) -> None:
    assert Ending(tmp_path, {}).judge(1) == AttemptEnd(how=How.DIED, reason="pytest ended with exit status 1")


@pytest.mark.parametrize(
    ("status", "death", "reason"),
    [
        (KILLED, "killed by SIGKILL", "pytest was killed by SIGKILL"),
        (-signal.SIGHUP, "killed by SIGHUP", "pytest was killed by SIGHUP"),
        (-signal.SIGSEGV, "killed by SIGSEGV", "pytest was killed by SIGSEGV"),
        (-200, "killed by signal 200", "pytest was killed by signal 200"),
        (0, "ended with exit status 0", "pytest ended with exit status 0"),
        (3, "ended with exit status 3", "pytest ended with exit status 3"),
        (4, "ended with exit status 4", "pytest ended with exit status 4"),
    ],
)
def test_the_test_at_work_is_what_the_process_died_of(tmp_path: Path, status: int, death: str, reason: str) -> None:
    ending = Ending(tmp_path, {"main": AT_WORK})
    crash = crashed("test_a.py::test_b", death, detail=LAST_WORDS)
    assert ending.judge(status) == AttemptEnd(how=How.DIED, reason=reason, crashes=(crash,))
    assert ending.noted == [crash]


def test_between_two_tests_no_test_is_to_blame(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": ONE_OPEN})
    assert ending.judge(KILLED) == AttemptEnd(how=How.DIED, reason="pytest was killed by SIGKILL")
    assert ending.noted == []


def test_tests_at_work_in_every_process_died(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": (opened(),), "gw0": (*TWO, started(0)), "gw1": (*TWO, started(1))})
    assert [crash.node_id for crash in ending.judge(KILLED).crashes] == ["test_a.py::test_a", "test_a.py::test_b"]


def test_the_last_test_of_all_that_kills_its_process_finishes_nothing(tmp_path: Path) -> None:
    assert Ending(tmp_path, {"main": AT_WORK}).judge(KILLED).how is How.DIED


@pytest.mark.parametrize(
    ("journal", "crashes"),
    [
        (IMPORTING, [crashed("test_a.py", "killed by SIGKILL during import", detail=LAST_WORDS)]),
        ((*IMPORTING, uncollectable("test_a.py")), []),
        ((*IMPORTING, Selected(tests=0), FileOpened(path="late.py"), collected("test_a.py", "test_a")), []),
    ],
)
def test_a_file_at_its_import_is_what_the_process_died_of(
    tmp_path: Path, journal: Journal, crashes: list[Crashed]
) -> None:
    ending = Ending(tmp_path, {"main": journal})
    assert list(ending.judge(KILLED).crashes) == ending.noted == crashes


@pytest.mark.parametrize("status", [3, 4])
def test_pytest_that_fails_before_any_test_is_broken_and_its_words_are_shown(tmp_path: Path, status: int) -> None:
    reason = f"pytest ended with exit status {status}:\nusage: pytest\nerror: no such option\n"
    ending = Ending(tmp_path, {"main": TWO}, "usage: pytest\nerror: no such option\n")
    assert ending.judge(status) == AttemptEnd(how=How.BROKEN, reason=reason, broken_by=BrokenBy.PYTEST)


@pytest.mark.parametrize(
    ("journal", "status"),
    [
        (TWO, 1),
        (TWO, 2),
        (TWO, 5),
        (TWO, KILLED),
        (ONE_OPEN, 3),  # it can run tests
        (IMPORTING, 3),  # without this file it may
    ],
)
def test_pytest_that_may_do_better_without_what_killed_it_is_not_broken(
    tmp_path: Path, journal: Journal, status: int
) -> None:
    assert Ending(tmp_path, {"main": journal}).judge(status).how is How.DIED


@pytest.mark.parametrize("journal", [ALL_PASSED, AT_WORK, TWO])
def test_a_journal_that_could_not_be_written_breaks_the_shard(tmp_path: Path, journal: Journal) -> None:
    ending = Ending(tmp_path, {"main": journal})
    reason = "the journal could not be written: No space left on device"
    end = ending.judge(3, asked_to_stop="SIGTERM", recording_failure="No space left on device")
    assert end == AttemptEnd(how=How.BROKEN, reason=reason, broken_by=BrokenBy.JOURNAL)
    assert ending.noted == []


# --- deaths that somebody explains --------------------------------------------------------------


def test_a_test_over_its_limit_is_ended_with_its_stacks_whatever_became_of_the_rest(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": AT_WORK}, "before\n")
    ending.go_over_the_limit()
    with ending.output.path.open("a") as output:
        output.write("the stack of every thread\n")
    reason = "ran over its time limit of 2.5 s"
    crash = crashed("test_a.py::test_b", reason, detail="the stack of every thread\n")
    assert ending.judge(-signal.SIGABRT) == AttemptEnd(how=How.FINISHED, crashes=(crash,))
    assert ending.noted == [crash]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGABRT, signal.SIGKILL])
def test_a_named_crash_explains_every_signal(tmp_path: Path, number: signal.Signals) -> None:
    ending = Ending(tmp_path, {"main": AT_WORK})
    ending.go_over_the_limit()
    assert ending.judge(-number).unexplained_exit == ""


def test_the_death_of_a_test_explains_no_exit_status_of_pytest(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": AT_WORK})
    ending.go_over_the_limit()
    assert (
        ending.judge(2).unexplained_exit
        == "pytest ended with exit status 2 after its last test (the last words); see output/1.log"
    )


def test_a_test_over_its_limit_is_told_even_where_the_run_was_stopped(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"gw0": (*TWO, started(0)), "gw1": (*TWO, started(1)), "main": (opened(),)})
    first, _ = ending.progress.in_flight
    ending.limits.enforce([InFlight(test=first.test, since=-1e9, pid=PID)])
    end = ending.judge(KILLED, asked_to_stop="SIGTERM", was_interrupted=True)
    assert (end.how, end.reason) == (How.STOPPED, "SIGTERM")
    assert [crash.node_id for crash in end.crashes] == ["test_a.py::test_a"]


def test_a_test_within_its_limit_died_of_what_ended_its_process(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": AT_WORK})
    ending.limits.enforce(ending.progress.in_flight)
    (crash,) = ending.judge(KILLED).crashes
    assert crash.reason == "killed by SIGKILL"


def test_a_test_that_took_its_worker_with_it_is_an_error_and_explains_the_exit_status(tmp_path: Path) -> None:
    controller = (opened(), crashed("test_a.py::test_b", "worker 'gw0' crashed"))
    ending = Ending(tmp_path, {"gw0": AT_WORK, "gw1": TWO, "main": controller})
    crash = crashed("test_a.py::test_b", "its xdist worker died", detail=LAST_WORDS)
    assert ending.judge(1) == AttemptEnd(how=How.FINISHED, crashes=(crash,))
    assert ending.noted == [crash]


def test_a_worker_that_was_killed_over_a_limit_says_so(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"gw0": AT_WORK})
    ending.go_over_the_limit()
    (tmp_path / "1-main.jsonl").write_bytes(encode(crashed("test_a.py::test_b", "worker 'gw0' crashed")) + b"\n")
    assert [record for record, _ in ending.progress.advance()] == [crashed("test_a.py::test_b", "worker 'gw0' crashed")]
    (crash,) = ending.judge(1).crashes
    assert crash.reason == "ran over its time limit of 2.5 s"


def test_no_test_dies_twice_in_one_attempt(tmp_path: Path) -> None:
    ending = Ending(tmp_path, {"main": (*AT_WORK, crashed("test_a.py::test_b")), "gw0": (*TWO, started(1))})
    end = ending.judge(KILLED)
    assert [crash.node_id for crash in end.crashes] == ["test_a.py::test_b"]


def test_a_test_that_two_records_call_dead_died_once(tmp_path: Path) -> None:
    death = crashed("test_a.py::test_b", "worker 'gw0' crashed")
    end = Ending(tmp_path, {"gw0": AT_WORK, "main": (opened(), death, death)}).judge(1)
    assert [crash.node_id for crash in end.crashes] == ["test_a.py::test_b"]


def test_a_journal_without_its_first_line_names_no_process_to_blame(tmp_path: Path) -> None:
    end = Ending(tmp_path, {"main": AT_WORK[1:]}).judge(KILLED)
    assert end == AttemptEnd(how=How.DIED, reason="pytest was killed by SIGKILL")


def test_a_test_that_failed_in_a_process_that_died_keeps_its_failure(tmp_path: Path) -> None:
    failing = (*AT_WORK, call(1, "failed", message="assert 0"), teardown(1))
    ending = Ending(tmp_path, {"main": failing})
    assert ending.judge(KILLED) == unexplained("killed by SIGKILL after its last test")
