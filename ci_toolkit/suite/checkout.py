"""What git says of the checkout."""

import subprocess
from pathlib import Path


def commit_of(folder: Path) -> str:
    """Return the commit that is checked out in ``folder``, or ``""`` where there is no git or no commit."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "HEAD"],  # noqa: S607 (git of the user's PATH)
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("ascii", "replace").strip()
