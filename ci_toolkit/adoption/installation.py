"""Decides how a project is installed: by which package manager, with what for its tests, and where its programs are."""

import posixpath
from collections.abc import Mapping, Sequence

from ci_toolkit import __version__
from ci_toolkit.adoption.documents import table
from ci_toolkit.adoption.manifest import Manifest, plain_names
from ci_toolkit.adoption.repository import Installation, Manager, Words
from ci_toolkit.adoption.requirements import files_of_tests, has_hashes, names_pytest, requirements_of_tox

_VENV = "$PWD/.venv"
_PYTEST_DJANGO = "pytest-django"
_HATCH_TEST = "hatch-test"
"""The environment of `hatch test`, which hatch has for each Python."""


def installation(
    manifest: Manifest, *, python: str, extras: Sequence[str] = (), beside: Sequence[str] = ()
) -> Installation:
    """Return how the project is installed on ``python``, with ``ci-toolkit[extras]`` of this version.

    What goes ``beside`` ci-toolkit are requirements. A lock is believed before a table, and both before the rest.
    """
    ours = (f"ci-toolkit{'[' + ','.join(extras) + ']' if extras else ''}=={__version__}", *beside)
    return (
        _by_uv(manifest, ours)
        or _by_poetry(manifest, ours)
        or _by_pdm(manifest, ours)
        or _by_hatch(manifest, ours, python)
        or _by_pip(manifest, ours)
    )


def _by_uv(manifest: Manifest, ours: Words) -> Installation | None:
    lock = manifest.folder_with("uv.lock")
    if lock is None and not manifest.table("tool", "uv"):
        return None
    sync = ["uv", "sync", *(["--locked"] if lock is not None else [])]
    sync += ["--extra", manifest.extra] if manifest.extra else []
    sync += ["--group", manifest.group] if manifest.group and manifest.group != "dev" else []  # dev is always synced
    up = "" if lock is None else posixpath.relpath(lock, manifest.folder)
    return Installation(
        manager=Manager.UV,
        tools=("uv",),
        steps=(tuple(sync),),
        added=ours,
        venv=_VENV if up in {"", "."} else f"$PWD/{up}/.venv",
        because="[tool.uv]" if lock is None else posixpath.normpath(f"{lock}/uv.lock"),
    )


def _by_poetry(manifest: Manifest, ours: Words) -> Installation | None:
    if not manifest.has("poetry.lock") and not manifest.table("tool", "poetry"):
        return None
    groups = manifest.table("tool", "poetry", "group")
    wanted = [name for name in plain_names(groups) if names_pytest(tuple(table(groups[name], "dependencies")))]
    optional = [name for name in wanted if table(groups[name]).get("optional")]
    extra = manifest.set_of_tests("tool", "poetry", "extras") or manifest.extra
    words = ["poetry", "install", "--no-interaction", *(["--with", ",".join(optional)] if optional else [])]
    words += ["--extras", extra] if extra else []
    return Installation(
        manager=Manager.POETRY,
        tools=("poetry", "uv"),
        variables=(("POETRY_VIRTUALENVS_IN_PROJECT", "true"),),
        steps=(tuple(words),),
        added=ours,
        venv=_VENV,
        because="poetry.lock" if manifest.has("poetry.lock") else "[tool.poetry]",
    )


def _by_pdm(manifest: Manifest, ours: Words) -> Installation | None:
    if not manifest.has("pdm.lock") and not manifest.table("tool", "pdm", "dev-dependencies"):
        return None
    groups = (manifest.set_of_tests("tool", "pdm", "dev-dependencies"), manifest.group, manifest.extra)
    words = ["pdm", "install", *(["--frozen-lockfile"] if manifest.has("pdm.lock") else [])]
    words += [word for name in dict.fromkeys(filter(None, groups)) for word in ("-G", name)]
    return Installation(
        manager=Manager.PDM,
        tools=("pdm", "uv"),
        steps=(tuple(words),),
        added=ours,
        venv=_VENV,
        because="pdm.lock" if manifest.has("pdm.lock") else "[tool.pdm.dev-dependencies]",
    )


def _by_hatch(manifest: Manifest, ours: Words, python: str) -> Installation | None:
    environments = manifest.table("tool", "hatch", "envs")
    fitting = [name for name in plain_names(environments) if _hatch_tests(name, table(environments[name]))]
    if not fitting:
        return None
    name = min(fitting, key=lambda each: (each not in {"test", "tests", _HATCH_TEST}, each != "default", each))
    created = f"{name}.py{python}" if name == _HATCH_TEST else name
    return Installation(
        manager=Manager.HATCH,
        tools=("hatch", "uv"),
        steps=(("hatch", "env", "create", created),),
        added=ours,
        venv=f"$(hatch env find {created})",
        environment=name,
        because=f"[tool.hatch.envs.{name}]",
    )


def _by_pip(manifest: Manifest, ours: Words) -> Installation:
    files = files_of_tests(sorted(manifest.tree.below(manifest.folder)), manifest.text)
    hashed = [path for path in files if has_hashes(manifest.text(path) or "")]
    group = None if files else manifest.group
    tox = () if files or group or manifest.extra else requirements_of_tox(manifest.text("tox.ini") or "")
    words = [word for path in files if path not in hashed for word in ("-r", path)]
    only_required = bool(manifest.table("project")) and not manifest.builds
    if manifest.builds:
        words += ["-e", f".[{manifest.extra}]" if manifest.extra else "."]
    elif only_required:
        words += ["-r", "pyproject.toml", *(["--extra", manifest.extra] if manifest.extra else [])]
    words += [*(["--group", group] if group else []), *tox, *_for_django(manifest, files)]
    # pip takes groups since 25.1 alone, and no requirements from a pyproject.toml.
    needs_uv = only_required or bool(group)
    program = ("uv", "pip", "install", "--python", "python") if needs_uv else ("pip", "install")
    described = "pyproject.toml" if manifest.table("project") else "setup.py" if manifest.builds else "no lock"
    return Installation(
        manager=Manager.PIP,
        tools=("uv",) if needs_uv else (),
        steps=(
            *(("pip", "install", "--require-hashes", "-r", path) for path in hashed),
            (*program, *words, *ours),
        ),
        because=", ".join(files) or ("tox.ini" if tox else described),
    )


def _for_django(manifest: Manifest, files: Sequence[str]) -> Words:
    """Return what a Django project needs beside pytest, which ci-toolkit brings, where nothing names it."""
    named = any(_PYTEST_DJANGO in (manifest.text(path) or "") for path in ("pyproject.toml", *files))
    return (_PYTEST_DJANGO,) if manifest.has("manage.py") and not named else ()


def _hatch_tests(name: str, environment: Mapping[str, object]) -> bool:
    if environment.get("matrix") or environment.get("detached"):
        return False
    listed = [environment.get(key) for key in ("dependencies", "extra-dependencies")]
    return name == _HATCH_TEST or any(names_pytest(each) for each in listed if isinstance(each, list))
