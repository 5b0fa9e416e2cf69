import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.history.test_names import TABLE, TestNames
from ci_toolkit.history.test_sets import TestSet, UnreadableError
from ci_toolkit.model.record import encode

FILES = st.lists(st.tuples(st.sampled_from(["a.py", "b.py"]), st.lists(st.sampled_from("tuvwxyz"), max_size=6)))


@contextmanager
def memory() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLE)
        yield connection


@pytest.fixture
def names() -> Iterator[TestNames]:
    with memory() as connection:
        yield TestNames(connection)


@given(FILES)
def test_a_test_has_one_number_for_ever_and_no_other_has_it(files: list[tuple[str, list[str]]]) -> None:
    with memory() as connection:
        names = TestNames(connection)
        numbers: dict[tuple[str, str], int] = {}
        for path, suffixes in files:
            found = names.numbers_of(path, encode(tuple(suffixes)))
            for suffix, number in zip(suffixes, found, strict=True):
                assert numbers.setdefault((path, suffix), number) == number
        assert len(set(numbers.values())) == len(numbers) == len(names)
        assert set(names) == numbers.keys()
        assert all(names.find(*name) == number for name, number in numbers.items())
        assert all(names.name_of(number) == name for name, number in numbers.items())


@pytest.mark.parametrize(("used", "kept"), [({0}, {"t", "u"}), ({2}, {"v"}), (set(), set()), ({1, 2}, {"t", "u", "v"})])
def test_names_that_came_together_stay_while_one_is_used(names: TestNames, used: set[int], kept: set[str]) -> None:
    names.numbers_of("a.py", b'["t","u"]')
    names.numbers_of("a.py", b'["t","u","v"]')
    names.keep(TestSet.of(used))
    assert {suffix for _, suffix in names} == kept
    assert all((names.find("a.py", suffix) is not None) == (suffix in kept) for suffix in "tuv")


def test_a_damaged_row_is_told() -> None:
    with memory() as connection:
        names = TestNames(connection)
        names.number_of("a.py", "t")
        with pytest.raises(UnreadableError, match="no test has the number 7"):
            names.name_of(7)
        connection.execute("UPDATE names SET suffixes = '[1'")
        with pytest.raises(UnreadableError, match="cannot be read"):
            names.name_of(0)


@given(st.sets(st.integers(0, 40)), st.integers(0, 45), st.integers(0, 20))
def test_a_set_knows_whether_any_of_a_range_is_in_it(numbers: set[int], first: int, count: int) -> None:
    assert TestSet.of(numbers).has_any(first, first + count) == any(first <= n < first + count for n in numbers)
