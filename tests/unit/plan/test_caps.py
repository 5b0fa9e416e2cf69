import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.plan.caps import MORE_PIECES, MORE_SETUP, caps_of, count_pieces, room_of
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.request import Keep
from ci_toolkit.plan.workload import Workload


def file(number: int, seconds: float, *, spread: float = 0.0, setup: float = 0.0, tests: int = 20) -> FileEstimate:
    return FileEstimate(
        path=f"test_{number:02}.py",
        seconds=seconds,
        spread=spread,
        setup_seconds=setup,
        suffixes=tuple(f"test_{test}" for test in range(tests)),
        each=(seconds / tests,) * tests,
    )


def counts(files: list[FileEstimate], cap: float, shards: int, keep: Keep = Keep.NOTHING) -> list[int]:
    caps = caps_of(Workload(files, keep), cap, shards)
    return [count_pieces(f.setup_seconds, f.seconds, at) for f, at in zip(files, caps, strict=True)]


def test_the_file_with_the_largest_spread_is_divided_though_it_would_fit() -> None:
    files = [file(number, 10.0, spread=0.5) for number in range(19)] + [file(19, 10.0, spread=9.0)]
    assert counts(files, 50.0, 4) == [1] * 19 + [3]


def test_a_file_with_a_small_spread_stays_whole() -> None:
    assert counts([file(number, 10.0, spread=0.1) for number in range(40)], 50.0, 8) == [1] * 40


def test_a_file_that_fills_many_shards_by_itself_gets_no_piece_beyond_those() -> None:
    huge = [file(number, 1000.0, spread=250.0, tests=2000) for number in range(2)]
    assert counts(huge, 10.1, 200) == [100, 100]
    assert sum(counts(huge, 100.1, 20)) == 22


def test_a_dear_setup_is_not_paid_for_it() -> None:
    files = [file(number, 10.0, spread=9.0, setup=5.0) for number in range(40)]
    assert counts(files, 100.0, 4) == [1] * 40


def test_no_file_has_more_pieces_than_tests_or_shards_and_one_that_is_kept_together_has_one() -> None:
    files = [file(number, 1.0) for number in range(60)] + [file(60, 10.0, spread=90.0, tests=2)]
    assert counts(files, 50.0, 8)[-1] == 2
    wide = [*files[:-1], file(60, 10.0, spread=90.0)]
    assert counts(wide, 50.0, 3)[-1] == 3
    assert counts(wide, 50.0, 3, Keep.MODULE)[-1] == 1


def test_caps_are_what_the_pieces_of_a_file_take_with_its_setup() -> None:
    files = [file(number, 10.0, spread=0.5) for number in range(19)] + [file(19, 10.0, spread=9.0, setup=0.1)]
    assert caps_of(Workload(files), 50.0, 4) == [50.0] * 19 + [pytest.approx(0.1 + 10.0 / 3.0)]


def test_pieces_go_to_the_file_whose_pieces_have_the_largest_spread() -> None:
    files = [file(number, 10.0) for number in range(28)] + [file(28, 10.0, spread=9.0), file(29, 10.0, spread=8.0)]
    assert counts(files, 50.0, 8)[28:] == [3, 2]
    assert counts([*files[:18], *files[28:]], 50.0, 8)[18:] == [2, 2]
    assert counts([*files[:8], *files[28:]], 50.0, 8)[8:] == [2, 1]


def test_a_file_with_a_notable_spread_is_divided_until_its_pieces_have_none() -> None:
    base = [file(number, 10.0) for number in range(99)]  # with one more a thousand seconds: 100 a shard, notable are 2
    assert counts([*base, file(99, 10.0, spread=2.0)], 500.0, 10)[-1] == 1
    assert counts([*base, file(99, 10.0, spread=2.1)], 500.0, 10)[-1] == 2
    assert counts([*base, file(99, 10.0, spread=4.1)], 500.0, 10)[-1] == 3


def test_a_further_piece_lowers_the_spread_by_half_a_percent_of_a_shard() -> None:
    base = [file(number, 10.0) for number in range(89)]
    huge = file(89, 110.0, spread=20.0, tests=200)  # of 1000 seconds, on ten shards: half a percent is 0.5
    assert counts([*base, huge], 500.0, 10)[-1] == 6
    assert counts([*base, huge], 55.0, 10)[-1] == 6


def test_what_is_cut_anyway_counts_with_the_spread_of_its_pieces() -> None:
    base = [file(number, 10.0) for number in range(7)]
    files = [*base, file(7, 100.0, spread=10.0), file(8, 10.0, spread=6.0)]
    assert counts(files, 50.0, 8)[7:] == [2, 2]
    base = [file(number, 10.0) for number in range(90)]
    assert counts([*base, file(90, 100.0, spread=3.8)], 50.0, 10)[-1] == 2


def test_setup_of_a_fifth_of_a_percent_is_paid_and_no_more() -> None:
    base = [file(number, 10.0) for number in range(98)]
    two = [file(98, 9.0, spread=9.0, setup=1.0), file(99, 9.0, spread=8.0, setup=1.0)]
    assert counts([*base, *two], 500.0, 10)[98:] == [2, 2]
    dear = [file(98, 8.0, spread=9.0, setup=2.1), file(99, 9.0, spread=8.0, setup=1.0)]
    assert counts([*base, *dear], 500.0, 10)[98:] == [1, 3]


@pytest.mark.parametrize(
    ("setup", "seconds", "cap", "pieces"),
    [
        (0.0, 10.0, 10.0, 1),
        (1.0, 10.0, 10.0, 2),
        (1.0, 9.0, 10.0, 1),
        (0.0, 10.0, 5.0, 2),
        (0.0, 10.0, 4.9, 3),
        (1.0, 8.0, 5.0, 2),
        (50.0, 10.0, 8.0, 10),  # an eighth of the cap, whatever the setup
        (5.0, 0.0, 1.0, 1),
    ],
)
def test_a_file_is_cut_into_pieces_that_fit_with_their_setup(
    setup: float, seconds: float, cap: float, pieces: int
) -> None:
    assert count_pieces(setup, seconds, cap) == pieces


@pytest.mark.parametrize(("setup", "cap", "room"), [(1.0, 10.0, 9.0), (9.5, 10.0, 1.25), (0.0, 0.0, 5e-324)])
def test_a_piece_has_room_beside_its_setup_and_never_none(setup: float, cap: float, room: float) -> None:
    assert room_of(setup, cap) == room


FILES = st.lists(
    st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 2.0), st.integers(1, 20)),
    min_size=1,
    max_size=40,
)


@given(FILES, st.floats(1.0, 200.0), st.integers(1, 16))
def test_dividing_for_steadiness_keeps_to_its_pieces_and_setups(
    drawn: list[tuple[float, float, float, int]], cap: float, shards: int
) -> None:
    files = [
        file(number, seconds, spread=spread, setup=setup, tests=tests)
        for number, (seconds, spread, setup, tests) in enumerate(drawn)
    ]
    needed = [count_pieces(f.setup_seconds, f.seconds, cap) for f in files]
    more = [after - before for before, after in zip(needed, counts(files, cap, shards), strict=True)]
    everything = math.fsum(f.weight for f in files)
    assert min(more) >= 0
    assert sum(more) <= round(sum(needed) * MORE_PIECES)
    paid = math.fsum(extra * f.setup_seconds for extra, f in zip(more, files, strict=True))
    assert paid <= everything * MORE_SETUP * (1.0 + 1e-9)
