import pytest

from ci_toolkit.merge.tally import LONGEST_DETAIL, MOST_NAMED, SLOWEST, Tally, add_counts, add_llm_use, by_reason
from ci_toolkit.model import llm_properties as llm
from ci_toolkit.model.journal import Failure, When
from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.merged import CriticalTest
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult
from ci_toolkit.model.signature import joined, signature_of
from ci_toolkit.model.verdict import Counts, SlowTest, TestFailure


def a_result(outcome: str = "passed", node_id: str = "test_a.py::test_1", **also: object) -> TestResult:
    fields = {"path": "test_a.py", "line": 3, "category": "", **also}
    return TestResult(node_id=node_id, outcome=Outcome(outcome), **fields)  # type: ignore[arg-type]  # named in tests


def a_failure(message: str = "assert 0", **also: object) -> PhaseFailure:
    place = {key: also.pop(key) for key in ("path", "line", "detail") if key in also}
    return PhaseFailure(when=When.CALL, failure=Failure(message=message, **place), **also)  # type: ignore[arg-type]


def tallied(*results: TestResult) -> Tally:
    tally = Tally(2)
    assert [*tally.watch(results)] == [*results]  # they pass by unchanged
    return tally


def test_every_outcome_is_counted_by_its_own_name() -> None:
    outcomes = ["passed"] * 1 + ["failed"] * 2 + ["error"] * 3 + ["skipped"] * 4 + ["xfailed"] * 5 + ["xpassed"] * 6
    results = [
        a_result(outcome, failures=(a_failure(),) if outcome in {"failed", "error"} else ()) for outcome in outcomes
    ]
    counts = tallied(*results).counts(lost=7, left_out=8)
    assert counts == Counts(total=36, passed=1, failed=2, errors=3, skipped=4, xfailed=5, xpassed=6, lost=7, left_out=8)


def test_a_flaky_test_counts_as_passed_and_as_flaky() -> None:
    tally = tallied(a_result(reruns=(a_failure("at first"),)))
    assert tally.counts() == Counts(total=1, passed=1, flaky=1)
    assert [(failure.message, failure.outcome) for failure in tally.flaky] == [("at first", "passed")]
    assert tally.failures == []


def test_a_test_that_failed_again_and_again_is_no_flaky_test() -> None:
    tally = tallied(a_result("failed", failures=(a_failure("at last"),), reruns=(a_failure("at first"),)))
    assert [failure.message for failure in tally.failures] == ["at last"]
    assert tally.flaky == []


def test_a_failure_is_shown_with_all_its_messages() -> None:
    failures = (a_failure("one", subtest="[i=1]", detail="first"), a_failure("two", detail="second"))
    digests = [signature_of(failure.failure, "test_a.py::test_1").digest for failure in failures]
    assert tallied(a_result("error", failures=failures)).failures == [
        TestFailure(
            node_id="test_a.py::test_1",
            file="test_a.py",
            line=3,
            message="[i=1]: one; two",
            shard=2,
            outcome="error",
            detail="first\n\nsecond",
            signature=joined(digests),
            cause=signature_of(failures[0].failure, "test_a.py::test_1").cause,
        )
    ]


@pytest.mark.parametrize(
    ("path", "line", "place"),
    [
        ("helper.py", 9, ("helper.py", 9)),
        ("helper.py", 0, ("test_a.py", 3)),
        ("", 9, ("test_a.py", 3)),
        ("/usr/lib/python3/json.py", 9, ("test_a.py", 3)),  # not a file of the project
        ("helper.py", 1, ("helper.py", 1)),
    ],
)
def test_a_failure_is_shown_where_it_was_raised_if_that_is_in_the_project(
    path: str, line: int, place: tuple[str, int]
) -> None:
    (failure,) = tallied(a_result("failed", failures=(a_failure(path=path, line=line),))).failures
    assert (failure.file, failure.line) == place


def test_the_end_of_a_long_traceback_is_kept() -> None:
    (failure,) = tallied(a_result("failed", failures=(a_failure(detail="x" * LONGEST_DETAIL + "end"),))).failures
    assert len(failure.detail) == LONGEST_DETAIL
    assert failure.detail.endswith("xend")


@pytest.mark.parametrize(
    ("outcome", "is_critical", "how"),
    [
        ("skipped", True, ["skipped"]),
        ("xfailed", True, ["xfailed"]),
        ("xpassed", True, []),
        ("passed", True, []),
        ("skipped", False, []),
    ],
)
def test_a_mission_critical_test_that_was_kept_from_its_work_is_named(
    outcome: str, how: list[str], *, is_critical: bool
) -> None:
    tally = tallied(a_result(outcome, is_critical=is_critical, reason="why"))
    assert tally.critical == [CriticalTest(node_id="test_a.py::test_1", how=word, reason="why") for word in how]


def test_the_slowest_come_slowest_first_and_no_more_than_a_list_shows() -> None:
    results = [a_result(node_id=f"test_{n:03}", call_seconds=float(n % 125)) for n in range(250)]
    slowest = [*tallied(*results).slowest()]
    assert len(slowest) == SLOWEST
    assert slowest[:3] == [
        SlowTest(node_id="test_124", seconds=124.0),
        SlowTest(node_id="test_249", seconds=124.0),
        SlowTest(node_id="test_123", seconds=123.0),
    ]


