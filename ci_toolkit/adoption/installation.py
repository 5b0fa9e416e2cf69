"""Decides how a project is installed: by which package manager, with what for its tests, and where its programs are."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ci_toolkit import __version__
from ci_toolkit.adoption.repository import Installation, Manager, Words
from ci_toolkit.adoption.requirements import files_of_tests, has_hashes, names_pytest, set_of_tests
from ci_toolkit.adoption.tree import Tree

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VENV = ".venv/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What says how the project in ``folder`` is installed."""

    tree: Tree
    folder: str
    document: Mapping[str, Any]
    """Its pyproject.toml."""

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return the table under ``keys``, empty where there is none."""
        here: Any = self.document
        for key in keys:
            here = here.get(key, {}) if isinstance(here, Mapping) else {}
        return here if isinstance(here, Mapping) else {}

    def has(self, name: str) -> bool:
        """Whether the project has this file."""
        return self._path(name) in self.tree.files

    def above(self, name: str) -> str | None:
        """Return the nearest folder at or above the project's with this file; None where there is none."""
        here = self.folder
        while True:
            if posixpath.normpath(f"{here}/{name}") in self.tree.files:
                return here
            if here == ".":
                return None
            here = posixpath.dirname(here) or "."

    def text(self, name: str) -> str | None:
        """Return the text of a file of the project."""
        return self.tree.text(self._path(name))

    def _path(self, name: str) -> str:
        return posixpath.normpath(f"{self.folder}/{name}")

    @property
    def name(self) -> str:
        """The name of the distribution."""
        return str(self.table("project").get("name", ""))

    @property
    def builds(self) -> bool:
        """Whether the project can be installed itself, not only what it requires."""
        if self.table("build-system") or self.has("setup.py"):
            return True
        files = self.tree.below(
            self.folder
        )  # without a build system pip takes setuptools, which finds one package alone
        packages = {path.rpartition("/")[0] for path in files if path.endswith("/__init__.py")}
        own = re.sub(r"[-.]+", "_", self.name)
        return bool(own) and (own in packages or any(path.startswith("src/") for path in packages))

    @property
    def extra(self) -> str | None:
        """The extra of the tests."""
        return _named(self.table("project", "optional-dependencies"), self.name)

    @property
    def group(self) -> str | None:
        """The dependency group of the tests."""
        return _named(self.table("dependency-groups"))


def installation(manifest: Manifest, *, extras: Sequence[str] = ()) -> Installation:
    """Return how the project is installed, with ``ci-toolkit[extras]`` of this version."""
    ours = f"ci-toolkit{'[' + ','.join(extras) + ']' if extras else ''}=={__version__}"
    for decide in (_by_uv, _by_poetry, _by_pdm, _by_hatch):
        found = decide(manifest, ours)
        if found is not None:
            return found
    return _by_pip(manifest, ours)


def _by_uv(manifest: Manifest, ours: str) -> Installation | None:
    lock = manifest.above("uv.lock")
    if lock is None and not manifest.table("tool", "uv"):
        return None
    root = manifest.folder if lock is None else lock
    venv = posixpath.normpath(posixpath.join(posixpath.relpath(root, manifest.folder), ".venv"))
    sync = ["uv", "sync", *(["--locked"] if lock is not None else [])]
    sync += ["--extra", manifest.extra] if manifest.extra else []
    sync += ["--group", manifest.group] if manifest.group and manifest.group != "dev" else []
    return Installation(
        manager=Manager.UV,
        tools=("uv",),
        steps=(tuple(sync), ("uv", "pip", "install", "--python", venv, ours)),
        programs=f"{venv}/bin",
        because=_shown(lock, "uv.lock") if lock is not None else "[tool.uv]",
    )


def _by_poetry(manifest: Manifest, ours: str) -> Installation | None:
    if not manifest.has("poetry.lock") and not manifest.table("tool", "poetry"):
        return None
    groups = manifest.table("tool", "poetry", "group")
    wanted = [name for name in groups if _SAFE_NAME.fullmatch(name) and _poetry_group_tests(groups[name])]
    optional = [name for name in wanted if groups[name].get("optional")]
    extra = _named(manifest.table("tool", "poetry", "extras")) or manifest.extra
    words = ["poetry", "install", "--no-interaction", *(["--with", ",".join(optional)] if optional else [])]
    words += ["--extras", extra] if extra else []
    return Installation(
        manager=Manager.POETRY,
        tools=("poetry", "uv"),
        steps=(
            ("export", "POETRY_VIRTUALENVS_IN_PROJECT=true"),
            tuple(words),
            ("uv", "pip", "install", "--python", ".venv", ours),
        ),
        programs=_VENV,
        because="poetry.lock" if manifest.has("poetry.lock") else "[tool.poetry]",
    )


