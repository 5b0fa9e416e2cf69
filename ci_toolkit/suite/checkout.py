"""What git says of the checkout."""

from pathlib import Path

from ci_toolkit.model.lineage import Lineage
from ci_toolkit.suite.git import said_by_git

_SOURCES = (".py", ".pyi", ".toml", ".cfg", ".ini")
"""Endings of untracked files that can change what tests do; reports that a run leaves do not."""
_USUAL = ("main", "master")


def commit_of(folder: Path) -> str:
    """Return the commit that is checked out in ``folder``, or ``""`` where there is no git or no commit."""
    return _say(folder, "rev-parse", "--verify", "--quiet", "HEAD")


def lineage_of(folder: Path, *, branch: str = "", main: str = "", base: str = "") -> Lineage:
    """Return where the checkout in ``folder`` stands.

    ``branch``, the name of the ``main`` branch and the ``base`` are what the CI says of them; ``""`` lets git tell,
    which knows the base only where the clone is deep enough. Empty where there is no git or no commit.
    """
    commit = commit_of(folder)
    if not commit:
        return Lineage()
    branch = branch or _say(folder, "symbolic-ref", "--short", "--quiet", "HEAD")
    main = main or main_branch(folder)
    is_main = bool(branch) and branch == main
    return Lineage(
        tree="" if _has_changes(folder) else _say(folder, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"),
        base=base or _base(folder, commit, main, is_main=is_main),
        branch=branch,
        is_main=is_main,
    )


def parents_of(folder: Path, commit: str) -> tuple[str, ...]:
    """Return the parents that ``commit`` names, also those that a shallow clone lacks."""
    head, _, _ = _say(folder, "cat-file", "commit", commit).partition("\n\n")
    return tuple(line.removeprefix("parent ") for line in head.splitlines() if line.startswith("parent "))


def tracked_files(folder: Path) -> frozenset[str]:
    """Return the absolute paths, without links, of what git tracks around ``folder``; none where it does not say."""
    top = _say(folder, "rev-parse", "--show-toplevel")
    names = _run(Path(top), "ls-files", "-z") if top else None
    return frozenset(f"{top}/{name}" for name in (names or "").split("\0") if name)


def main_branch(folder: Path) -> str:
    """Return the name of the main branch as git knows it, or ``""``."""
    named = _say(folder, "symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD").removeprefix("origin/")
    return named or next((name for name in _USUAL if tip_of(folder, name)), "")


def is_part_of_main(folder: Path) -> bool:
    """Return whether the main branch has what is checked out, so that a change can only be what is not committed."""
    commit, tip = commit_of(folder), tip_of(folder, main_branch(folder))
    return bool(commit and tip) and _say(folder, "merge-base", commit, tip) == commit


def tip_of(folder: Path, branch: str) -> str:
    """Return the newest commit of ``branch`` as origin has it, else as it is here, or ``""``."""
    names = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
    tips = (_say(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in names)
    return next(filter(None, tips), "")


def _base(folder: Path, commit: str, main: str, *, is_main: bool) -> str:
    tip = tip_of(folder, main) if main and not is_main else commit
    if not tip:  # the commit before can be a part of the change, and then says nothing of main
        return ""
    if tip != commit:
        return _say(folder, "merge-base", commit, tip)
    return next(iter(parents_of(folder, commit)), "")


def _has_changes(folder: Path) -> bool:
    changes = _run(folder, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
    if changes is None:
        return True
    entries = changes.split("\0")[:-1]
    return any(not entry.startswith("?? ") or entry.endswith(_SOURCES) for entry in entries)


def _say(folder: Path, *args: str) -> str:
    return (_run(folder, *args) or "").strip()


def _run(folder: Path, *args: str) -> str | None:
    """Return what git prints, or None where it fails."""
    said = said_by_git(folder, *args)
    return None if said is None else said.decode("utf-8", "replace")