def test_of_equally_slow_tests_the_first_by_name_are_listed_in_whatever_order_they_ran() -> None:
    results = [a_result(node_id=f"test_{n:03}", call_seconds=1.0) for n in range(3 * SLOWEST)]
    expected = [f"test_{n:03}" for n in range(SLOWEST)]
    for order in (results, results[::-1], results[150:] + results[:150]):
        assert [slow.node_id for slow in tallied(*order).slowest()] == expected


def test_what_was_skipped_is_listed_by_its_reasons_the_most_frequent_first() -> None:
    results = [a_result("skipped", f"test_{n}", reason="no server" if n % 3 else "") for n in (4, 3, 2, 1)]
    results.append(a_result("xfailed", "test_9", reason="no server"))
    assert tallied(*results).reasoned(Outcome.SKIPPED) == (
        ReasonedTests(reason="no server", count=3, node_ids=("test_1", "test_2", "test_4")),
        ReasonedTests(reason="", count=1, node_ids=("test_3",)),
    )


def test_reasons_for_skips_of_several_shards_add_up_and_a_hundred_are_named() -> None:
    results = [a_result("skipped", f"test_{n:04}", reason="no server") for n in range(3 * MOST_NAMED)]
    results += [a_result("skipped", f"test_x{n}", reason=f"reason {n:04}") for n in range(2 * MOST_NAMED)]
    parts = [part for half in (results[1::2], results[::2]) for part in tallied(*half).reasoned(Outcome.SKIPPED)]
    added = by_reason(parts)
    assert added == tallied(*results).reasoned(Outcome.SKIPPED)
    assert (len(added), added[0].count) == (MOST_NAMED, 3 * MOST_NAMED)
    assert added[0].node_ids == tuple(f"test_{n:04}" for n in range(MOST_NAMED))


def test_seconds_are_of_all_three_phases() -> None:
    tally = tallied(a_result(setup_seconds=1.0, call_seconds=2.0, teardown_seconds=4.0), a_result(call_seconds=0.5))
    assert [slow.seconds for slow in tally.slowest()] == [7.0, 0.5]
    assert tally.seconds == 7.5


def test_counts_add_up_field_by_field() -> None:
    fields = Counts.__struct_fields__
    one = Counts(**{name: number for number, name in enumerate(fields)})
    assert add_counts([one, one]) == Counts(**{name: 2 * number for number, name in enumerate(fields)})
    assert add_counts([]) == Counts()


# --- language models ----------------------------------------------------------------------------


def used(**properties: str) -> LlmUse | None:
    names = {
        "model": llm.MODEL,
        "calls": llm.CALLS,
        "input": llm.INPUT_TOKENS,
        "output": llm.OUTPUT_TOKENS,
        "cost": llm.COST,
    }
    result = a_result(properties=tuple((names[name], value) for name, value in properties.items()))
    return add_llm_use(tallied(result).llm)


@pytest.mark.parametrize(
    ("properties", "use"),
    [
        ({"calls": "2", "input": "30", "output": "4", "cost": "0.5"},
         LlmUse(calls=2, prompt_tokens=30, completion_tokens=4, cost=0.5)),
        ({"calls": "2"}, LlmUse(calls=2)),
        ({"calls": "2", "model": "scripted-llm"}, LlmUse(models=("scripted-llm",), calls=2)),
        ({"input": "30"}, None),
        ({"calls": "many"}, None),  # somebody's own property of that name
    ],
)  # fmt: skip
def test_use_of_language_models_is_read_from_properties(properties: dict[str, str], use: LlmUse | None) -> None:
    assert used(**properties) == use


def test_use_of_language_models_adds_up_and_an_unknown_price_stays_unknown() -> None:
    first = LlmUse(models=("b",), calls=1, prompt_tokens=2, completion_tokens=3, cost=0.1)
    free = LlmUse(models=("a", "b"), calls=4, prompt_tokens=5, completion_tokens=6)
    total = LlmUse(models=("a", "b"), calls=6, prompt_tokens=9, completion_tokens=12, cost=0.2)
    assert add_llm_use([first, None, free, first]) == total
    assert add_llm_use([free, free]) == LlmUse(models=("a", "b"), calls=8, prompt_tokens=10, completion_tokens=12)
    assert add_llm_use([None]) is None


def test_each_failed_go_before_the_last_is_kept_with_its_signature() -> None:
    goes = (a_failure("KeyError: 1"), a_failure("OSError: 2"))
    for last in ((a_failure("OSError: 2"),), ()):
        tally = tallied(a_result("failed" if last else "passed", failures=last, reruns=goes))
        (failure,) = tally.failures or tally.flaky
        digests = [signature_of(go.failure, "test_a.py::test_1").digest for go in goes]
        assert [(go.message, go.signature) for go in failure.earlier] == list(
            zip(["KeyError: 1", "OSError: 2"], digests, strict=True)
        )
        assert failure.signature == digests[1]