def _by_pdm(manifest: Manifest, ours: str) -> Installation | None:
    if not manifest.has("pdm.lock") and not manifest.table("tool", "pdm", "dev-dependencies"):
        return None
    own = _named(manifest.table("tool", "pdm", "dev-dependencies"))
    groups = [name for name in (own, manifest.group, manifest.extra) if name]
    words = ["pdm", "install", *(["--frozen-lockfile"] if manifest.has("pdm.lock") else [])]
    words += [word for name in dict.fromkeys(groups) for word in ("-G", name)]
    return Installation(
        manager=Manager.PDM,
        tools=("pdm", "uv"),
        steps=(tuple(words), ("uv", "pip", "install", "--python", ".venv", ours)),
        programs=_VENV,
        because="pdm.lock" if manifest.has("pdm.lock") else "[tool.pdm.dev-dependencies]",
    )


def _by_hatch(manifest: Manifest, ours: str) -> Installation | None:
    environments = manifest.table("tool", "hatch", "envs")
    fitting = [name for name, table in environments.items() if _SAFE_NAME.fullmatch(name) and _hatch_tests(table)]
    if not fitting:
        return None
    name = min(fitting, key=lambda each: (each not in {"test", "tests", "hatch-test"}, each != "default", each))
    folder = f".hatch/{name}"
    return Installation(
        manager=Manager.HATCH,
        tools=("hatch", "uv"),
        steps=(
            ("export", "HATCH_DATA_DIR=$PWD/.hatch"),
            ("hatch", "env", "create", name),
            ("uv", "pip", "install", "--python", folder, ours),
        ),
        programs=f"{folder}/bin",
        because=f"[tool.hatch.envs.{name}]",
    )


def _by_pip(manifest: Manifest, ours: str) -> Installation:
    files = files_of_tests(sorted(manifest.tree.below(manifest.folder)), manifest.text)
    hashed = [path for path in files if has_hashes(manifest.text(path) or "")]
    wanted: list[str] = [word for path in files if path not in hashed for word in ("-r", path)]
    because = ", ".join(files)
    if manifest.builds:
        wanted += ["-e", f".[{manifest.extra}]" if manifest.extra else "."]
    elif manifest.table("project"):
        wanted += ["-r", "pyproject.toml"]
    if manifest.table("project") or manifest.builds:
        because = because or ("pyproject.toml" if manifest.table("project") else "setup.py")
    grouped = manifest.group if not files else None
    needs_uv = bool(grouped) or ("pyproject.toml" in wanted)
    pip = ("uv", "pip", "install", "--python", "python") if needs_uv else ("pip", "install")
    extra = ["--extra", manifest.extra] if manifest.extra and "pyproject.toml" in wanted else []
    steps: list[Words] = [("pip", "install", "--require-hashes", "-r", path) for path in hashed]
    steps.append((*pip, *wanted, *extra, *(["--group", grouped] if grouped else []), *_pytest(manifest, files), ours))
    return Installation(
        manager=Manager.PIP, tools=("uv",) if needs_uv else (), steps=tuple(steps), because=because or "no lock"
    )


def _pytest(manifest: Manifest, files: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a Django project needs beside pytest, where nothing that it installs brings it."""
    known = bool(files) or manifest.extra or manifest.group
    return ("pytest-django",) if manifest.has("manage.py") and not known else ()


def _named(sets: Mapping[str, Any], of: str = "") -> str | None:
    return set_of_tests({name: value for name, value in sets.items() if _SAFE_NAME.fullmatch(name)}, of=of)


def _poetry_group_tests(group: object) -> bool:
    return isinstance(group, Mapping) and names_pytest(tuple(group.get("dependencies", ())))


def _hatch_tests(environment: object) -> bool:
    if not isinstance(environment, Mapping) or environment.get("matrix") or environment.get("detached"):
        return False
    listed = [*environment.get("dependencies", ()), *environment.get("extra-dependencies", ())]
    return names_pytest(listed)


def _shown(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
