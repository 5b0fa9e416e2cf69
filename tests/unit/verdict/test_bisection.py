import math
from collections.abc import Collection, Sequence

from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.verdict.bisection import smallest_cause

SIZES = st.integers(min_value=1, max_value=300)


class Runs:
    """Counts the questions; the difference is made by all of one of the ``causes``, unless a cleaner follows it."""

    def __init__(self, causes: Collection[Collection[str]], cleaners: Collection[str] = ()) -> None:
        self.causes = [set(cause) for cause in causes]
        self.cleaners = set(cleaners)
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, tests: Sequence[str]) -> bool:
        self.asked.append(tuple(tests))
        return self.holds(tests)

    def holds(self, tests: Sequence[str]) -> bool:
        last_cleaner = max((place for place, test in enumerate(tests) if test in self.cleaners), default=-1)
        left = set(tests[last_cleaner + 1 :])
        return any(cause <= left for cause in self.causes)


def bound(causes: int, candidates: int) -> int:
    return causes * (math.ceil(math.log2(candidates)) + 1)


@given(SIZES, st.data())
def test_the_cause_is_found_exactly_in_few_runs(size: int, data: st.DataObject) -> None:
    candidates = [f"t{number}" for number in range(size)]
    places = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=4))
    cause = tuple(candidates[place] for place in sorted(places))
    runs = Runs([cause])
    assert smallest_cause(candidates, runs) == cause
    assert len(runs.asked) <= bound(len(cause), size)
    assert len(set(runs.asked)) == len(runs.asked)


@given(SIZES, st.data())
def test_of_several_causes_one_is_found_that_no_part_of_it_is(size: int, data: st.DataObject) -> None:
    candidates = [f"t{number}" for number in range(size)]
    parts = st.sets(st.sampled_from(candidates), min_size=1, max_size=3)
    runs = Runs(data.draw(st.lists(parts, min_size=1, max_size=4)))
    found = smallest_cause(candidates, runs)
    assert runs.holds(found)
    for place in range(len(found)):
        assert not runs.holds((*found[:place], *found[place + 1 :]))
    assert len(runs.asked) <= bound(len(found), size)


@given(SIZES, st.data())
def test_what_is_found_makes_the_difference_even_where_others_unmake_it(size: int, data: st.DataObject) -> None:
    candidates = [f"t{number}" for number in range(size)]
    cause = data.draw(st.sampled_from(candidates))
    cleaners = data.draw(st.sets(st.sampled_from(candidates), max_size=5)) - {cause}
    runs = Runs([{cause}], {cleaner for cleaner in cleaners if candidates.index(cleaner) < candidates.index(cause)})
    assert smallest_cause(candidates, runs) == (cause,)
    assert len(runs.asked) <= bound(1, size)


def test_among_a_thousand_one_polluter_takes_eleven_runs() -> None:
    candidates = [f"t{number}" for number in range(1000)]
    asked = []
    for polluter in (0, 499, 999):
        runs = Runs([{candidates[polluter]}])
        smallest_cause(candidates, runs)
        asked.append(len(runs.asked))
    assert max(asked) <= 11
