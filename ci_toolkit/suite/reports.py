"""In pytest: turns pytest's reports into journal records."""

from typing import Any

import pytest

from ci_toolkit.model.journal import Failure, Phase, PhaseOutcome, Uncollectable, When

LONGEST_TEXT = 1_000_000
"""Characters kept of one traceback or captured stream; pytest's whole output stands in the bundle anyway."""
LONGEST_MESSAGE = 4_000
MOST_PROPERTIES = 1_000
_PHASES: dict[str, When] = {when.value: when for when in When}


def phase_of(
    report: pytest.TestReport, index: int, root: str, *, seconds: float, keeps_output: bool = False
) -> Phase | None:
    """Return the record of ``report``, or None for a passed subtest, which its test's own phase covers.

    A report of a phase that pytest does not know counts as of the call; one that failed (pytest-forked has it for a
    child that died) as of the setup, for pytest's JUnit file calls it an error.
    """
    outcome, reason = _outcome(report)
    subtest = _subtest(report)
    if subtest and outcome is PhaseOutcome.PASSED:
        return None
    failed = outcome in {PhaseOutcome.FAILED, PhaseOutcome.RERUN}
    unknown = When.SETUP if outcome is PhaseOutcome.FAILED else When.CALL
    return Phase(
        i=index,
        w=_PHASES.get(report.when, unknown),
        o=outcome,
        s=seconds,
        reason=_cut(reason, LONGEST_MESSAGE),
        subtest=_cut(subtest, LONGEST_MESSAGE),
        failure=failure_of(report, root) if failed else None,
        properties=_properties(report) if report.when == "teardown" else (),
        sections=_sections(report) if keeps_output and report.when == "teardown" else (),
    )


def _sections(report: pytest.TestReport | pytest.CollectReport) -> tuple[tuple[str, str], ...]:
    return tuple((str(title), _cut(content, LONGEST_TEXT)) for title, content in report.sections if content)


def _properties(report: pytest.TestReport) -> tuple[tuple[str, str], ...]:
    pairs = report.user_properties[:MOST_PROPERTIES]
    return tuple((_cut(name, LONGEST_MESSAGE), _cut(value, LONGEST_MESSAGE)) for name, value in pairs)


def _outcome(report: pytest.TestReport) -> tuple[PhaseOutcome, object]:
    expected: object = getattr(report, "wasxfail", None)
    if report.outcome == "skipped":
        return (
            (PhaseOutcome.XFAILED, expected) if expected is not None else (PhaseOutcome.SKIPPED, _skip_reason(report))
        )
    if report.outcome == "passed":
        return (PhaseOutcome.XPASSED, expected) if expected is not None else (PhaseOutcome.PASSED, "")
    if report.outcome == "failed":
        return PhaseOutcome.FAILED, ""
    # A plugin's own: "rerun" of pytest-rerunfailures, "retried" or what the user calls it of pytest-retry.
    return PhaseOutcome.RERUN, f"outcome {report.outcome!r}"  # type: ignore[unreachable]


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr or "")


def _subtest(report: pytest.TestReport) -> str:
    context = getattr(report, "context", None)  # both pytest's own subtests and the pytest-subtests plugin
    if context is None or not hasattr(context, "kwargs"):
        return ""
    parts = [f"[{context.msg}]"] if context.msg else []
    if context.kwargs:
        parts.append("(" + ", ".join(f"{name}={value}" for name, value in context.kwargs.items()) + ")")
    return " ".join(parts) or "(<subtest>)"


def failure_of(report: pytest.TestReport | pytest.CollectReport, root: str) -> Failure:
    """Return why ``report`` failed."""
    longrepr: Any = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    text = _text_of(report)
    message = getattr(crash, "message", None)
    path, line = _place_of_crash(crash) if crash is not None else _place_of_fixture_lookup(longrepr)
    return Failure(
        message=_cut(_last_line(text) if message is None else message, LONGEST_MESSAGE),
        detail=_cut(text, LONGEST_TEXT),
        path=_relative(path, root),
        line=line,
        sections=_sections(report),
    )


def _place_of_crash(crash: Any) -> tuple[str, int]:
    # pytest's own, or what a plugin puts there: nbmake has a text for the line.
    line: object = getattr(crash, "lineno", None)
    return str(getattr(crash, "path", "")), line if isinstance(line, int) else 0


def _place_of_fixture_lookup(longrepr: Any) -> tuple[str, int]:
    # pytest's FixtureLookupErrorRepr: the function that asks for a fixture which there is not.
    line: object = getattr(longrepr, "firstlineno", None)
    return (str(longrepr.filename), line + 1) if isinstance(line, int) else ("", 0)


def _text_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    try:
        return report.longreprtext
    except Exception as error:  # noqa: BLE001 (a plugin's or a conftest's own, made by what the test may have patched)
        return f"pytest's text of the failure could not be made: {type(error).__name__}: {error}"


def uncollectable(
    report: pytest.CollectReport, path: str, seconds: float, root: str, *, is_critical: bool
) -> Uncollectable:
    """Return the record of a file or class that failed or skipped itself while it was collected."""
    if report.outcome == "skipped":
        outcome, failure = PhaseOutcome.SKIPPED, Failure(message=_cut(_skip_reason(report), LONGEST_MESSAGE))
    else:
        outcome, failure = PhaseOutcome.FAILED, failure_of(report, root)
    return Uncollectable(
        node_id=str(report.nodeid),
        path=path,
        outcome=outcome,
        failure=failure,
        seconds=round(seconds, 6),
        is_critical=is_critical,
    )


def _last_line(text: str) -> str:
    # What pytest marks with E is what went wrong; other texts end with it.
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith("E  ")]
    return (marked or lines)[-1].removeprefix("E").strip() if lines else ""


def _relative(path: str, root: str) -> str:
    return path[len(root) + 1 :] if path.startswith(root + "/") else path


def _cut(said: object, longest: int) -> str:
    text = str(said)  # a plugin may say it with something else
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[{len(text) - longest} characters more; the whole text is in the shard's output]"
