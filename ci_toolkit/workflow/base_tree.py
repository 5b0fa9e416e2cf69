"""The work tree of a run's base, made when the first trial asks for it."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ci_toolkit.model.trial import NoTrialError
from ci_toolkit.suite.options import ShardOptions
from ci_toolkit.suite.work_tree import NoWorkTreeError, fetch_base, refuse_another_environment, top_of, work_tree


class BaseTree:
    """Where trials of the base run; gone at the end of the context."""

    def __init__(self, folder: Path, commit: str) -> None:
        """Let ``commit`` be the base of what is checked out in ``folder``; ``""`` where nobody knows it."""
        self._folder = folder
        self._commit = commit
        self._stack = contextlib.ExitStack()
        self._made: tuple[Path, Path] | None = None
        self._why_not = "" if commit else "the base cannot be tried: git does not know it here"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def instead_of(self, options: ShardOptions) -> tuple[ShardOptions, tuple[str, str]]:
        """Return ``options`` for the base, and (checkout, work tree). Raises NoTrialError where there is none."""
        checkout, tree = self._trees()

        def moved(place: str) -> str:
            return str(tree / Path(place).resolve().relative_to(checkout))

        try:
            there = msgspec.structs.replace(options, folder=moved(options.folder), root=moved(options.root))
        except ValueError as error:
            raise NoTrialError("the base cannot be tried: the tests lie outside of the repository") from error
        return there, (str(checkout), str(tree))

    def _trees(self) -> tuple[Path, Path]:
        if self._made is None and not self._why_not:
            try:
                checkout = top_of(self._folder).resolve()
                fetch_base(checkout, self._commit)
                refuse_another_environment(checkout, self._commit)
                self._made = checkout, self._stack.enter_context(work_tree(checkout, self._commit)).resolve()
            except NoWorkTreeError as error:
                self._why_not = str(error)
        if self._made is None:
            raise NoTrialError(self._why_not)
        return self._made
