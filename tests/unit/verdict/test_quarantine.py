from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from run_samples import FAILURE, LOST, a_run

from ci_toolkit.model.merged import AskedTest
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.quarantine import (
    CoveredAlone,
    LinesAlone,
    Quarantine,
    QuarantineEntry,
    QuarantineInForce,
    QuarantineLimits,
    QuarantineStay,
    QuarantineUse,
)
from ci_toolkit.model.verdict import Counts, FailedGo, TestFailure, Verdict
from ci_toolkit.verdict.adjudication import is_heard
from ci_toolkit.verdict.judge import Thresholds, judge
from ci_toolkit.verdict.quarantine import in_both
from ci_toolkit.verdict.quarantine_rules import broken_rules

KNOWN, NEW = "0123456789abcdef", "fedcba9876543210"
TODAY = date(2026, 11, 26)
FAILED = msgspec.structs.replace(FAILURE, signature=KNOWN)


def an_entry(test: str = FAILURE.node_id, **also: Any) -> QuarantineEntry:
    fields = {
        "reason": "race",
        "owner": "@team",
        "issue": "#42",
        "since": TODAY - timedelta(days=20),
        "expires": TODAY + timedelta(days=5),
        "signatures": (KNOWN,),
        "line": 1,
        **also,
    }
    return QuarantineEntry(test=test, **fields)


def in_force(*entries: QuarantineEntry, **also: Any) -> QuarantineInForce:
    fields = {"entries": entries, "today": TODAY, **also}
    return QuarantineInForce(file=Quarantine(entries=entries, digest="d" * 64), **fields)


def judged(*failures: TestFailure, quarantine: QuarantineInForce | None, **also: Any) -> Verdict:
    counts = Counts(total=5, passed=5 - len(failures), failed=len(failures))
    run = a_run(counts=counts, failures=failures, **also)
    return judge(run, Thresholds(), Strictness.STRICT, quarantine)


def test_a_known_failure_in_quarantine_does_not_fail_the_run_and_is_shown() -> None:
    verdict = judged(FAILED, quarantine=in_force(an_entry()))
    assert (verdict.status, verdict.exit_code, verdict.breaches) == ("passed", 0, ())
    assert verdict.counts == Counts(total=5, passed=4, failed=1, quarantined=1)
    (failure,) = verdict.failures
    assert failure.quarantined
    assert failure.why == (
        "in quarantine until 2026-12-01 (@team, #42): it failed as it did before, signature 0123456789abcdef"
    )
    stay = QuarantineStay(test=FAILURE.node_id, owner="@team", days=20, expires="2026-12-01")
    assert verdict.quarantine == QuarantineUse(digest="d" * 64, entries=1, stays=(stay,))


def test_the_other_failures_of_the_run_fail_it() -> None:
    other = msgspec.structs.replace(FAILED, node_id="test_a.py::test_b")
    verdict = judged(FAILED, other, quarantine=in_force(an_entry()))
    assert [(str(b.gate), b.message) for b in verdict.breaches] == [
        ("tests", "2 failed, 0 errors; 1 of them in quarantine")
    ]
    assert [(failure.quarantined, failure.why == "") for failure in verdict.failures] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("entry", "failure", "why"),
    [
        pytest.param(
            {},
            {"signature": NEW},
            f"it is in quarantine, and failed in a new way: its signature {NEW} is none of {KNOWN}",
            id="a new way",
        ),
        pytest.param({}, {"signature": ""}, "it is in quarantine, and failed in a new way: ", id="no signature"),
        pytest.param(
            {"expires": TODAY - timedelta(days=1)},
            {},
            "its quarantine ended on 2026-11-25 (@team, #42)",
            id="expired",
        ),
        pytest.param(
            {}, {"is_critical": True}, "it is mission-critical, and no quarantine excuses such a test", id="critical"
        ),
    ],
)
def test_a_failure_that_quarantine_does_not_excuse_fails_the_run_and_says_why(
    entry: dict[str, Any], failure: dict[str, Any], why: str
) -> None:
    verdict = judged(msgspec.structs.replace(FAILED, **failure), quarantine=in_force(an_entry(**entry)))
    assert (verdict.status, verdict.counts.quarantined) == ("failed", 0)
    assert not verdict.failures[0].quarantined
    assert verdict.failures[0].why.startswith(why)


