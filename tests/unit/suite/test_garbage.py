import gc
from collections.abc import Callable, Iterator

import pytest

from ci_toolkit.suite.garbage import LooksSeldom

Threshold = tuple[int, int, int]
PYTHONS_OWN: Threshold = (700, 10, 10)


@pytest.fixture
def threshold() -> Iterator[Callable[[Threshold], None]]:
    before = gc.get_threshold()
    yield lambda wanted: gc.set_threshold(*wanted)
    gc.set_threshold(*before)


def collect(session: pytest.Session, looks: LooksSeldom, during: Callable[[], object] = lambda: None) -> object:
    """Do what pytest does: begin the collection, collect, and give its result back."""
    collection = looks.pytest_collection(session)
    next(collection)
    during()
    with pytest.raises(StopIteration) as end:
        collection.send("the result")
    return end.value.value


@pytest.mark.parametrize(
    ("usual", "seldom"),
    [
        (PYTHONS_OWN, (100_000, 10, 10)),
        ((2_000, 5, 0), (100_000, 5, 0)),
        ((250_000, 10, 10), (250_000, 10, 10)),  # who looks less often goes on so
        ((0, 10, 10), (0, 10, 10)),  # and who never looks
    ],
)
def test_python_looks_for_garbage_seldom_until_the_tests_are_collected(
    request: pytest.FixtureRequest, threshold: Callable[[Threshold], None], usual: Threshold, seldom: Threshold
) -> None:
    threshold(usual)
    looks = LooksSeldom()
    found: list[Threshold] = []
    assert gc.get_threshold() == seldom
    assert collect(request.session, looks, lambda: found.append(gc.get_threshold())) == "the result"
    assert (found, gc.get_threshold()) == ([seldom], usual)


@pytest.mark.parametrize("chosen", [(50_000, 20, 20), (0, 0, 0), PYTHONS_OWN])
def test_what_the_suite_chooses_while_it_is_imported_stays(
    request: pytest.FixtureRequest, threshold: Callable[[Threshold], None], chosen: Threshold
) -> None:
    threshold(PYTHONS_OWN)
    collect(request.session, LooksSeldom(), lambda: gc.set_threshold(*chosen))
    assert gc.get_threshold() == chosen


def test_what_the_imports_left_behind_is_gone_before_the_first_test(
    request: pytest.FixtureRequest, threshold: Callable[[Threshold], None]
) -> None:
    class Base:
        pass

    def leave_a_class_behind() -> None:
        type("Left", (Base,), {})

    threshold(PYTHONS_OWN)
    collect(request.session, LooksSeldom(), leave_a_class_behind)
    assert Base.__subclasses__() == []


def test_a_suite_that_switches_the_search_off_is_not_searched(
    request: pytest.FixtureRequest, threshold: Callable[[Threshold], None]
) -> None:
    class Base:
        pass

    def leave_a_class_behind() -> None:
        type("Left", (Base,), {})
        gc.disable()

    threshold(PYTHONS_OWN)
    try:
        collect(request.session, LooksSeldom(), leave_a_class_behind)
        assert [left.__name__ for left in Base.__subclasses__()] == ["Left"]
    finally:
        gc.enable()
