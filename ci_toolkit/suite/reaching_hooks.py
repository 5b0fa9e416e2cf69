"""In pytest: which conftest files of folders that are not the shard's have a say in its tests.

pytest asks a conftest file about the tests below its folder alone, except by some hooks: these it asks about every
test. A shard comes to such folders as well, though it runs nothing in them.
"""

import os
import re
from pathlib import Path

from ci_toolkit.model.record import restore_surrogates
from ci_toolkit.model.task import ShardTask

_REACHES_ALL = re.compile(
    rb"\bpytest_(?:collection_modifyitems|collection_finish|make_parametrize_id|runtestloop|runtest_protocol)\b"
)


def reaching_folders(task: ShardTask) -> set[str]:
    """Return the absolute paths of the planned folders, of any shard, whose conftest file has such a hook."""
    root = Path(restore_surrogates(task.root))
    holders = {place.rpartition("/")[0] for place in task.planned}  # few beside the files
    folders = {folder for holder in holders for folder in Path(restore_surrogates(holder), "any").parents}
    return {os.path.normpath(root / folder) for folder in folders if _has_reaching_hook(root / folder / "conftest.py")}


def _has_reaching_hook(file: Path) -> bool:
    try:
        return _REACHES_ALL.search(file.read_bytes()) is not None
    except OSError:
        return False
