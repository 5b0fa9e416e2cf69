"""What the modules of a trial come from."""

import os
import sys
from pathlib import Path

import pytest

from ci_toolkit.suite import moved_sources
from ci_toolkit.suite.moved_sources import lead_to_the_tree


@pytest.mark.parametrize("tree", ["/tmp/tree", "/checkout/tmp/tree"], ids=["beside the checkout", "in the checkout"])
def test_places_in_the_checkout_lead_to_the_work_tree_and_no_others(tree: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = "/checkout/.venv/lib/site-packages"
    monkeypatch.setattr(sys, "path", ["/checkout", "/checkout/src", tree, f"{tree}/src", "/checkouts", packages])
    monkeypatch.setattr(sys, "meta_path", [])
    lead_to_the_tree("/checkout", tree)
    assert sys.path == [tree, f"{tree}/src", tree, f"{tree}/src", "/checkouts", packages]


@pytest.mark.parametrize(
    ("path", "variable", "expected"),
    [
        (["/checkout/src", "/lib"], None, "/tree/src"),
        (["/checkout/src", "/lib"], "/lib/more:/checkout/lib:relative", "/lib/more:/tree/lib:relative:/tree/src"),
        (["/lib"], "/lib/more", "/lib/more"),
        (["/lib"], None, None),
    ],
)
def test_processes_that_tests_start_look_in_the_work_tree_too(
    path: list[str], variable: str | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", path)
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setenv("PYTHONPATH", variable or "")
    if variable is None:
        monkeypatch.delenv("PYTHONPATH")
    lead_to_the_tree("/checkout", "/tree")
    assert os.environ.get("PYTHONPATH") == expected


def test_the_library_of_an_environment_in_the_checkout_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    library = "/checkout/.pixi/envs/default/lib/python3.12"
    monkeypatch.setattr(moved_sources, "PYTHONS_OWN", (library,))
    monkeypatch.setattr(sys, "path", [library, f"{library}/lib-dynload", "/checkout/src"])
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setenv("PYTHONPATH", "")
    lead_to_the_tree("/checkout", "/tree")
    assert sys.path == [library, f"{library}/lib-dynload", "/tree/src"]
    assert os.environ["PYTHONPATH"] == "/tree/src"


def test_a_place_that_a_link_leads_to_is_moved_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = (tmp_path / "checkout").resolve()
    (checkout / "src").mkdir(parents=True)
    (tmp_path / "link").symlink_to(checkout)
    monkeypatch.setattr(sys, "path", [f"{tmp_path}/link/src"])
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", "")
    lead_to_the_tree(str(checkout), "/tree")
    assert sys.path == ["/tree/src"]
