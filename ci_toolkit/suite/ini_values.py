"""Values of pytest's ini file."""

from typing import Any

import pytest


def ini_value(config: pytest.Config, name: str, default: Any) -> Any:
    """Return what ``name`` is set to, or ``default`` where ``-p no:PLUGIN`` leaves the plugin out that knows it."""
    try:
        return config.getini(name)
    except ValueError:
        return default
