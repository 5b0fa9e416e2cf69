from typing import Any

import pytest

from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.python_version import chosen_python


def project(requires: str = "", *named: str) -> dict[str, Any]:
    classifiers = [f"Programming Language :: Python :: {version}" for version in ("3", *named)]
    return {"project": {"classifiers": classifiers} | ({"requires-python": requires} if requires else {})}


@pytest.mark.parametrize(
    ("document", "pinned", "version"),
    [
        ({}, "", "3.12"),
        (project(), "", "3.12"),
        (project(">=3.8"), "", "3.12"),
        (project(">=3.8", "3.8", "3.11", "3.13"), "", "3.13"),
        (project(">=3.8", "3.8", "3.9"), "", "3.12"),
        (project(">=3.13"), "", "3.14"),
        (project(">=3.9,<3.12"), "", "3.11"),
        (project(">=3.11.4,<3.12"), "", "3.11"),
        (project("==3.11.*"), "", "3.11"),
        (project(">=3.8", "3.13", "3.14", "3.15"), "", "3.14"),
        (project(">=3.8", "3.13"), "3.11.9\n", "3.11"),
        (project(">=3.8", "3.13"), "cpython-3.11\n", "3.11"),
        (project(">=3.8", "3.13"), "3.8\n", "3.13"),
        (project(">=3.8", "3.13"), "pypy3.10\n", "3.13"),
        (project("no version"), "", "3.12"),
        ({"project": {"requires-python": 3.11, "classifiers": "3.11"}}, "", "3.12"),
        ({"tool": {"poetry": {"dependencies": {"python": "^3.10"}}}}, "", "3.12"),
        ({"tool": {"poetry": {"dependencies": []}}}, "", "3.12"),
        ({"tool": {"poetry": "none"}, "project": []}, "", "3.12"),
        ({"tool": {"poetry": {"dependencies": {"python": "~3.11"}}}}, "", "3.11"),
        ({"tool": {"poetry": {"dependencies": {"python": ">=3.9,<3.12"}}}}, "", "3.11"),
    ],
)
def test_the_version_is_one_that_the_project_and_ci_toolkit_support(
    document: dict[str, Any], pinned: str, version: str
) -> None:
    assert chosen_python(document, where="here", pinned=pinned) == version


@pytest.mark.parametrize("requires", ["<3.11", ">=2.7,<3", "==3.9.*"])
def test_a_project_for_older_pythons_alone_is_refused(requires: str) -> None:
    with pytest.raises(AdoptionError, match=r"here asks for Python .* ci-toolkit runs on 3\.11 or later"):
        chosen_python(project(requires), where="here")