@pytest.mark.parametrize(
    ("test", "node_id", "status"),
    [
        ("test_a.py::test_a", "test_a.py::test_a[1]", "passed"),
        ("test_a.py::test_a[1]", "test_a.py::test_a[1]", "passed"),
        ("test_a.py::test_a[2]", "test_a.py::test_a[1]", "failed"),
        ("test_a.py::test_a[1]", "test_a.py::test_a", "failed"),
        ("test_a.py::T::test_a", "test_a.py::T::test_a[a::b[c]", "passed"),
        ("test_a.py::test_a", "test_a.py::test_ab", "failed"),
        ("test_a.py::T", "test_a.py::T::test_a", "failed"),
    ],
)
def test_an_entry_without_parameters_stands_for_all(test: str, node_id: str, status: str) -> None:
    failure = msgspec.structs.replace(FAILED, node_id=node_id)
    assert judged(failure, quarantine=in_force(an_entry(test))).status == status


def test_the_longest_stay_stands_first() -> None:
    entries = [an_entry(f"test_a.py::test_{days}", since=TODAY - timedelta(days=days)) for days in (3, 30, 0)]
    use = judged(quarantine=in_force(*entries)).quarantine
    assert use is not None
    assert [stay.days for stay in use.stays] == [30, 3, 0]


def test_no_trial_is_made_of_a_failure_that_the_quarantine_excuses() -> None:
    failure = msgspec.structs.replace(FAILED, cause="c")
    assert is_heard(failure)
    assert not is_heard(msgspec.structs.replace(failure, quarantined=True))


def test_nothing_is_excused_without_a_quarantine() -> None:
    verdict = judged(FAILED, quarantine=None)
    assert (verdict.status, verdict.counts.quarantined, verdict.quarantine) == ("failed", 0, None)


def test_an_incomplete_run_stays_incomplete() -> None:
    run = a_run(counts=Counts(total=5, failed=1, lost=4), failures=(FAILED,), lost=(LOST,))
    assert judge(run, Thresholds(), Strictness.STRICT, in_force(an_entry())).status == "incomplete"


def test_a_failure_is_excused_only_if_each_of_its_goes_failed_as_before() -> None:
    known, new = (FailedGo(message="again", signature=signature) for signature in (KNOWN, NEW))
    for earlier, status in (((known, known), "passed"), ((new, known), "failed")):
        failure = msgspec.structs.replace(FAILED, earlier=earlier)
        assert judged(failure, quarantine=in_force(an_entry())).status == status
    why = judged(msgspec.structs.replace(FAILED, earlier=(new,)), quarantine=in_force(an_entry())).failures[0].why
    assert why == f"it is in quarantine, and failed in a new way: its signature {NEW} is none of {KNOWN}"


def test_a_flaky_test_in_quarantine_says_whether_it_failed_as_before_and_stays_flaky() -> None:
    for signature, why in ((KNOWN, "in quarantine until"), (NEW, "it is in quarantine, and failed in a new way")):
        flaky = msgspec.structs.replace(FAILED, signature=signature, outcome="passed")
        run = a_run(counts=Counts(total=5, passed=5, flaky=1), flaky=(flaky,))
        verdict = judge(run, Thresholds(), Strictness.STRICT, in_force(an_entry()))
        assert (verdict.status, verdict.counts.quarantined, verdict.flaky[0].quarantined) == ("passed", 0, False)
        assert verdict.flaky[0].why.startswith(why)


# --- a pull request ---------------------------------------------------------------------------------


