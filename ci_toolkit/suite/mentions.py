"""Reads which categories a test file's text speaks of, so that a choice of categories need not import the others."""

import re
from pathlib import Path

from ci_toolkit.model.category import MISSION_CRITICAL, Categories

_CRITICAL = rb"(?P<critical>mission_critical|MissionCritical|no_skip)"


class MentionReader:
    """Finds ``mark.NAME`` of each category, and every word that can make a test mission-critical."""

    def __init__(self, categories: Categories) -> None:
        self._of_marker = {category.marker.encode(): category.name for category in categories.every}
        names = b"|".join(re.escape(marker) for marker in self._of_marker)
        self._word = re.compile(rb"\bmark\.(?P<marker>" + names + rb")\b|" + _CRITICAL)

    def read(self, path: Path) -> tuple[str, ...]:
        """Return the names of the categories, sorted; none for what is unreadable."""
        try:
            text = path.read_bytes()
        except OSError:
            return ()
        found = {
            MISSION_CRITICAL if match["critical"] else self._of_marker[match["marker"]]
            for match in self._word.finditer(text)
        }
        return tuple(sorted(found))
