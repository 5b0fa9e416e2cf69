"""What changed in the checkout since a base, as git says; a shallow checkout is deepened until it can say so."""

import os
import posixpath
import re
import subprocess
from pathlib import Path

from ci_toolkit.masking import without_secrets
from ci_toolkit.model.changed_lines import LAST_LINE, ChangedFile, ChangedLines, read_diff
from ci_toolkit.model.record import Record
from ci_toolkit.suite.git import NoGitError, run_git

_GIT_SECONDS = 120.0
_DEPTHS = (50, 500, 5000)
"""Commits by which a shallow history grows, one try after the other."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEEPER = "check out more of the history, such as `fetch-depth: 0`, where shards are merged"
_DIFF = (
    *("diff", "--unified=0", "--inter-hunk-context=0", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"),
    *("--no-ext-diff", "--no-textconv", "--find-renames", "--ignore-submodules=all", "--no-relative"),
    "--text",  # an attribute of the branch's own could make git take its sources for binary files, and say nothing
)


class UnknownChangesError(LookupError):
    """Nobody can say what changed; the message says why, and what to do."""


class Base(Record, frozen=True, kw_only=True):
    """What a change is compared with."""

    ref: str
    """A commit or a branch."""
    is_exact: bool = False
    """Whether it is compared with ``ref`` itself, and not with the newest commit that it and ours have in common."""


def changes_since(base: Base, folder: Path, *, has_untracked: bool = False) -> ChangedLines:
    """Return what changed in the checkout around ``folder`` since ``base``. Raises UnknownChangesError.

    The files are compared as they lie in the checkout, for these are what the tests ran. ``has_untracked`` says
    whether files that git does not know yet are a part of the change.
    """
    git = _Git(folder)
    prefix = os.fsdecode(git.must("rev-parse", "--show-prefix").rstrip(b"\n"))
    commit = git.have(base.ref) if base.is_exact else git.merge_base(base.ref)
    files = read_diff(git.must("-c", "core.quotePath=true", *_DIFF, commit, "--"))
    if has_untracked:
        names = git.must("ls-files", "-z", "--others", "--exclude-standard", "--full-name").split(b"\0")
        files |= {os.fsdecode(name): ChangedFile(written=((1, LAST_LINE),)) for name in names if name}
    gone = git.must("diff", "--name-only", "-z", "--no-renames", "--diff-filter=D", "--no-relative", commit, "--")
    return ChangedLines(
        base=commit,
        files={posixpath.relpath(path, prefix or "."): change for path, change in files.items()},
        gone=tuple(posixpath.relpath(os.fsdecode(path), prefix or ".") for path in gone.split(b"\0") if path),
    )


class _Git:
    """git in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def merge_base(self, ref: str) -> str:
        """Return the newest commit that ``ref`` and ours have in common."""
        theirs, ours = self.have(ref), self.have("HEAD")
        for depth in (0, *_DEPTHS):
            if depth:
                self.run("fetch", "--quiet", "--no-tags", f"--deepen={depth}", "origin", ours, theirs)
            found = self.run("merge-base", theirs, ours)
            if found.returncode == 0:
                return found.stdout.decode().split()[0]
            if not self._is_shallow():
                raise UnknownChangesError(f"this commit has no commit in common with {ref}; give another --diff-base")
        raise UnknownChangesError(f"the history is too shallow to know what changed since {ref}; {_DEEPER}")

    def have(self, ref: str) -> str:
        """Return the commit ``ref``, which is fetched where it is not here."""
        found = self._commit(ref)
        if found or ref.startswith("-"):
            return found or self._unknown(ref)
        # Where the history is whole, it stays whole.
        depth = ("--depth=1",) if self._is_shallow() else ()
        place = f"refs/remotes/origin/{ref.removeprefix('origin/')}"
        source = ref if _COMMIT.fullmatch(ref) else f"+refs/heads/{ref.removeprefix('origin/')}:{place}"
        self.run("fetch", "--quiet", "--no-tags", *depth, "origin", source)
        return self._commit(ref) or self._commit(place) or self._unknown(ref)

    def _unknown(self, ref: str) -> str:
        raise UnknownChangesError(f"{ref} is not in this checkout, and origin does not give it; {_DEEPER}")

    def _commit(self, ref: str) -> str:
        if ref.startswith("-"):
            return ""
        return self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").stdout.decode().strip()

    def _is_shallow(self) -> bool:
        return self.must("rev-parse", "--is-shallow-repository").strip() == b"true"

    def must(self, *arguments: str) -> bytes:
        """Return what git answers. Raises UnknownChangesError where it fails."""
        done = self.run(*arguments)
        if done.returncode:
            said = without_secrets(done.stderr.decode("utf-8", "replace")).strip().splitlines()
            raise UnknownChangesError(f"git does not say what changed: {said[-1] if said else 'it failed'}")
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Return how git ended. Raises UnknownChangesError where it cannot be run."""
        try:
            return run_git(self._folder, *arguments, seconds=_GIT_SECONDS)
        except NoGitError as error:
            raise UnknownChangesError(f"git does not say what changed: {error}") from error
