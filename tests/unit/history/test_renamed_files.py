import pytest

from ci_toolkit.history.renamed_files import earlier_paths

FIVE = ("test_a", "test_b[1]", "test_b[2]", "T::test_c", "T::test_d", "test_e")


@pytest.mark.parametrize(
    ("gone", "new", "expected"),
    [
        ({"old.py": FIVE}, {"new.py": ("test_a", "test_b", "T::test_c", "T::test_d", "test_e")}, {"new.py": "old.py"}),
        ({"old.py": FIVE}, {"new.py": ("test_a", "test_x", "test_y")}, {}),
        ({"a/test_x.py": FIVE}, {"b/test_x.py": ("test_a", "test_b", "T::test_c")}, {"b/test_x.py": "a/test_x.py"}),
        ({"a.py": ("test_it",)}, {"b.py": ("test_it",)}, {}),  # one name in common tells nothing
        ({"a/t.py": ("test_it",)}, {"b/t.py": ("test_it",)}, {"b/t.py": "a/t.py"}),
        ({"x/t.py": FIVE, "y/t.py": FIVE}, {"z/t.py": FIVE}, {"z/t.py": "x/t.py"}),  # the first, whatever the order
        ({"old.py": FIVE}, {"one.py": FIVE, "two.py": FIVE}, {"one.py": "old.py"}),  # no file was two files
        ({}, {"new.py": FIVE}, {}),
        ({"old.py": FIVE}, {}, {}),
    ],
)
def test_renamed_file_is_recognised_by_its_tests(
    gone: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]], expected: dict[str, str]
) -> None:
    assert earlier_paths(gone, new) == expected
    backwards = earlier_paths(dict(reversed(gone.items())), dict(reversed(new.items())))
    assert backwards == expected


def test_names_that_stand_everywhere_do_not_make_it_slow_or_wrong() -> None:
    gone = {f"old_{n}.py": ("test_init", f"test_{n}") for n in range(300)}
    new = {f"new_{n}.py": ("test_init", f"test_{n}") for n in range(300)}
    assert earlier_paths(gone, new) == {f"new_{n}.py": f"old_{n}.py" for n in range(300)}
