import msgspec
import pytest

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.last_run import LastRun, OfLastRun
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.of_last_run import choose

SUITE = Suite(root=".", arguments=(), files=tuple(SuiteFile(path=f"tests/test_{name}.py") for name in "abc"))
A, B, C = (file.path for file in SUITE.files)
LAST = LastRun(failed=(f"{A}::test_1[x::y]", f"{A}::T", C), unsure=(f"{B}::test_2",))
GONE = LastRun(failed=("tests/test_z.py::test_1",))


@pytest.mark.parametrize(
    ("of_last_run", "last", "files", "only", "first"),
    [
        (OfLastRun.NOTHING, LAST, (A, B, C), (), ()),
        (OfLastRun.LAST_FAILED, LAST, (A, C), LAST.failed, ()),
        (OfLastRun.LAST_FAILED, LastRun(), (A, B, C), (), ()),
        (OfLastRun.LAST_FAILED, None, (A, B, C), (), ()),
        (OfLastRun.LAST_FAILED, GONE, (A, B, C), (), ()),
        (OfLastRun.LAST_FAILED_ALONE, LAST, (A, C), LAST.failed, ()),
        (OfLastRun.LAST_FAILED_ALONE, GONE, (A, B, C), (), ()),
        (OfLastRun.FAILED_FIRST, LAST, (A, B, C), (), LAST.failed),
        (OfLastRun.FAILED_FIRST, None, (A, B, C), (), ()),
        (OfLastRun.FAILED, LAST, (A, B, C), (*sorted((*LAST.failed, *LAST.unsure)),), ()),
        (OfLastRun.FAILED, LastRun(unsure=(f"{B}::test_2",)), (B,), (f"{B}::test_2",), ()),
    ],
)
def test_what_did_not_pass_runs_alone_or_first(
    of_last_run: OfLastRun, last: LastRun | None, files: tuple[str, ...], only: tuple[str, ...], first: tuple[str, ...]
) -> None:
    choice = choose(SUITE, last, of_last_run)
    assert tuple(file.path for file in choice.suite.files) == files
    assert (choice.only, choice.first) == (only, first)


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (None, "no earlier run is remembered"),
        (LastRun(), "every test passed last time"),
        (GONE, "what did not pass last time is not in this suite"),
    ],
)
def test_where_nothing_failed_there_is_nothing_to_run_again_and_lf_runs_all(last: LastRun | None, reason: str) -> None:
    with pytest.raises(NothingToRunError, match=reason):
        choose(SUITE, last, OfLastRun.FAILED)
    assert choose(SUITE, last, OfLastRun.LAST_FAILED).note == f"{reason}: all tests run"


@pytest.mark.parametrize("last", [None, LastRun()])
def test_where_nothing_failed_lf_runs_nothing_if_it_is_told_so(last: LastRun | None) -> None:
    with pytest.raises(NothingToRunError):
        choose(SUITE, last, OfLastRun.LAST_FAILED_ALONE)


@pytest.fixture
def begun() -> LastRun:
    """What a stepwise run of SUITE left: one test failed, and one file was not come to."""
    steps = choose(SUITE, None, OfLastRun.STEPWISE).steps
    assert steps is not None
    return LastRun(failed=(f"{A}::test_1",), ahead=(f"{A}::test_1", C), ahead_of=steps.suite)


@pytest.mark.parametrize(
    ("of_last_run", "passed_over"),
    [(OfLastRun.STEPWISE, ()), (OfLastRun.STEPWISE_SKIP, (f"{A}::test_1",))],
)
def test_a_stepwise_run_goes_on_from_where_the_last_one_stopped(
    begun: LastRun, of_last_run: OfLastRun, passed_over: tuple[str, ...]
) -> None:
    choice = choose(SUITE, begun, of_last_run)
    assert [file.path for file in choice.suite.files] == [A, C]
    assert (choice.only, choice.first) == (begun.ahead, (f"{A}::test_1",))
    assert choice.steps is not None
    assert choice.steps.passed_over == passed_over
    assert f"goes on from {A}::test_1" in choice.note


@pytest.mark.parametrize(
    ("of_last_run", "change"),
    [
        (OfLastRun.STEPWISE_RESET, {}),
        (OfLastRun.STEPWISE, {"ahead": ()}),  # it came to its end
        (OfLastRun.STEPWISE, {"ahead_of": "another suite"}),
        (OfLastRun.STEPWISE, {"ahead": ("tests/test_z.py",)}),
    ],
)
def test_a_stepwise_run_begins_anew(begun: LastRun, of_last_run: OfLastRun, change: dict[str, object]) -> None:
    choice = choose(SUITE, msgspec.structs.replace(begun, **change), of_last_run)
    assert (choice.suite, choice.only, choice.first) == (SUITE, (), ())
    assert "all" in choice.note


def test_a_stepwise_run_begins_anew_where_a_file_has_another_test(begun: LastRun) -> None:
    first, *others = SUITE.files
    grown = msgspec.structs.replace(SUITE, files=(msgspec.structs.replace(first, anchors=("test_new",)), *others))
    assert choose(grown, begun, OfLastRun.STEPWISE).suite == grown
