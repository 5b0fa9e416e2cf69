from collections.abc import Mapping

import pytest

from ci_toolkit.suite.collection_times import MOST_SECONDS_A_TEST, CollectionTimes


class Clock:
    """Tells the seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def times(clock: Clock) -> CollectionTimes:
    return CollectionTimes(clock)


def test_a_file_takes_its_import_and_the_making_of_its_tests(clock: Clock, times: CollectionTimes) -> None:
    times.go_on()
    clock.now += 5.0  # the folders
    times.add("test_a.py", 0.5)
    clock.now += 2.0  # its tests are made
    times.go_on()
    clock.now += 0.25
    times.add("test_b.py", 0.25)
    times.go_on()
    clock.now += 7.0
    assert times.of_files == pytest.approx({"test_a.py": 2.5, "test_b.py": 0.25})


def test_a_class_counts_for_its_file(clock: Clock, times: CollectionTimes) -> None:
    for seconds in (0.5, 0.25):
        times.go_on()
        times.add("test_a.py", seconds)
        clock.now += 1.0
    times.go_on()
    assert times.of_files == pytest.approx({"test_a.py": 2.75})


@pytest.mark.parametrize(
    ("seconds", "collected", "shares"),
    [
        (2.0, {"large.py": 30_000, "small.py": 10_000}, {"large.py": 1.5, "small.py": 0.5}),
        (2.0, {"large.py": 40_000}, {"large.py": 2.0, "small.py": 0.0}),  # nothing is deselected in an empty file
        (9.0, {"large.py": 3, "small.py": 1}, {"large.py": 3 * MOST_SECONDS_A_TEST, "small.py": MOST_SECONDS_A_TEST}),
        (9.0, {}, {"large.py": 0.0, "small.py": 0.0}),
        (0.1, {"large.py": 1_000, "other.py": 1_000}, {"large.py": 0.05, "small.py": 0.0}),
    ],
)
def test_sorting_and_selecting_is_shared_by_tests_as_far_as_tests_explain_it(
    clock: Clock, times: CollectionTimes, seconds: float, collected: Mapping[str, int], shares: Mapping[str, float]
) -> None:
    times.add("large.py", 0.0)
    times.add("small.py", 0.0)
    times.go_on()
    clock.now += seconds
    times.share_out(collected)
    assert times.of_files == pytest.approx(shares)