def test_a_pull_request_cannot_excuse_its_own_failures() -> None:
    entry = an_entry()
    counting, held_back = in_both(Quarantine(entries=(entry,)), Quarantine())
    assert (counting, held_back) == ((), ("the entry of test_a.py::test_a",))
    verdict = judged(FAILED, quarantine=in_force(entry, entries=counting, held_back=held_back, base="c0ffee" * 6))
    assert verdict.status == "failed"
    assert verdict.failures[0].why == (
        "only this change excuses it in quarantine.toml, and a change cannot excuse its own failures"
    )
    assert verdict.notes[-1] == (
        "a change cannot excuse its own failures: of quarantine.toml this counts only when it is on the base "
        "(c0ffeec0ffee): the entry of test_a.py::test_a"
    )
    assert verdict.quarantine is not None
    assert verdict.quarantine.held_back == held_back


def test_a_pull_request_can_take_away_at_once_and_add_only_later() -> None:
    before = an_entry(signatures=(KNOWN, "1" * 16))
    after = an_entry(signatures=(NEW, KNOWN), expires=before.expires + timedelta(days=9), reason="better known")
    counting, held_back = in_both(Quarantine(entries=(after,)), Quarantine(entries=(before, an_entry("a.py::gone"))))
    assert counting == (an_entry(signatures=(KNOWN,), reason="better known"),)
    assert held_back == (f"the signature {NEW} of {FAILURE.node_id}", f"the later end of {FAILURE.node_id}")


def test_a_pull_request_can_let_an_entry_end_earlier() -> None:
    sooner = an_entry(expires=TODAY)
    assert in_both(Quarantine(entries=(sooner,)), Quarantine(entries=(an_entry(),))) == ((sooner,), ())


# --- its own rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "also", "said"),
    [
        ({}, {}, []),
        ({"expires": TODAY}, {}, []),
        ({"expires": TODAY - timedelta(days=1)}, {}, ["ended on 2026-11-25: mend the test"]),
        ({"expires": TODAY + timedelta(days=71)}, {}, ["would be in quarantine for 91 days, and the most is 90"]),
        ({"since": TODAY + timedelta(days=1)}, {}, []),
        ({"since": TODAY + timedelta(days=2)}, {}, ["begins on 2026-11-28, which is to come"]),
        ({}, {"critical": {f"{FAILURE.node_id}[1]"}}, ["is mission-critical"]),
        ({}, {"gone": {FAILURE.node_id}}, ["does not exist (any more)"]),
    ],
)
def test_the_rules_of_an_entry(entry: dict[str, Any], also: dict[str, Any], said: list[str]) -> None:
    quarantine = Quarantine(entries=(an_entry(**entry),))
    broken = list(broken_rules(quarantine, QuarantineLimits(), TODAY, **also))
    assert len(broken) == len(said)
    assert all(part in rule.what for part, rule in zip(said, broken, strict=True))


def test_there_is_a_most_of_entries() -> None:
    entries = tuple(an_entry(f"test_a.py::test_{number}", line=10 * number + 1) for number in range(4))
    (broken,) = broken_rules(Quarantine(entries=entries), QuarantineLimits(most_entries=2), TODAY)
    assert (broken.line, broken.what.partition(":")[0]) == (21, "there are 4 entries, and the most is 2")
    assert not list(broken_rules(Quarantine(entries=entries), QuarantineLimits(most_entries=4), TODAY))


def test_a_broken_rule_fails_the_run_though_every_test_passes() -> None:
    verdict = judged(quarantine=in_force(an_entry(expires=TODAY - timedelta(days=1))))
    assert (verdict.status, verdict.exit_code) == ("failed", 1)
    assert [str(breach.gate) for breach in verdict.breaches] == ["quarantine"]
    assert verdict.breaches[0].message.startswith("quarantine.toml:1 the quarantine of test_a.py::test_a ended")


