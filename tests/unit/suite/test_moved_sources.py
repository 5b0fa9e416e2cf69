"""What the modules of a trial come from."""

import sys

import pytest

from ci_toolkit.suite.moved_sources import lead_to_the_tree


@pytest.mark.parametrize("tree", ["/tmp/tree", "/checkout/tmp/tree"], ids=["beside the checkout", "in the checkout"])
def test_places_in_the_checkout_lead_to_the_work_tree_and_no_others(tree: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = "/checkout/.venv/lib/site-packages"
    monkeypatch.setattr(sys, "path", ["/checkout", "/checkout/src", tree, f"{tree}/src", "/checkouts", packages])
    monkeypatch.setattr(sys, "meta_path", [])
    lead_to_the_tree("/checkout", tree)
    assert sys.path == [tree, f"{tree}/src", tree, f"{tree}/src", "/checkouts", packages]
