import itertools

import msgspec
import pytest
from history_samples import file_run
from hypothesis import example, given
from hypothesis import strategies as st

from ci_toolkit.history.expected import expected_durations, expected_of_file
from ci_toolkit.model.history import FileRun


def folded(*runs: FileRun) -> dict[str, float]:
    told = expected_of_file("test_a.py", runs)
    return dict(zip(told.suffixes, told.seconds, strict=True))


STEADY = {"rest": 1e6}
"""What a file takes besides the test that is looked at: it makes the file as a whole take the same in each run."""


@pytest.mark.parametrize(
    ("latest_first", "expected"),
    [
        ([3.0], 3.0),
        ([4.0, 2.0], 3.0),
        ([8.0, 4.0, 0.0], 5.0),  # 8/2 + 4/4 + 0/4
    ],
)
def test_latest_run_weighs_as_much_as_all_before_it(latest_first: list[float], expected: float) -> None:
    runs = [file_run({"t": took, **STEADY}, at=100.0 - place) for place, took in enumerate(latest_first)]
    assert folded(*runs)["t"] == pytest.approx(expected)


def test_a_run_in_which_the_whole_file_took_something_else_hardly_counts() -> None:
    mended = folded(file_run({"a": 10.0, "b": 20.0}), file_run({"a": 33.0, "b": 57.0}))
    assert mended["a"] == pytest.approx(10.0, rel=0.05)
    on_another_machine = folded(*[file_run({"a": took, "b": took}) for took in (10.0, 10.4, 3.0, 3.0)])
    assert on_another_machine["a"] == pytest.approx(10.2, rel=0.01)


def test_one_slow_test_is_damped_however_slow_it_was() -> None:
    assert folded(file_run({"t": 100.0, **STEADY}), file_run({"t": 2.0, **STEADY}))["t"] == pytest.approx(51.0)


def test_a_test_that_only_an_old_run_knows_takes_what_it_took_there() -> None:
    runs = (file_run({"a": 1.0}, is_whole=False), file_run({"a": 90.0, "b": 7.0}))
    assert folded(*runs)["b"] == 7.0


def test_names_in_another_order_count_the_same_as_in_one_order() -> None:
    same = folded(file_run({"a": 1.0, "b": 2.0}), file_run({"a": 2.0, "b": 1.0}))
    other = folded(file_run({"a": 1.0, "b": 2.0}), file_run({"b": 1.0, "a": 2.0}))
    assert same == other == {"a": 1.5, "b": 1.5}


def test_spread_says_how_far_times_stray_and_nothing_after_one_run() -> None:
    assert expected_of_file("test_a.py", [file_run({"t": 3.0})]).spreads == ()
    assert expected_of_file("test_a.py", [file_run({"t": 3.0}), file_run({"t": 3.0})]).spreads == (0.0,)
    assert expected_of_file("test_a.py", [file_run({"t": 4.0}), file_run({"t": 2.0})]).spreads == (1.0,)


def test_spread_of_a_file_is_of_its_tests_together() -> None:
    assert expected_of_file("test_a.py", [file_run({"a": 3.0, "b": 1.0})]).spread is None
    one_paid_for_the_other = [file_run({"a": 3.0, "b": 1.0}), file_run({"a": 1.0, "b": 3.0})]
    assert expected_of_file("test_a.py", one_paid_for_the_other).spread == 0.0
    slow_together = [file_run({"a": 3.0, "b": 1.0}), file_run({"a": 5.0, "b": 2.0}, outcomes="..")]
    assert expected_of_file("test_a.py", slow_together).spread == 1.5


def test_spread_of_a_file_is_seen_in_runs_that_hold_all_its_tests() -> None:
    parts = [file_run({"a": 3.0, "b": 1.0}), file_run({"a": 9.0}, is_whole=False), file_run({"a": 3.0, "b": 3.0})]
    assert expected_of_file("test_a.py", parts).spread == 1.0


def test_deleted_test_is_gone_after_a_whole_run_and_only_then() -> None:
    before = file_run({"kept": 1.0, "deleted": 9.0})
    assert folded(file_run({"kept": 1.0}), before) == {"kept": 1.0}
    assert folded(file_run({"kept": 1.0}, is_whole=False), before) == {"kept": 1.0, "deleted": 9.0}


def test_a_run_that_lost_tests_makes_none_look_deleted() -> None:
    killed = file_run({"a": 1.0, "b": 0.0}, outcomes=".?")
    assert folded(killed, file_run({"a": 1.0, "b": 5.0, "c": 2.0})) == {"a": 1.0, "b": 5.0, "c": 2.0}


@pytest.mark.parametrize("letter", list("FEs?"))
def test_time_of_a_test_that_did_not_pass_does_not_count_where_it_passed_before(letter: str) -> None:
    runs = (file_run({"t": 60.0}, outcomes=letter), file_run({"t": 2.0}))
    assert folded(*runs) == {"t": 2.0}


def test_time_of_a_test_that_never_passed_is_better_than_none() -> None:
    assert folded(file_run({"t": 7.0}, outcomes="F")) == {"t": 7.0}


@pytest.mark.parametrize("letter", list(".RxX"))
def test_flaky_and_expected_outcomes_count(letter: str) -> None:
    runs = (file_run({"t": 4.0, **STEADY}, outcomes=f"{letter}."), file_run({"t": 2.0, **STEADY}))
    assert folded(*runs)["t"] == pytest.approx(3.0)


