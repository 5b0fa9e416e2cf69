import math

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


def test_known_tests_take_what_history_says_and_landing_is_import_and_shared_fixtures() -> None:
    file = estimate_one(SuiteFile(path="test_known.py"))
    assert (file.seconds, file.landing_seconds) == (18.0, 2.0)
    assert math.isclose(file.spread, 0.5)


def test_a_new_parameter_set_takes_what_its_family_takes() -> None:
    file = estimate_one(SuiteFile(path="test_known.py", anchors=("test_a[1]", "test_a[3]")), is_collected=True)
    assert seconds_of(file) == {"test_a[1]": 2.0, "test_a[3]": 2.0}


def test_a_new_function_takes_what_a_function_of_its_file_takes() -> None:
    file = estimate_one(SuiteFile(path="test_known.py", anchors=("test_a", "test_b", "test_new")))
    assert seconds_of(file)["test_new"] == 9.0


def test_a_file_without_history_takes_what_functions_of_the_suite_take() -> None:
    _, file = estimate(
        [SuiteFile(path="test_known.py"), SuiteFile(path="test_new.py", anchors=("test_x", "test_y"))],
        {KNOWN.path: KNOWN},
        is_collected=False,
    )
    assert seconds_of(file) == {"test_x": 9.0, "test_y": 9.0}
    assert file.landing_seconds == 0.5
    assert not file.is_known


def test_what_nobody_knows_strays_as_far_as_it_takes() -> None:
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
