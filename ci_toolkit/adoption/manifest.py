"""What says how a project is installed: its pyproject.toml, and the files around it."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ci_toolkit.adoption.documents import table
from ci_toolkit.adoption.requirements import extras_of_setup_cfg, set_of_tests
from ci_toolkit.adoption.tree import Tree

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The project in ``folder`` of a repository."""

    tree: Tree
    folder: str
    document: Mapping[str, Any]
    """Its pyproject.toml."""

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return the table under ``keys``, empty where there is none."""
        return table(self.document, *keys)

    def has(self, name: str) -> bool:
        """Whether the project has this file."""
        return self._path(name) in self.tree.files

    def text(self, name: str) -> str | None:
        """Return the text of a file of the project."""
        return self.tree.text(self._path(name))

    def folder_with(self, name: str) -> str | None:
        """Return the nearest folder at or above the project's with this file; None where there is none."""
        here = self.folder
        while posixpath.normpath(f"{here}/{name}") not in self.tree.files:
            if here == ".":
                return None
            here = posixpath.dirname(here) or "."
        return here

    def set_of_tests(self, *keys: str) -> str | None:
        """Return the name of the extra or group for tests among those of the table under ``keys``.

        One whose name could be taken for an option or a command is not looked at.
        """
        return self._set_of_tests(self.table(*keys))

    def _set_of_tests(self, sets: Mapping[str, Any]) -> str | None:
        return set_of_tests({name: sets[name] for name in plain_names(sets)}, of=self._name)

    @property
    def extra(self) -> str | None:
        """The extra of the tests."""
        old = extras_of_setup_cfg(self.text("setup.cfg") or "")
        return self.set_of_tests("project", "optional-dependencies") or self._set_of_tests(old)

    @property
    def group(self) -> str | None:
        """The dependency group of the tests."""
        return self.set_of_tests("dependency-groups")

    @property
    def builds(self) -> bool:
        """Whether the project can be installed itself, not only what it requires."""
        if self.table("build-system") or self.has("setup.py"):
            return True
        # Without a build system pip takes setuptools, which finds a package in src/, or one of the project's name.
        files = self.tree.below(self.folder)
        packages = {path.rpartition("/")[0] for path in files if path.endswith("/__init__.py")}
        own = re.sub(r"[-.]+", "_", self._name)
        return bool(own) and (own in packages or any(path.startswith("src/") for path in packages))

    @property
    def _name(self) -> str:
        return str(self.table("project").get("name", ""))

    def _path(self, name: str) -> str:
        return posixpath.normpath(f"{self.folder}/{name}")


def plain_names(names: Iterable[str]) -> list[str]:
    """Return those of ``names`` that no program takes for an option, and no shell for more than a word."""
    return [name for name in names if _PLAIN_NAME.fullmatch(name)]
