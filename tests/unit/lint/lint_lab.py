"""What the rules find in a source."""

from textwrap import dedent

from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.settings import LintSettings

ANYWHERE = "tests/test_flow.py"
UNIT = "tests/unit/test_flow.py"
INTEGRATION = "tests/integration/test_flow.py"
E2E = "tests/e2e/test_flow.py"
_WITHOUT_BVJ = LintSettings(ignore=("CIT009",))


def codes_in(source: str, path: str = ANYWHERE, settings: LintSettings = _WITHOUT_BVJ) -> list[str]:
    text = dedent(source).lstrip().encode()
    report = lint_source(text, path=path, within=path, settings=settings)
    return [finding.code for finding in report.findings]
