"""A file of the checkout as another commit has it."""

from pathlib import Path

from ci_toolkit.suite.git import bring, said_by_git


class UnknownCommitError(LookupError):
    """A commit is not in the checkout, and origin does not give it."""


def file_at(folder: Path, commit: str, name: str) -> bytes | None:
    """Return the content of the file ``name`` of ``folder`` as ``commit`` has it; None where it has none.

    A commit that the checkout lacks is fetched. Raises UnknownCommitError where that does not help.
    """
    if not bring(folder, commit):
        raise UnknownCommitError(commit)
    return said_by_git(folder, "cat-file", "blob", f"{commit}:./{name}")
