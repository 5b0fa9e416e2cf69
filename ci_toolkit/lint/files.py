"""Finds the files to check: what git would track, or every Python file outside the folders that tools make."""

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from ci_toolkit.errors import ToolkitError
from ci_toolkit.git_environment import git_environment
from ci_toolkit.lint.finding import Skip
from ci_toolkit.lint.settings import LintSettings, matches

_NEVER = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "__pypackages__", "_build"})
_GIT_SECONDS = 60.0


class PathError(ToolkitError):
    """A path on the command line cannot be linted."""

    slug = "lint-path"


def find_files(paths: Iterable[Path], *, root: Path, settings: LintSettings) -> tuple[list[Path], list[Skip]]:
    """Return the Python files at and beneath ``paths``, sorted, each once, and what was skipped, with reasons.

    A file that is given by itself is checked, whatever its name is. In a folder, every ``*.py`` file is checked that
    git does not ignore, outside hidden folders and virtual environments. What the settings exclude is never checked.
    Raises PathError for a path that does not exist.
    """
    found: dict[str, Path] = {}
    skipped: list[Skip] = []
    for path in paths:
        if not os.path.lexists(path):
            raise PathError(f"{path} does not exist", advice="Give files or folders of this checkout.")
        if path.is_dir():
            found.update((_absolute(file), file) for file in _in_folder(path, skipped))
        else:
            found.setdefault(_absolute(path), path)
    if settings.exclude:
        excluded = {key for key, path in found.items() if _is_excluded(path, root, settings)}
        found = {key: path for key, path in found.items() if key not in excluded}
    return [found[key] for key in sorted(found)], skipped


def _is_excluded(path: Path, root: Path, settings: LintSettings) -> bool:
    within = relative(path, root)
    return any(matches(within, pattern) for pattern in settings.exclude)


def relative(path: Path, root: Path) -> str:
    """Return ``path`` relative to ``root`` with ``/``, or as it is where it lies elsewhere."""
    absolute = _absolute(path)
    base = _absolute(root).rstrip(os.sep) + os.sep
    return absolute.removeprefix(base).replace(os.sep, "/")


def _in_folder(folder: Path, skipped: list[Skip]) -> Iterator[Path]:
    listed = _listed_by_git(folder)
    return _walk(folder, skipped) if listed is None else iter(listed)


def _listed_by_git(folder: Path) -> list[Path] | None:
    """Return what git tracks or would track beneath ``folder``, or None where git cannot list the folder."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"]
    try:
        answer = subprocess.run(
            command, capture_output=True, timeout=_GIT_SECONDS, check=False, env=git_environment(os.environ)
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    names = {os.fsdecode(name) for name in answer.stdout.split(b"\0") if name}
    files = (folder / name for name in sorted(names))
    listed = [file for file in files if os.path.lexists(file) and not _is_tool_made(file.relative_to(folder))]
    return listed or None  # a user who names an ignored folder wants it checked


def _is_tool_made(path: Path) -> bool:
    return any(part in _NEVER or part.startswith(".") for part in path.parts[:-1])


def _walk(folder: Path, skipped: list[Skip]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        skipped.append(Skip(path=os.fspath(error.filename), reason=error.strerror or str(error)))

    for current, folders, names in os.walk(folder, onerror=refuse):
        here = Path(current)
        kept: list[str] = []
        for name in sorted(folders):
            if name in _NEVER or name.startswith(".") or (here / name / "pyvenv.cfg").exists():
                continue
            if (here / name).is_symlink():
                skipped.append(Skip(path=(here / name).as_posix(), reason="a link to a folder is not followed"))
                continue
            kept.append(name)
        folders[:] = kept
        yield from (here / name for name in sorted(names) if name.endswith(".py"))


def why_not_regular(path: Path) -> str:
    """Return why the thing at ``path`` is not a file to read, or ``""``."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return error.strerror or str(error)
    return "" if stat.S_ISREG(mode) else "not a regular file"


def _absolute(path: Path) -> str:
    """Return the absolute path without following links: two names of one file are two findings' places."""
    return os.path.abspath(path)  # noqa: PTH100 (Path.resolve follows links)
