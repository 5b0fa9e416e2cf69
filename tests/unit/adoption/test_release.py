from pathlib import Path

import pytest

import ci_toolkit
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.release import commit_named, installed_commit
from ci_toolkit.suite.checkout import commit_of


def test_a_checkout_is_asked_itself() -> None:
    top = Path(ci_toolkit.__file__).parents[1]
    assert installed_commit() == (commit_of(top) if (top / ".git").exists() else "")


@pytest.mark.parametrize("name", ["", "v0.1.0", "abc", "A" * 40, f"{'a' * 40}\n", f"{'a' * 39}$"])
def test_only_a_whole_commit_id_pins(name: str) -> None:
    with pytest.raises(AdoptionError, match="no commit id of 40 digits"):
        commit_named(name)
