"""git, for tests that need a real repository."""

import os
import subprocess
from pathlib import Path

_IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints in ``folder``. It has an author, and no settings of the user but those that a test sets."""
    done = subprocess.run(
        ["git", *_IDENTITY, *arguments],
        cwd=folder,
        env={"GIT_CONFIG_GLOBAL": os.devnull, **os.environ},
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout.decode().strip()
