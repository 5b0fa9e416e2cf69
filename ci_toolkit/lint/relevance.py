"""Whether a file can break any rule at all, judged by its text: most files cannot, and need no tree."""

from fnmatch import fnmatchcase

from ci_toolkit.lint.checks.justification import is_justified
from ci_toolkit.lint.checks.naming import is_throw_away
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger, TriggerLines

_ALWAYS = (Trigger.ENVIRON, Trigger.SLEEP, Trigger.SKIP, Trigger.FLAKY, Trigger.CAUGHT, Trigger.PORT)


def can_have_violations(triggers: TriggerLines, *, name: str, directory: str, settings: LintSettings) -> bool:
    """Return False only if no check could find anything in the source of ``triggers``, waivers aside."""
    is_named = name == "conftest.py" or any(fnmatchcase(name, pattern) for pattern in settings.file_names)
    if not is_named and (is_throw_away(name) or not triggers.holds(b"def test")):
        return is_throw_away(name)
    if not is_named or triggers.marks_a_category(settings.categories) or triggers.assigns_a_mock:
        return True
    category = settings.category_of_directory(directory)
    if category and not is_justified(triggers.source) and triggers.holds(b"def test"):
        return True
    if category in settings.mock_free:
        return True  # what stands in for a part needs no word that announces it
    if triggers.holds(*(f".{call}(".encode() for call in settings.agent_calls)) and triggers.of(Trigger.AGENT):
        return True
    return any(triggers.of(trigger) for trigger in _ALWAYS)