def test_unreadable_run_is_left_out() -> None:
    torn = file_run({"t": 1.0})
    torn = type(torn)(**{name: getattr(torn, name) for name in torn.__struct_fields__} | {"seconds": b"[1.0"})
    assert folded(torn, file_run({"t": 5.0})) == {"t": 5.0}


def test_import_seconds_are_averaged_over_the_runs_that_measured_them() -> None:
    runs = (file_run({"t": 1.0}, import_seconds=4.0), file_run({"t": 1.0}), file_run({"t": 1.0}, import_seconds=2.0))
    assert expected_of_file("test_a.py", runs).import_seconds == 3.0


def test_each_file_is_folded_by_itself() -> None:
    runs = [file_run({"t": 2.0}, path="a.py"), file_run({"t": 2.0}, path="a.py"), file_run({"t": 5.0}, path="b.py")]
    assert {file.path: file.seconds for file in expected_durations(runs)} == {"a.py": (2.0,), "b.py": (5.0,)}


outcome_runs = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.floats(0, 100), st.sampled_from(".FERsxX?")), min_size=1),
    min_size=1,
    max_size=5,
)


@given(outcome_runs)
@example([{"a": (5e-324, ".")}, {"a": (2.0, ".")}])  # their quotient is 0
def test_every_expectation_lies_between_times_that_were_measured(runs: list[dict[str, tuple[float, str]]]) -> None:
    files = [
        file_run({n: s for n, (s, _) in run.items()}, outcomes="".join(o for _, o in run.values())) for run in runs
    ]
    for name, seconds in folded(*files).items():
        measured = [run[name][0] for run in runs if name in run and run[name][1] != "?"]
        assert min(measured) - 1e-9 <= seconds <= max(measured) + 1e-9


@given(st.permutations("abc"), st.permutations("abc"))
def test_order_of_tests_within_a_run_says_nothing(first: list[str], second: list[str]) -> None:
    times = dict(zip("abc", itertools.count(1.0), strict=False))
    runs = [file_run({name: times[name] for name in names}) for names in (first, second)]
    assert folded(*runs) == times


def test_a_file_of_which_no_run_can_be_read_is_unknown_and_not_one_without_tests() -> None:
    garbled = msgspec.structs.replace(file_run({"a": 1.0}), suffixes=b'["a')
    assert list(expected_durations([garbled, garbled])) == []
    assert [file.suffixes for file in expected_durations([garbled, file_run({"a": 1.0})])] == [("a",)]


IDS = {"test_a[1]": 1.0, "test_a[2]": 1.0, "test_b[x]": 1.0, "test_c": 1.0}
SOME = {"test_a[1]": 1.0, "test_a[9]": 1.0, "test_b[x]": 1.0, "test_c": 1.0}
WORDS = {"test_a[fast]": 1.0, "test_a[slow]": 1.0}
COUNTED = {"test_a[x0]": 1.0, "test_a[x1]": 1.0}
SUMS = {"test_a": 2.0, "test_b": 1.0, "test_c": 1.0}
"""What is kept of a file whose shards saw other ids than others."""


@pytest.mark.parametrize(
    ("latest_first", "unsettled"),
    [
        ([IDS], ("test_a",)),  # words are what somebody wrote
        ([IDS, {"test_c": 1.0}], ("test_a",)),
        ([IDS, IDS], ()),
        ([IDS, dict(reversed(IDS.items()))], ()),
        ([IDS, {"test_c": 1.0}, IDS], ()),
        ([IDS, SOME], ("test_a",)),
        ([IDS, IDS, SOME], ()),
        ([SOME, IDS, IDS], ("test_a",)),
        ([SUMS, IDS], ("test_a", "test_b")),
        ([IDS, SUMS], ("test_a", "test_b")),
        ([SUMS, SUMS], ()),
        ([WORDS, {**WORDS, "test_a[new]": 1.0}], ()),
        ([{**WORDS, "test_a[new]": 1.0}, WORDS], ()),
        ([COUNTED, {**COUNTED, "test_a[x2]": 1.0}], ("test_a",)),  # as many as there happen to be
        ([{**COUNTED, "test_a[x2]": 1.0}, COUNTED], ("test_a",)),
    ],
)
def test_a_function_is_settled_where_the_last_two_runs_that_have_it_have_its_ids(
    latest_first: list[dict[str, float]], unsettled: tuple[str, ...]
) -> None:
    runs = [file_run(seconds, at=100.0 - place) for place, seconds in enumerate(latest_first)]
    assert expected_of_file("test_a.py", runs).unsettled == unsettled


def test_ids_that_are_new_in_each_run_do_not_heap_up_where_no_run_is_whole() -> None:
    runs = [
        file_run({f"test_a[{at}]": 2.0, f"test_a[-{at}]": 2.0, "test_b": 1.0}, at=at, is_whole=False)
        for at in (4.0, 3.0, 2.0, 1.0)
    ]
    assert folded(*runs) == {"test_a[4.0]": 2.0, "test_a[-4.0]": 2.0, "test_b": 1.0}


def test_parameter_sets_that_an_earlier_run_has_besides_those_of_a_later_one_are_kept() -> None:
    runs = [
        file_run({"test_a[1]": 2.0}, at=2.0, is_whole=False),
        file_run({"test_a[1]": 2.0, "test_a[2]": 3.0}, at=1.0),
    ]
    assert folded(*runs) == {"test_a[1]": 2.0, "test_a[2]": 3.0}
