"""Writes a test from the guide's template, in the place where the guide wants it."""

import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import jinja2

from ci_toolkit.errors import ToolkitError
from ci_toolkit.model.category import CATEGORIES

_FEATURE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_SERVICE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST_FEATURE = 80


class NewTestError(ToolkitError):
    """A test cannot be written as asked."""

    slug = "new-test"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    module: str
    name: str


_BASES = {
    "integration": _Base(module="base_integration_test", name="BaseIntegrationTest"),
    "e2e": _Base(module="base_e2e_test", name="BaseE2ETest"),
    "mission_critical": _Base(module="base_e2e_test", name="BaseE2ETest"),
}
_FIXTURES = {"integration": "real_services_fixture"}


def write_test(
    root: Path, *, feature: str, category: str, service: str = "", categories: Collection[str] = CATEGORIES
) -> Path:
    """Write ``{service}/tests/{category}/test_{feature}.py`` below ``root`` and return its path.

    Raises NewTestError for a name that cannot be one, or a file that exists already.
    """
    if category not in categories:
        raise NewTestError(f"there is no category '{category}'", advice=f"The categories are {', '.join(categories)}.")
    _check_names(feature, service)
    path = root / service / "tests" / category / f"test_{feature}.py"
    text = render_test(feature=feature, category=category)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise NewTestError(
            f"{path} exists already", advice="Choose another feature, or add a test to that file."
        ) from error
    except OSError as error:
        raise NewTestError(
            f"{path} cannot be written: {error.strerror}", advice="Check the folder's permissions."
        ) from error
    return path


def render_test(*, feature: str, category: str) -> str:
    """Return the text of the test."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ci_toolkit.authoring"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (Python source, made of names that were checked)
    )
    return environment.get_template("test.py.j2").render(
        feature=feature,
        title=feature.replace("_", " "),
        class_name="".join(part.capitalize() for part in feature.split("_")),
        category=category,
        base=_BASES.get(category),
        fixture=_FIXTURES.get(category, "real_services"),
    )


def _check_names(feature: str, service: str) -> None:
    if not _FEATURE.fullmatch(feature) or len(feature) > _LONGEST_FEATURE or keyword.iskeyword(feature):
        raise NewTestError(
            f"'{feature}' cannot name a feature",
            advice="Use lower-case letters, digits and underscores, and begin with a letter: user_session.",
        )
    if feature.startswith("test_"):
        raise NewTestError(f"'{feature}' begins with test_", advice=f"The file's name adds it: '{feature[5:]}'.")
    if service and not all(_SERVICE_PART.fullmatch(part) for part in service.split("/")):
        raise NewTestError(f"'{service}' cannot be a service's folder", advice="Give a folder below this one.")
