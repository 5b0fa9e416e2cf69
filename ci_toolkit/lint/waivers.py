"""Waivers: ``# noqa: CIT003 (why)`` removes a finding, and has to give a reason."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ci_toolkit.lint.comments import comments_of
from ci_toolkit.lint.rules import ABOUT_WAIVERS, RULES, UNKNOWN_WAIVER, UNUSED_WAIVER, WAIVER_WITHOUT_REASON, Rule
from ci_toolkit.lint.violation import Violation

_POSSIBLE = re.compile(rb"#[^\r\n]*noqa[^\r\n]*CIT", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)(?P<rest>[^#]*)", re.IGNORECASE)
_REASON = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One code of one ``noqa`` comment."""

    line: int
    code: str
    has_reason: bool


def waivers_of(source: bytes) -> list[Waiver]:
    """Return the waivers for CIT codes in the comments of ``source``; other tools' codes are theirs."""
    if b"CIT" not in source or not _POSSIBLE.search(source):
        return []
    found: list[Waiver] = []
    for line, comment in comments_of(source).items():
        for match in _NOQA.finditer(comment):
            has_reason = bool(_REASON.search(match["rest"]))
            codes = re.split(r"[\s,]+", match["codes"].upper())
            found.extend(Waiver(line=line, code=c, has_reason=has_reason) for c in codes if c.startswith("CIT"))
    return found


def apply_waivers(
    violations: Iterable[Violation], waivers: Collection[Waiver], codes: Collection[str]
) -> tuple[list[Violation], int]:
    """Return the violations that stay, with those that the waivers themselves are, and how many were waived.

    ``codes`` are the codes that are looked for in this file: a waiver for another cannot be called unused.
    """
    kept: list[Violation] = []
    used: set[Waiver] = set()
    waived = 0
    for violation in violations:
        fitting = [
            w for w in waivers if w.code == violation.rule.code and violation.line <= w.line <= violation.end_line
        ]
        if fitting and violation.rule.code not in ABOUT_WAIVERS:
            used.update(fitting)
            waived += 1
        else:
            kept.append(violation)
    kept.extend(v for v in _violations_of(waivers, used, codes) if v.rule.code in codes)
    return kept, waived


def _violations_of(waivers: Iterable[Waiver], used: set[Waiver], codes: Collection[str]) -> Iterator[Violation]:
    for waiver in waivers:
        if waiver.code not in RULES:
            near = difflib.get_close_matches(waiver.code, RULES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield _at(waiver, UNKNOWN_WAIVER, f"No rule has the code {waiver.code}{hint}")
        elif waiver not in used:
            if waiver.code in codes:
                yield _at(waiver, UNUSED_WAIVER, f"Nothing here breaks {waiver.code}")
        elif not waiver.has_reason:
            yield _at(waiver, WAIVER_WITHOUT_REASON, f"The waiver of {waiver.code} gives no reason")


def _at(waiver: Waiver, rule: Rule, what: str) -> Violation:
    return Violation(
        rule=rule, line=waiver.line, offset=0, end_line=waiver.line, message=f"{what.rstrip('?')}. {rule.instead}"
    )
