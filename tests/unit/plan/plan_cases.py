"""Suites and histories for tests of planning, and readings of the plans made from them."""

import math
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.plan import PieceOf, Plan
from ci_toolkit.model.suite import Suite, SuiteFile

Times = Mapping[str, Mapping[str, float]]
"""path -> suffix -> seconds."""

ODD = (0.0, -1.0, math.nan, math.inf, -math.inf, 1e308, 5e-324, 1e-9)

SECONDS = st.one_of(
    st.floats(min_value=0.0, max_value=600.0), st.sampled_from([0.0, 0.001, 1.0, 1.0, 60.0]), st.sampled_from(ODD)
)
VALID_SECONDS = st.floats(min_value=0.001, max_value=600.0)

SUFFIX = st.builds(
    lambda holder, number, parameter: f"{holder}test_{number}{parameter}",
    st.sampled_from(["", "", "TestA::", "TestB::", "TestB::TestC::"]),
    st.integers(0, 12),
    st.sampled_from(["", "", "[a]", "[b]", "[c-1]", "[x::y]", "[[]"]),
)


def histories(seconds: st.SearchStrategy[float] = SECONDS, *, files: int = 8) -> st.SearchStrategy[Times]:
    """Histories of up to ``files`` files, none of them empty."""
    paths = st.sampled_from([f"tests/test_{number:02}.py" for number in range(files)])
    tests = st.dictionaries(SUFFIX, seconds, min_size=1, max_size=20)
    return st.dictionaries(paths, tests, min_size=1, max_size=files)


def suite_of(times: Times) -> Suite:
    return Suite(root=".", arguments=(), files=tuple(SuiteFile(path=path) for path in sorted(times)))


def durations_of(times: Times, *, setup: float | None = None, reverse: bool = False) -> Durations:
    step = -1 if reverse else 1
    return Durations(
        files=tuple(
            FileDurations(
                path=path,
                suffixes=tuple(tests)[::step],
                seconds=tuple(tests.values())[::step],
                import_seconds=setup,
            )
            for path, tests in list(times.items())[::step]
        )
    )


def owners_of(plan: Plan, path: str, suffix: str) -> list[int]:
    """Return every shard that would run the test: by the rule that the shards themselves follow."""
    cut = plan.cut_of(path)
    piece = PieceOf(cut)(suffix) if cut else 0
    return [shard.index for shard in plan.shards for unit in shard.units if unit.path == path and unit.piece == piece]


def shards_of(plan: Plan, times: Times) -> dict[tuple[str, str], int]:
    """Return the shard of each test. Fails if a test has none or several."""
    found = {(path, suffix): owners_of(plan, path, suffix) for path, tests in times.items() for suffix in tests}
    assert all(len(owners) == 1 for owners in found.values())
    return {test: owners[0] for test, owners in found.items()}


def loads_of(plan: Plan, times: Times, setup: float = 0.0) -> Sequence[float]:
    """Return what each shard takes, summed from the times of its tests and one setup a file."""
    tests: dict[int, list[float]] = {shard.index: [] for shard in plan.shards}
    for (path, suffix), shard in shards_of(plan, times).items():
        tests[shard].append(times[path][suffix])
    return [math.fsum([*tests[shard.index], *(setup for _ in shard.units)]) for shard in plan.shards]
