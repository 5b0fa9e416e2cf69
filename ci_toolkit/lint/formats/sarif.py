"""Findings as SARIF 2.1.0, the format of code scanning."""

import os
from typing import Any
from urllib.parse import quote

from ci_toolkit import __version__
from ci_toolkit.lint.finding import Finding, LintReport, Skip
from ci_toolkit.lint.formats.text import printable
from ci_toolkit.lint.rules import ALL_RULES, RULES, Rule
from ci_toolkit.model.record import to_json

_INDEX = {code: index for index, code in enumerate(RULES)}


def as_sarif(report: LintReport) -> str:
    """Return one run with every rule, every finding, and each file that was left out as a notification."""
    driver = {"name": "ci-toolkit", "version": __version__, "rules": [_rule(rule) for rule in ALL_RULES]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found) for found in report.findings],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(skip) for skip in report.skipped],
            }
        ],
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return to_json(document).decode()


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.forbids},
        "help": {"text": rule.instead},
        "defaultConfiguration": {"level": "error"},
    }


def _result(found: Finding) -> dict[str, Any]:
    region = {"startLine": found.line, "startColumn": found.column, "endLine": found.end_line}
    place = {"artifactLocation": {"uri": _uri(found.path)}, "region": region}
    return {
        "ruleId": found.code,
        "ruleIndex": _INDEX[found.code],
        "level": "error",
        "message": {"text": printable(found.message)},
        "locations": [{"physicalLocation": place}],
    }


def _notification(skip: Skip) -> dict[str, Any]:
    return {
        "level": "warning",
        "message": {"text": f"Not checked: {printable(skip.reason)}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(skip.path)}}}],
    }


def _uri(path: str) -> str:
    """Return a relative or ``file:`` URI, percent-encoded byte by byte, so that any file name is one."""
    quoted = quote(os.fsencode(path))
    return f"file://{quoted}" if path.startswith("/") else quoted
