"""A history on a data branch of the project's own repository: one commit with the file, replaced by each run.

No checkout, no work tree, no index: only git's plumbing. The branch has no past, so it stays as small as the file.
"""

import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ci_toolkit.git_environment import git_environment
from ci_toolkit.history.file_location import FileLocation
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.history.store import HistoryError, HistoryStore, UnreachableHistoryError
from ci_toolkit.masking import without_secrets

T = TypeVar("T")

FILE = "history.sqlite"
TRIES = 100
"""How often a merge starts over because another has published first: among so many at once, each comes to its turn."""
STUCK_TRIES = 8
"""How many of these may follow one another though nobody has published."""
LONGEST_PAUSE = 1.0
"""Seconds between two tries, at most; it is left to chance, so that those who clash do not clash again."""
GIT_SECONDS = 120.0
_PAUSE = 0.05
_NO_SUCH_REF = 2
_RACES = (b"cannot lock ref", b"failed to update ref", b"incorrect old value", b"reference already exists")
"""What git says where another push is just about to change the branch, though it has not yet."""
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "ci-toolkit"), ("EMAIL", "ci-toolkit@localhost"))
}


class BranchLocation:
    """The branch ``branch`` of the repository around ``folder``: at its remote ``origin``, or here if it has none."""

    def __init__(self, branch: str, folder: Path, *, git_seconds: float = GIT_SECONDS) -> None:
        self.branch = branch
        self.origin = f"git:{branch}"
        self._ref = f"refs/heads/{branch}"
        self._folder = folder
        self._git_seconds = git_seconds
        if branch.startswith("-") or self._try("check-ref-format", self._ref).returncode:
            raise HistoryError(
                f"'{branch}' is not a valid branch name", advice="Give a name such as --history git:ci-history."
            )
        self._has_remote = b"origin" in self._git("remote").split()

    def open(self) -> HistoryStore | None:
        """Return the history as it stands on the branch, or None where there is no such branch yet."""
        tip = self._tip()
        if not tip:
            return None
        folder = tempfile.TemporaryDirectory(prefix="ci-toolkit-history-")
        try:
            self._unpack(tip, Path(folder.name))
            return SqliteHistory(Path(folder.name) / FILE, origin=self.origin, keeps=folder)
        except BaseException:
            folder.cleanup()
            raise

    def change(self, action: Callable[[HistoryStore], T]) -> tuple[T, str]:
        """Return what ``action`` returns, and what a reader should hear. A missing branch is begun.

        If another merge publishes first, ``action`` is done again on what that one left.
        """
        stuck = 0
        seen = None
        for number in range(TRIES):
            tip = self._tip()
            stuck = stuck + 1 if tip == seen else 0
            if stuck == STUCK_TRIES:
                break
            seen = tip
            with tempfile.TemporaryDirectory(prefix="ci-toolkit-history-") as name:
                folder = Path(name)
                if tip:
                    self._unpack(tip, folder)
                done, note = FileLocation(folder / FILE).change(action)
                if self._publish(folder, tip):
                    return done, note.replace(f"{folder}/", f"{self.origin}/")
            time.sleep(random.uniform(0, min(LONGEST_PAUSE, _PAUSE * (number + 1))))  # noqa: S311 (no secret)
        raise self._too_busy(number + 1)

    # --- git --------------------------------------------------------------------------------------

    def _tip(self) -> str:
        """Return the commit at the branch's tip, which is here then; ``""`` where there is no such branch."""
        if not self._has_remote:
            return self._try("rev-parse", "--verify", "--quiet", self._ref).stdout.decode().strip()
        for _ in range(TRIES):
            listed = self._try("ls-remote", "--exit-code", "origin", self._ref)
            if listed.returncode == _NO_SUCH_REF:
                return ""
            if listed.returncode:
                raise self._unreachable(listed)
            tip = listed.stdout.decode().split()[0]
            if self._is_here(tip):
                return tip
            fetched = self._try("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", self._ref)
            if fetched.returncode:
                raise self._unreachable(fetched)
            if self._is_here(tip):  # else another was published between the two, and replaced it
                return tip
        raise self._too_busy(TRIES)

    def _is_here(self, commit: str) -> bool:
        return not self._try("cat-file", "-e", f"{commit}^{{tree}}").returncode

    def _too_busy(self, tries: int) -> HistoryError:
        return HistoryError(
            f"branch {self.branch} could not be changed in {tries} tries, for others change it; nothing was recorded",
            advice="Let fewer jobs record at once, or look whether a killed push left a *.lock file in the repository.",
        )

    def _unreachable(self, done: subprocess.CompletedProcess[bytes]) -> HistoryError:
        said = without_secrets(done.stderr.decode("utf-8", "replace")).strip().splitlines()
        return UnreachableHistoryError(
            f"branch {self.branch} cannot be fetched from origin: {said[-1] if said else 'git failed'}",
            advice="Check the network, and that the job may read (and for merges write) the repository's contents.",
        )

    def _unpack(self, tip: str, folder: Path) -> None:
        names = self._git("ls-tree", "-z", "--name-only", tip).decode("utf-8", "replace").split("\0")[:-1]
        if not names or not all(name.startswith(FILE) and "/" not in name for name in names):
            raise HistoryError(
                f"branch {self.branch} holds files other than a history",
                advice="Give the history its own branch, such as --history git:ci-history. This one was not changed.",
            )
        for name in names:
            (folder / name).write_bytes(self._git("cat-file", "blob", f"{tip}:{name}"))

    def _publish(self, folder: Path, tip: str) -> bool:
        tree = "".join(
            f"100644 blob {self._git('hash-object', '-w', '--', str(path)).decode().strip()}\t{path.name}\n"
            for path in sorted(folder.iterdir())
        )
        tree_id = self._git("mktree", data=tree.encode()).decode().strip()
        message = "What tests take and how they ended; written by ci-toolkit"
        commit = self._git("commit-tree", tree_id, "-m", message).decode().strip()
        if not self._has_remote:
            return not self._try("update-ref", self._ref, commit, tip or "0" * len(commit)).returncode
        lease = f"--force-with-lease={self._ref}:{tip}"
        pushed = self._try("push", "--quiet", "--no-verify", lease, "origin", f"{commit}:{self._ref}")
        if pushed.returncode and not _is_race(pushed.stderr) and self._tip() == tip:  # nobody was faster: it is refused
            raise self._unreachable(pushed)
        return not pushed.returncode

    def _git(self, *args: str, data: bytes = b"") -> bytes:
        done = self._try(*args, data=data)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise HistoryError(f"git {args[0]} failed in {self._folder}: {without_secrets(said)}")
        return done.stdout

    def _try(self, *args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = ["git", *args]
        environment = git_environment(os.environ, **_IDENTITY)
        try:
            return subprocess.run(
                command,
                cwd=self._folder,
                env=environment,
                input=data,
                capture_output=True,
                timeout=self._git_seconds,
                check=False,
            )
        except FileNotFoundError as error:
            raise HistoryError("git is not installed, and the history is on a branch") from error
        except subprocess.TimeoutExpired as error:
            raise UnreachableHistoryError(f"git {args[0]} took over {self._git_seconds:g} s") from error


def _is_race(said: bytes) -> bool:
    return any(words in said for words in _RACES)
