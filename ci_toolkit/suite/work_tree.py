"""A git work tree beside the checkout, for as long as it is needed."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from ci_toolkit.suite.git import NoGitError, bring, run_git

PREFIX = "ci-toolkit-tree-"
_LOCK = "in-use"
_TREE = "tree"
_TEMPORARY = "tmp"
_GIT_SECONDS = 300.0
_INSTALLS = (
    "*.lock",
    "*requirements*.txt",
    "*requirements*.in",
    "requirements/*",
    "*/requirements/*",
    "*constraints*.txt",
    "pylock*.toml",
    "*/pylock*.toml",
    "Pipfile",
    "setup.py",
    "setup.cfg",
    "*environment*.y*ml",
)
"""Files that say what is installed; a change of one means that the base wants another environment than this one."""
_PYPROJECT_TABLES = ("build-system", "project", "dependency-groups")
_OF_THE_PROJECT = {"version", "description", "readme", "authors", "maintainers", "keywords", "classifiers", "urls"}
"""What of ``[project]`` installs nothing."""


class NoWorkTreeError(Exception):
    """There can be no work tree, or the sources in it want another environment; the message says why."""


class WorkTree:
    """A commit of a git ``repository`` in a folder of its own, and a folder for temporary files beside it."""

    def __init__(self, repository: Path, home: Path, commit: str) -> None:
        """Make both in the folder ``home``. Raises NoWorkTreeError."""
        self.folder = home / _TREE
        self.temporary = home / _TEMPORARY
        self._repository = repository
        self._commit = commit
        self._add()

    def renew(self) -> None:
        """Make both anew. Raises NoWorkTreeError."""
        # `git clean` would be faster, and clean a repository around this one where a trial removed git's own file.
        _delete(self.temporary)
        _remove(self._repository, self.folder)
        self._add()

    def _add(self) -> None:
        self.temporary.mkdir(exist_ok=True)
        git_output(self._repository, "worktree", "add", "--quiet", "--detach", "-f", str(self.folder), self._commit)


@contextlib.contextmanager
def work_tree(repository: Path, commit: str) -> Iterator[WorkTree]:
    """Yield a work tree of ``commit`` of the git ``repository``, and remove it whatever happens.

    What a process left that was killed is removed by the next one. Raises NoWorkTreeError.
    """
    sweep(repository)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel lets go of it when this process ends, however it does
        try:
            yield WorkTree(repository, folder, commit)
        finally:
            _remove_home(repository, folder)


def sweep(repository: Path) -> None:
    """Remove the work trees whose process was killed."""
    for line in git_output(repository, "worktree", "list", "--porcelain").splitlines():
        folder = Path(line.removeprefix("worktree ")).parent
        if line.startswith("worktree ") and folder.name.startswith(PREFIX) and _is_left(folder):
            _remove_home(repository, folder)


def top_of(folder: Path) -> Path:
    """Return the top folder of the checkout that ``folder`` is in. Raises NoWorkTreeError where there is none."""
    return Path(git_output(folder, "rev-parse", "--show-toplevel").rstrip("\n"))


def fetch_base(repository: Path, commit: str) -> None:
    """Fetch ``commit`` from origin where a shallow checkout lacks it. Raises NoWorkTreeError if that does not help."""
    if not bring(repository, commit):
        raise NoWorkTreeError("this checkout lacks it; check it out with `fetch-depth: 2`")


def refuse_another_environment(repository: Path, commit: str) -> None:
    """Raise NoWorkTreeError where ``commit`` wants other packages than the checkout, which is what is installed."""
    for path in filter(None, git_output(repository, "diff", "--name-only", "-z", commit, "--").split("\0")):
        if any(fnmatch(path, pattern) or fnmatch(Path(path).name, pattern) for pattern in _INSTALLS):
            raise NoWorkTreeError(f"it wants other packages ({path})")
        if Path(path).name == "pyproject.toml" and _installs_others(repository, commit, path):
            raise NoWorkTreeError(f"it wants other packages ({path})")


def _installs_others(repository: Path, commit: str, path: str) -> bool:
    here = repository / path
    try:
        before = tomllib.loads(git_output(repository, "show", f"{commit}:{path}"))
        now = tomllib.loads(here.read_text(encoding="utf-8"))
    except (NoWorkTreeError, OSError, ValueError):
        return True
    return _wanted(before) != _wanted(now)


def _wanted(document: dict[str, object]) -> list[object]:
    tables = [document.get(name) for name in _PYPROJECT_TABLES]
    return [{k: v for k, v in t.items() if k not in _OF_THE_PROJECT} if isinstance(t, dict) else t for t in tables]


def _is_left(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return not folder.exists()
    return True


def _remove_home(repository: Path, home: Path) -> None:
    _remove(repository, home / _TREE)
    _delete(home)


def _remove(repository: Path, folder: Path) -> None:
    _unlock(folder)
    with contextlib.suppress(NoWorkTreeError):
        git_output(repository, "worktree", "remove", "--force", "--force", str(folder))
    shutil.rmtree(folder, ignore_errors=True)


def _delete(folder: Path) -> None:
    _unlock(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _unlock(folder: Path) -> None:
    """Let the owner remove what is below ``folder``: a trial may have taken the rights to folders of it away."""
    pending = [] if folder.is_symlink() else [folder]
    while pending:
        here = pending.pop()
        with contextlib.suppress(OSError):
            here.chmod(stat.S_IRWXU)
            pending += [Path(entry) for entry in os.scandir(here) if entry.is_dir(follow_symlinks=False)]


def git_output(
    folder: Path, *arguments: str, settings: Sequence[str] = (), variables: Mapping[str, str] | None = None
) -> str:
    """Return what git prints in ``folder``; see ``run_git``. Raises NoWorkTreeError where it fails."""
    try:
        done = run_git(folder, *arguments, seconds=_GIT_SECONDS, settings=settings, variables=variables)
    except NoGitError as error:
        raise NoWorkTreeError(f"git {arguments[0]} did not run ({error})") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise NoWorkTreeError(f"git {arguments[0]} failed ({said})")
    return done.stdout.decode("utf-8", "replace")
