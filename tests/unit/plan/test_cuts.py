import pytest

from ci_toolkit.model.plan import Cut
from ci_toolkit.plan.cuts import cut_evenly, cut_near, cut_of
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.fragments import NEW_CLASS, NEW_FUNCTION, SAME_FUNCTION, Fragment, fragments_of
from ci_toolkit.plan.request import Keep


def fragments(*seconds: float, seams: str = "") -> list[Fragment]:
    """Return fragments of these seconds; ``seams`` has a C before a class, an f before a function, a dot elsewhere."""
    values = {"C": NEW_CLASS, "f": NEW_FUNCTION, ".": SAME_FUNCTION}
    return [
        Fragment(suffixes=(f"test_{number}",), seconds=took, seam=values[seam])
        for number, (took, seam) in enumerate(zip(seconds, seams or "f" * len(seconds), strict=True))
    ]


@pytest.mark.parametrize(
    ("seconds", "room", "runs"),
    [
        ((1, 1, 1, 1, 1, 1), 2.0, [(0, 1), (2, 3), (4, 5)]),
        ((1, 1, 1, 1, 1, 1), 1.9, [(0,), (1, 2), (3,), (4, 5)]),
        ((1, 1, 1, 1, 1, 1), 6.0, [(0, 1, 2, 3, 4, 5)]),
        ((1, 1, 1, 1, 1, 1), 3.0, [(0, 1, 2), (3, 4, 5)]),
        ((1, 1, 1), 0.01, [(0,), (1,), (2,)]),
        ((1, 1, 1), float("inf"), [(0, 1, 2)]),
        ((0, 0, 0), 1.0, [(0, 1, 2)]),
        ((9, 1, 1, 1), 3.0, [(0,), (1, 2, 3)]),  # what is indivisible may be above the room
        ((1, 1, 1, 9), 3.0, [(0, 1, 2), (3,)]),
        ((5,), 1.0, [(0,)]),
    ],
)
def test_a_file_is_cut_into_equal_runs_that_fit_the_room(
    seconds: tuple[float, ...], room: float, runs: list[tuple[int, ...]]
) -> None:
    assert cut_evenly(fragments(*seconds), room) == runs


@pytest.mark.parametrize("unit", [2.0**-10, 1.0, 2.0**20])
def test_a_cut_moves_to_a_seam_by_a_tenth_of_a_piece_in_whatever_unit_of_time(unit: float) -> None:
    near = fragments(*[unit] * 40, seams="." * 21 + "C" + "." * 18)
    assert cut_evenly(near, 20 * unit) == [tuple(range(21)), tuple(range(21, 40))]
    far = fragments(*[unit] * 40, seams="." * 26 + "C" + "." * 13)
    assert cut_evenly(far, 20 * unit) == [tuple(range(20)), tuple(range(20, 40))]


@pytest.mark.parametrize(
    ("seams", "runs"),
    [
        ("C" + "." * 19, [10, 10]),
        ("C" + "." * 8 + "f" + "." * 10, [9, 11]),  # a tenth of a piece early, between functions
        ("C" + "." * 10 + "f" + "." * 8, [11, 9]),
        ("C" + "." * 7 + "f" + "." * 11, [10, 10]),  # two tenths are too much
        ("C" + "." * 8 + "f.C" + "." * 8, [11, 9]),  # a class comes before a function
    ],
)
def test_a_cut_moves_by_a_tenth_of_a_piece_to_a_natural_seam(seams: str, runs: list[int]) -> None:
    assert [len(run) for run in cut_evenly(fragments(*[1.0] * 20, seams=seams), 10.0)] == runs


@pytest.mark.parametrize(
    ("seams", "seconds", "tolerance", "cut"),
    [
        ("ffffffff", 4.0, 0.0, 4),
        ("ffffffff", 3.6, 0.0, 4),  # the nearest where nothing lies within the tolerance
        ("ffffffff", 3.4, 0.0, 3),
        ("ffffffff", 3.5, 0.0, 3),  # of two as near the first
        ("fffCffff", 4.0, 1.0, 3),
        ("fffffCff", 4.0, 1.0, 5),
        ("fffCfCff", 4.0, 1.0, 3),
        ("fffCfCff", 4.2, 1.2, 5),  # of two classes the nearer
        ("ffCfffff", 4.0, 1.9, 4),
        ("Cfffffff", 1.0, 5.0, 1),  # never before the first
        ("f.......", 7.9, 5.0, 7),  # nor after the last
        ("ffffffff", 0.0, 0.0, 1),
        ("ffffffff", 99.0, 0.0, 0),  # nowhere
    ],
)
def test_the_most_natural_seam_within_the_tolerance_wins_then_the_nearest(
    seams: str, seconds: float, tolerance: float, cut: int
) -> None:
    ends = [float(number) for number in range(1, 9)]
    assert cut_near(fragments(*[1.0] * 8, seams=seams), ends, seconds, tolerance) == cut


