"""The quarantine of a project: its file, and the limits that the settings set."""

from pathlib import Path

from ci_toolkit.config.project import read_section, read_settings
from ci_toolkit.config.quarantine_file import QuarantineError, read_quarantine
from ci_toolkit.errors import ConfigurationError, FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.model.quarantine import QUARANTINE_FILE, Quarantine, QuarantineLimits

LARGEST = 1024 * 1024
"""Bytes. With the longest names it holds a thousand entries."""


def load_quarantine(root: Path) -> Quarantine:
    """Return what the file in ``root`` says, and nothing where there is none. Raises QuarantineError."""
    data = content_of(root / QUARANTINE_FILE)
    return Quarantine() if data is None else read_quarantine(data)


def content_of(path: Path) -> bytes | None:
    """Return the content of the quarantine file ``path``, None where there is none. Raises QuarantineError."""
    try:
        with open_regular(path) as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except (OSError, FormatError) as error:
        raise QuarantineError(f"{path} cannot be read: {error}", advice="Make it a plain file.") from error
    if len(data) > LARGEST:
        raise QuarantineError(f"{path} is larger than {LARGEST} bytes", advice="Remove entries that are mended.")
    return data


def quarantine_limits(root: Path) -> QuarantineLimits:
    """Return the limits of the project in ``root``. Raises ConfigurationError."""
    table, origin = read_section(root, "quarantine")
    limits = read_settings(table, QuarantineLimits, where=origin)
    for name, value in (("most-entries", limits.most_entries), ("most-days", limits.most_days)):
        if value < 0:
            raise ConfigurationError(f"{origin} '{name}' is negative", advice="Give a whole number from 0.")
    return limits
