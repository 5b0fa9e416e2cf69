"""Finds what pytest has to be told of a Django project whose tests its own runner ran so far."""

import re

from ci_toolkit.adoption.manifest import Manifest
from ci_toolkit.adoption.requirements import read_ini

_SETTINGS = re.compile(r"""["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([A-Za-z_][\w.]*)["']""")
_SECTIONS = (("pytest.ini", None), (".pytest.ini", None), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
"""Files in which pytest is configured, and by which section; None is any."""
PYTHON_FILES = ("tests.py", "test*.py", "*_test.py")
"""The files of tests of Django's runner, and of pytest."""


def django_settings(manifest: Manifest) -> str:
    """Return the module of settings that ``manage.py`` names, ``""`` where there is none or pytest is configured."""
    if manifest.table("tool", "pytest") or any(_is_there(manifest, name, section) for name, section in _SECTIONS):
        return ""
    found = _SETTINGS.search(manifest.text("manage.py") or "")
    return found[1] if found else ""


def _is_there(manifest: Manifest, name: str, section: str | None) -> bool:
    return manifest.has(name) if section is None else read_ini(manifest.text(name) or "").has_section(section)