@pytest.mark.parametrize(("at", "cut"), [(40, 40), (39, 100), (159, 159), (160, 100)])
def test_sixty_fragments_on_either_side_are_looked_at(at: int, cut: int) -> None:
    seams = "".join("C" if number == at else "." for number in range(200))
    ends = [float(number) for number in range(1, 201)]
    assert cut_near(fragments(*[1.0] * 200, seams=seams), ends, 100.0, 1000.0) == cut


def test_a_function_is_named_once_where_one_piece_has_all_of_its_tests() -> None:
    pieces = [["test_a[1]", "test_a[2]", "T::test_b[x]"], ["T::test_b[y]", "test_c"]]
    expected = (("test_a", "T::test_b[x]"), ("T::test_b[y]", "test_c"))
    assert cut_of("a.py", pieces) == Cut(path="a.py", pieces=expected)


TESTS = (
    "TestB::test_1",
    "test_2[b]",
    "test_2[a]",
    "TestA::test_3",
    "TestB::test_4",
    "TestA::TestC::test_5",
    "test_new",
)
ANCHORS = ("TestB::test_4", "TestB::test_1", "test_2", "TestA::TestC::test_5", "TestA::test_3")


def fragments_keeping(keep: Keep, anchors: tuple[str, ...] = ANCHORS) -> list[tuple[tuple[str, ...], float, int]]:
    file = FileEstimate(
        path="a.py",
        seconds=28.0,
        suffixes=TESTS,
        each=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
        anchors=anchors,
        groups=(("test_2", "db"), ("TestA::test_3", "db")),
    )
    found = fragments_of(file, keep)
    assert found == fragments_of(file, keep)
    return [(fragment.suffixes, fragment.seconds, fragment.seam) for fragment in found]


def test_fragments_come_in_the_order_of_the_source_with_classes_together_and_the_unseen_last() -> None:
    assert fragments_keeping(Keep.NOTHING) == [
        (("TestB::test_4",), 5.0, NEW_CLASS),
        (("TestB::test_1",), 1.0, NEW_FUNCTION),
        (("test_2[a]",), 3.0, NEW_CLASS),
        (("test_2[b]",), 2.0, SAME_FUNCTION),
        (("TestA::TestC::test_5",), 6.0, NEW_CLASS),
        (("TestA::test_3",), 4.0, NEW_CLASS),
        (("test_new",), 7.0, NEW_CLASS),
    ]


def test_a_class_stays_together_where_the_source_comes_back_to_it() -> None:
    file = FileEstimate(
        path="a.py",
        seconds=3.0,
        suffixes=("TestA::test_1", "test_2", "TestA::test_3"),
        each=(1.0, 1.0, 1.0),
        anchors=("TestA::test_1", "test_2", "TestA::test_3"),
    )
    assert [fragment.suffixes[0] for fragment in fragments_of(file, Keep.NOTHING)] == [
        "TestA::test_1",
        "TestA::test_3",
        "test_2",
    ]


def test_fragments_without_a_source_come_by_class_and_name() -> None:
    assert [suffixes for suffixes, _, _ in fragments_keeping(Keep.NOTHING, ())] == [
        ("test_2[a]",),
        ("test_2[b]",),
        ("test_new",),
        ("TestA::test_3",),
        ("TestA::TestC::test_5",),
        ("TestB::test_1",),
        ("TestB::test_4",),
    ]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (
            Keep.CLASS,
            [
                ("TestB::test_4", "TestB::test_1"),
                ("test_2[a]",),
                ("test_2[b]",),
                ("TestA::TestC::test_5", "TestA::test_3"),
                ("test_new",),
            ],
        ),
        (
            Keep.XDIST_GROUP,
            [
                ("TestB::test_4",),
                ("TestB::test_1",),
                ("test_2[a]", "test_2[b]", "TestA::test_3"),
                ("TestA::TestC::test_5",),
                ("test_new",),
            ],
        ),
    ],
)
def test_what_is_kept_together_is_one_fragment_at_the_place_of_its_first_test(
    keep: Keep, expected: list[tuple[str, ...]]
) -> None:
    assert [suffixes for suffixes, _, _ in fragments_keeping(keep)] == expected


def test_a_file_that_is_kept_together_is_one_fragment() -> None:
    (whole,) = fragments_keeping(Keep.MODULE)
    assert (len(whole[0]), whole[1], whole[2]) == (7, 28.0, NEW_CLASS)
