"""The work trees in which trials run, each made when the first trial asks for it and as new for every other."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ci_toolkit.model.record import Record
from ci_toolkit.model.trial import NoTrialError
from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.installed_copy import refuse_installed_copy
from ci_toolkit.suite.moved_variables import moved_variables
from ci_toolkit.suite.options import ShardOptions
from ci_toolkit.suite.uncommitted import commit_with_changes
from ci_toolkit.suite.untracked import copy_untracked
from ci_toolkit.suite.work_tree import (
    NoWorkTreeError,
    WorkTree,
    fetch_base,
    refuse_another_environment,
    top_of,
    work_tree,
)

Place = tuple[ShardOptions, tuple[str, str] | None]
"""The options of a trial, and where it is moved: (checkout, work tree); None leaves it in the checkout."""
_TEMPORARY = "TMPDIR"


class TrackedFiles(Record, frozen=True, kw_only=True):
    """The files that git tracks, as they were when the tests began: a test may change them as well as any other."""

    commit: str = ""
    """One that holds them; ``""`` where there is none."""
    why_not: str = ""


def tracked_now(folder: Path, *, in_ci: bool) -> TrackedFiles:
    """Return the tracked files of the checkout around ``folder`` as they are now.

    In CI changes that are not committed are no sources: a job before may have made them.
    """
    try:
        checkout = top_of(folder)
        if in_ci and (commit := commit_of(checkout)):
            return TrackedFiles(commit=commit)
        return TrackedFiles(commit=commit_with_changes(checkout))
    except (NoWorkTreeError, OSError) as error:
        return TrackedFiles(why_not=str(error))


class TrialTrees:
    """Where trials of the base run, and those of the head in a clean checkout; gone at the end of the context."""

    def __init__(self, folder: Path, base: str, tracked: TrackedFiles, *, began_at: float) -> None:
        """Let ``base`` be the base of what is checked out in ``folder``; ``""`` where nobody knows it.

        The head is what git ``tracked`` when the tests began, and what else was there then: ``began_at``, in seconds
        since the epoch, is when that was. What came later, a test may have left.
        """
        self._folder = folder
        self._commit = base
        self._began_at = began_at
        self._tracked = tracked
        self._stack = contextlib.ExitStack()
        self._base = _Tree(self._base_tree, lambda _: None, "the base cannot be tried")
        self._head = _Tree(self._head_tree, self._complete, "none could be made")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def of_base(self, options: ShardOptions) -> Place:
        """Return ``options`` for a trial of the base. Raises NoTrialError where there can be none."""
        return self._base.instead_of(self._folder, options)

    def of_head(self, options: ShardOptions) -> Place:
        """Return ``options`` for a trial of the head in a clean checkout. Raises NoTrialError likewise."""
        return self._head.instead_of(self._folder, options)

    def _base_tree(self) -> WorkTree:
        if not self._commit:
            raise NoWorkTreeError("git does not know it here")
        checkout = top_of(self._folder)
        fetch_base(checkout, self._commit)
        refuse_another_environment(checkout, self._commit)
        refuse_installed_copy(checkout)
        return self._stack.enter_context(work_tree(checkout, self._commit))

    def _head_tree(self) -> WorkTree:
        if not self._tracked.commit:
            raise NoWorkTreeError(self._tracked.why_not)
        return self._stack.enter_context(work_tree(top_of(self._folder), self._tracked.commit))

    def _complete(self, tree: WorkTree) -> None:
        copy_untracked(top_of(self._folder), tree.folder, before=self._began_at)


class _Tree:
    """One work tree, as new for each trial."""

    def __init__(self, make: Callable[[], WorkTree], complete: Callable[[WorkTree], None], why_not: str) -> None:
        self._make = make
        self._complete = complete
        self._why_not = why_not
        self._made: WorkTree | None = None
        self._error: NoWorkTreeError | None = None

    def instead_of(self, folder: Path, options: ShardOptions) -> Place:
        try:
            tree = self._as_new()
            checkout = top_of(folder).resolve()
        except NoWorkTreeError as error:
            self._error = error
            raise NoTrialError(f"{self._why_not}: {error}") from error

        def moved(place: str) -> str:
            return str(tree.folder / Path(place).resolve().relative_to(checkout))

        here = {**os.environ, **dict(options.variables)}
        led = moved_variables(here, checkout, tree.folder)
        variables = (*options.variables, *led, (_TEMPORARY, str(tree.temporary)))
        try:
            there = msgspec.structs.replace(
                options, folder=moved(options.folder), root=moved(options.root), variables=variables
            )
        except ValueError as error:
            raise NoTrialError(f"{self._why_not}: the tests lie outside of the repository") from error
        return there, (str(checkout), str(tree.folder))

    def _as_new(self) -> WorkTree:
        if self._error is not None:
            raise self._error
        if self._made is None:
            self._made = self._make()
        else:
            self._made.renew()
        self._complete(self._made)
        return self._made
