"""The environment in which git is run: it looks at the checkout that it is told, whoever started ci-toolkit."""

from collections.abc import Mapping
from typing import Final

_OF_A_HOOK: Final = frozenset(
    {
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE"),
        *("GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX"),
        *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    }
)
"""What git sets for its hooks. A work tree that were made with them would go into the index of a commit under way.

The last four come from options such as ``git --glob-pathspecs commit``: ``*.py`` would name the files of one folder.
"""


def git_environment(environment: Mapping[str, str], **more: str) -> dict[str, str]:
    """Return ``environment`` and ``more`` without what leads git to other files than its folder's."""
    kept = {name: value for name, value in environment.items() if name not in _OF_A_HOOK}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"} | more
