"""Where sessions keep files: the registry that all sessions of a user share, the servers' data, the cache."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from ci_toolkit.services.errors import DiskFullError, KeeperError

REGISTRY_VARIABLE: Final = "CI_TOOLKIT_SERVICES_DIR"
"""Moves the registry, so that a machine's users or a test suite do not see each other's sessions."""
DATA_VARIABLE: Final = "CI_TOOLKIT_SERVICES_DATA"
"""Moves the servers' data; by default tmpfs where there is room."""
CACHE_VARIABLE: Final = "CI_TOOLKIT_CACHE_DIR"
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 (a folder of our own is made below it, and its owner checked)
_ROOM: Final = 512 * 1024 * 1024
"""With less tmpfs than this, data goes to disk."""
_MODE: Final = 0o711
_REMOVALS: Final = 50
_PAUSE: Final = 0.02


def registry() -> Path:
    """Return the folder, the same for every session of this user, with the leases and the keepers."""
    return own_folder(_registry())


def has_registry() -> bool:
    """Whether there is such a folder already, which this user may trust; unlike ``registry`` this makes none."""
    path = _registry()
    return path.is_dir() and not path.is_symlink() and path.lstat().st_uid == os.getuid()


def _registry() -> Path:
    chosen = os.environ.get(REGISTRY_VARIABLE)
    return Path(chosen) if chosen else Path(tempfile.gettempdir()) / f"ci-toolkit-{os.getuid()}"


def data_home() -> Path:
    """Return the folder for the servers' data: on tmpfs where there is room, else beside the registry."""
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen:
        return own_folder(Path(chosen))
    if os.access(_SHARED_MEMORY, os.W_OK) and shutil.disk_usage(_SHARED_MEMORY).free > _ROOM:
        return own_folder(_SHARED_MEMORY / f"ci-toolkit-{os.getuid()}")
    return own_folder(registry() / "data")


def cache() -> Path:
    """Return the folder of the snapshots, which outlive sessions."""
    chosen = os.environ.get(CACHE_VARIABLE)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return own_folder(Path(chosen) if chosen else home / "ci-toolkit")


def own_folder(path: Path) -> Path:
    """Return ``path`` as a folder of this user that others may pass through but not read.

    Raises KeeperError if it belongs to another user or is a link: somebody could swap what is in it.
    """
    try:
        _make(path)
        status = path.lstat()
    except OSError as error:
        raise disk_trouble(error, path) from error
    if path.is_symlink() or status.st_uid != os.getuid():
        raise KeeperError(
            f"{path} is not a folder of this user", advice=f"Remove it, or set {REGISTRY_VARIABLE} to another folder."
        )
    return path


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=_MODE, parents=True)
    except FileExistsError:
        if path.is_dir():
            return
        raise
    path.chmod(_MODE)  # of which a umask such as 077 has taken the part that another user's server needs


def disk_trouble(error: OSError, path: Path) -> DiskFullError:
    """Return the error for a file that could not be written at ``path``."""
    existing = next((folder for folder in (path, *path.parents) if folder.exists()), Path("/"))
    free = shutil.disk_usage(existing).free // (1024 * 1024)
    return DiskFullError(
        f"cannot write {path}: {error.strerror or error} ({free} MiB free there)",
        advice="Free some space, or choose a folder that can be written: "
        f"{DATA_VARIABLE} for data, {CACHE_VARIABLE} for snapshots, {REGISTRY_VARIABLE} for sessions.",
    )


def remove_folder(path: Path) -> None:
    """Remove a folder and what is in it, though others remove it as well, or dying servers still write into it."""
    for _ in range(_REMOVALS):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(_PAUSE)