def test_a_mission_critical_test_in_quarantine_fails_the_run_though_it_passes_and_one_that_is_gone_is_said() -> None:
    critical, gone = AskedTest(test="a.py::test_c", is_critical=True), AskedTest(test="a.py::test_gone", is_gone=True)
    quarantine = in_force(an_entry("a.py::test_c"), an_entry("a.py::test_gone", line=9))
    verdict = judge(a_run(asked=(critical, gone)), Thresholds(), Strictness.STRICT, quarantine)
    assert [(str(b.gate), b.message) for b in verdict.breaches] == [
        ("quarantine", "quarantine.toml:1 a.py::test_c is mission-critical: such a test is never in quarantine")
    ]
    assert verdict.notes == (
        "a.py::test_gone is in quarantine.toml and does not exist (any more): correct or remove its entry",
    )


def alone(*tests: str, first: int = 3, last: int = 5) -> LinesAlone:
    return LinesAlone(tests=tests, path="shop/pay.py", first=first, last=last)


OTHER = "test_b.py::test_b"


@pytest.mark.parametrize(
    ("found", "is_excused", "note"),
    [
        pytest.param(CoveredAlone(), True, "", id="nothing of the change"),
        pytest.param(
            CoveredAlone(lines=(alone(FAILURE.node_id), alone(FAILURE.node_id, first=9, last=9))),
            False,
            "no failure of test_a.py::test_a is excused in this run: only tests in quarantine cover what the change wrote "
            "in shop/pay.py:3-5, shop/pay.py:9",
            id="it alone",
        ),
        pytest.param(
            CoveredAlone(lines=(alone(FAILURE.node_id, OTHER),)),
            False,
            "no failure of test_a.py::test_a or test_b.py::test_b is excused in this run: only tests in quarantine cover "
            "what the change wrote in shop/pay.py:3-5",
            id="it and another one in quarantine",
        ),
        pytest.param(
            CoveredAlone(lines=(alone(OTHER),)),
            True,
            "",
            id="another one, which did not fail",
        ),
        pytest.param(
            CoveredAlone(unknown="no coverage was measured"),
            True,
            "a failure is excused, and whether test_a.py::test_a alone covers changed lines is not known: no coverage was "
            "measured",
            id="nobody could look",
        ),
        pytest.param(
            CoveredAlone(untold=frozenset({FAILURE.node_id, OTHER})),
            True,
            "a failure is excused, and whether test_a.py::test_a alone covers changed lines is not known: coverage has no "
            "line of it apart from others'. Either it failed before the first, or coverage cannot keep tests apart here "
            "(sys.monitoring, or contexts of the suite's own)",
            id="coverage has none of its lines",
        ),
        pytest.param(CoveredAlone(untold=frozenset({OTHER})), True, "", id="coverage has none of another one's lines"),
    ],
)
def test_a_test_that_alone_covers_changed_lines_is_not_in_quarantine(
    found: CoveredAlone, note: str, *, is_excused: bool
) -> None:
    failure = msgspec.structs.replace(FAILED, node_id=f"{FAILURE.node_id}[1]")
    verdict = judged(failure, quarantine=in_force(an_entry(), an_entry(OTHER)), covered_alone=found)
    assert verdict.exit_code == (0 if is_excused else 1)
    assert verdict.counts.quarantined == is_excused
    assert verdict.notes == ((note,) if note else ())
    assert verdict.quarantine is not None
    assert verdict.quarantine.alone == found.lines
    (judged_failure,) = verdict.failures
    if not is_excused:
        assert judged_failure.why.startswith(
            "it is in quarantine, and only tests in quarantine cover what the change wrote in shop/pay.py:3-5"
        )


def test_many_places_are_counted() -> None:
    lines = tuple(alone(FAILURE.node_id, first=line, last=line) for line in range(1, 20, 2))
    verdict = judged(FAILED, quarantine=in_force(an_entry()), covered_alone=CoveredAlone(lines=lines))
    assert verdict.notes[0].endswith("shop/pay.py:7, shop/pay.py:9 and 5 more")


def test_where_nothing_is_excused_nobody_hears_that_it_is_not_known() -> None:
    failure = msgspec.structs.replace(FAILED, signature=NEW)
    found = CoveredAlone(unknown="no coverage was measured")
    assert judged(failure, quarantine=in_force(an_entry()), covered_alone=found).notes == ()
    assert judged(failure, quarantine=None, covered_alone=found).notes == ()
