import math

import msgspec
import pytest

from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.suite import SuiteFile
from ci_toolkit.plan.estimates import FileEstimate, estimate

KNOWN = FileDurations(
    path="test_known.py",
    suffixes=("test_a[1]", "test_a[2]", "test_b"),
    seconds=(2.0, 4.0, 12.0),
    spreads=(0.3, 0.4, 0.0),
    import_seconds=0.5,
    fixture_seconds=1.5,
)


def estimate_one(file: SuiteFile, *, is_collected: bool = False) -> FileEstimate:
    return estimate([file], {KNOWN.path: KNOWN}, is_collected=is_collected)[0]


def seconds_of(file: FileEstimate) -> dict[str, float]:
    return dict(zip(file.suffixes, file.each, strict=True))


def test_known_tests_take_what_history_says_and_setup_is_import_and_shared_fixtures() -> None:
    file = estimate_one(SuiteFile(path="test_known.py"))
    assert (file.seconds, file.setup_seconds) == (18.0, 2.0)


@pytest.mark.parametrize(("seen", "spread"), [(None, 4.5), (3.0, 3.0), (0.0, 0.9)])
def test_the_spread_of_a_file_is_what_was_seen_else_a_quarter_and_never_zero(seen: float | None, spread: float) -> None:
    known = msgspec.structs.replace(KNOWN, spread=seen)
    assert math.isclose(
        estimate([SuiteFile(path=KNOWN.path)], {KNOWN.path: known}, is_collected=False)[0].spread, spread
    )


def test_a_new_parameter_set_takes_what_its_family_takes() -> None:
    file = estimate_one(SuiteFile(path="test_known.py", anchors=("test_a[1]", "test_a[3]")), is_collected=True)
    assert seconds_of(file) == {"test_a[1]": 2.0, "test_a[3]": 2.0}


def test_a_new_function_takes_what_the_middle_function_of_its_file_takes_and_may_be_as_slow_as_the_slowest() -> None:
    known = FileDurations(path="a.py", suffixes=("test_1", "test_2", "test_3[x]", "test_3[y]"), seconds=(1, 2, 40, 60))
    file = SuiteFile(path="a.py", anchors=("test_1", "test_2", "test_3", "test_new"))
    estimated = estimate([file], {"a.py": known}, is_collected=False)[0]
    assert seconds_of(estimated)["test_new"] == 2.0
    assert estimated.spread == pytest.approx(0.25 * 103 + math.sqrt((1 + 0 + 98**2) / 3))


@pytest.mark.parametrize("path", ["a.py", "unknown.py"])
def test_what_is_new_is_expected_to_take_the_same_in_whatever_order_history_came(path: str) -> None:
    suffixes, seconds = ("test_1[a]", "test_1[b]", "test_1[c]"), (0.1, 0.2, 0.3)
    files = [SuiteFile(path="a.py", anchors=("test_1", "test_new")), SuiteFile(path="unknown.py", anchors=("test_a",))]
    both = []
    for step in (1, -1):
        known = FileDurations(path="a.py", suffixes=suffixes[::step], seconds=seconds[::step])
        both += [file for file in estimate(files, {"a.py": known}, is_collected=False) if file.path == path]
    assert (both[0].seconds, both[0].spread) == (both[1].seconds, both[1].spread)


def test_a_file_without_history_takes_and_varies_as_functions_of_the_suite_do_in_the_mean() -> None:
    _, file = estimate(
        [SuiteFile(path="test_known.py"), SuiteFile(path="test_new.py", anchors=("test_x", "test_y"))],
        {KNOWN.path: KNOWN},
        is_collected=False,
    )
    assert seconds_of(file) == {"test_x": 9.0, "test_y": 9.0}
    assert file.setup_seconds == 0.5
    assert file.spread == 18.0
    assert not file.is_known


def test_a_file_that_held_no_test_when_it_ran_takes_its_import() -> None:
    skipped = FileDurations(path="test_numpy.py", import_seconds=0.3)
    known = {KNOWN.path: KNOWN, skipped.path: skipped}
    _, file, new = estimate(
        [
            SuiteFile(path="test_known.py"),
            SuiteFile(path="test_numpy.py", anchors=("test_x", "test_y")),
            SuiteFile(path="test_new.py"),
        ],
        known,
        is_collected=False,
    )
    assert (file.weight, file.spread, file.is_known) == (0.3, 0.0, False)
    assert seconds_of(file) == {"test_x": 0.0, "test_y": 0.0}
    assert seconds_of(new) == {"": 9.0}


def test_the_spread_of_what_nobody_knows_is_all_that_it_takes() -> None:
    new = estimate([SuiteFile(path="test_new.py", anchors=("test_x",))], {}, is_collected=False)[0]
    assert new.spread == new.seconds


def test_dead_tests_do_not_count_after_a_full_collection() -> None:
    file = estimate_one(SuiteFile(path="test_known.py", anchors=("test_b",)), is_collected=True)
    assert seconds_of(file) == {"test_b": 12.0}


def test_a_generated_test_counts_although_the_source_does_not_name_it() -> None:
    file = estimate_one(SuiteFile(path="test_known.py", anchors=("test_b",)))
    assert file.seconds == 18.0


@pytest.mark.parametrize(("suffix", "group"), [("test_a[1]", "db"), ("test_a", "db"), ("test_b", ""), ("test_ab", "")])
def test_a_group_read_in_the_source_holds_for_every_parameter_set(suffix: str, group: str) -> None:
    file = estimate_one(SuiteFile(path="test_known.py", groups=(("test_a", "db"),)))
    assert file.group_of(suffix) == group
