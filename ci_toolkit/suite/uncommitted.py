"""Makes a commit of the tracked files as they are in a checkout, and touches neither its index nor a branch."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.work_tree import NoWorkTreeError, git_output

_SETTINGS = ("core.fsmonitor=false", "core.splitIndex=false", "core.safecrlf=false", "add.ignoreErrors=false")
"""What would start a server, write beside the index, or refuse or leave out files, as the user wants it of a commit."""
_WHO = {f"GIT_{who}_{what}": "ci-toolkit" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def commit_with_changes(checkout: Path) -> str:
    """Return a commit of the files that git tracks in ``checkout``, its top folder, as they are there now.

    No branch has it, unless nothing has changed. Files that are only known to the index (`git add -N`) and those of a
    conflict are as they stand there too. Raises NoWorkTreeError where there can be none.
    """
    head = commit_of(checkout)
    if not head:
        raise NoWorkTreeError("nothing is committed yet")
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-index-") as folder:
        index = Path(folder, "index")
        # It knows what is tracked and, with its time, which files are as they were. git replaces an index by a rename,
        # so that a copy is whole.
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(checkout / git_output(checkout, "rev-parse", "--git-path", "index").rstrip("\n"), index)
        apart = {"GIT_INDEX_FILE": str(index)}
        git_output(checkout, "add", "--update", settings=_SETTINGS, variables=apart)
        tree = git_output(checkout, "write-tree", settings=_SETTINGS, variables=apart).strip()
    if tree == git_output(checkout, "rev-parse", f"{head}^{{tree}}").strip():
        return head
    message = "What ci-toolkit run found here"
    return git_output(checkout, "commit-tree", tree, "-p", head, "-m", message, variables=_WHO).strip()
