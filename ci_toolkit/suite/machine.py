"""Names the machine that this process runs on, so that a trial can be known to have run on another one."""

import hashlib
import os
import platform
import uuid
from pathlib import Path

VARIABLE = "CI_TOOLKIT_MACHINE"
"""Names the machine where it does not tell by itself, such as one of several containers with one host name."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_DIGITS = 16


def machine_name() -> str:
    """Return a digest that differs from machine to machine, and from start to start of one."""
    named = os.environ.get(VARIABLE, "")
    boot = _BOOT.read_text(encoding="ascii") if _BOOT.is_file() else ""
    parts = (named,) if named else (platform.node(), boot, str(uuid.getnode()))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]
