from pathlib import Path

import pytest

from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.release import commit_named, installed_commit
from ci_toolkit.suite.checkout import commit_of

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.skipif(not (CHECKOUT / ".git").exists(), reason="needs a git checkout: run the tests in a clone")
def test_an_installation_of_a_checkout_says_which_commit_it_is() -> None:
    assert installed_commit() == commit_of(CHECKOUT)


@pytest.mark.parametrize("name", ["", "v0.1.0", "abc", "A" * 40, f"{'a' * 40}\n", f"{'a' * 39}$"])
def test_only_a_whole_commit_id_pins(name: str) -> None:
    with pytest.raises(AdoptionError, match="no commit id of 40 digits"):
        commit_named(name)
