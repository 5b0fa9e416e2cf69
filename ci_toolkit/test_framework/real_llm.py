"""The fixtures ``real_llm`` and ``real_llm_fixture``: a real language model, its use in the report, its key nowhere.

Registered as a pytest plugin where the project has adopted ci-toolkit.
"""

import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.model.llm_properties import (
    CALLS,
    COST,
    FAILED_CALLS,
    INPUT_TOKENS,
    MODEL,
    OUTPUT_TOKENS,
    UNCOUNTED_CALLS,
)
from ci_toolkit.test_framework.llm_settings import (
    API_KEY,
    ASKED_FOR,
    BASE_URL,
    has_llm_credentials,
    missing_credentials,
    read_llm_settings,
)
from ci_toolkit.test_framework.secret import Secret

if TYPE_CHECKING:
    from ci_toolkit.test_framework.llm_client import RealLLM

__all__ = ["has_llm_credentials", "real_llm", "real_llm_fixture"]

R = TypeVar("R", pytest.TestReport, pytest.CollectReport)


@pytest.fixture
def real_llm(request: pytest.FixtureRequest) -> Iterator["RealLLM"]:
    """Give a real language model; without credentials skip, or fail where ``--real-llm`` asked for one."""
    _require_credentials(request.node)
    from ci_toolkit.test_framework.llm_client import RealLLM

    llm = RealLLM(read_llm_settings())
    yield llm
    request.node.user_properties.extend(_properties(llm))


@pytest.fixture
def real_llm_fixture(real_llm: "RealLLM") -> "RealLLM":
    """Give the same as ``real_llm``; the guide has both names."""
    return real_llm


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ask for credentials where a test has the marker ``real_llm`` without the fixture."""
    if item.get_closest_marker("real_llm") is not None:
        _require_credentials(item)


def _require_credentials(item: pytest.Item) -> None:
    __tracebackhide__ = True
    missing = missing_credentials(get_env())
    if not missing:
        return
    reason = f"needs a real language model: set {' and '.join(missing)} ({BASE_URL} for an endpoint of your own)"
    if get_env().get(ASKED_FOR) == "1":
        pytest.fail(f"{reason}; --real-llm asked for one", pytrace=False)
    if any(item.get_closest_marker(name) for name in ("mission_critical", "no_skip")):
        pytest.fail(f"{reason}; a mission-critical test is never skipped", pytrace=False)
    pytest.skip(reason)


def _properties(llm: "RealLLM") -> list[tuple[str, object]]:
    """Return what JUnit's properties and the terminal say about a test's calls."""
    used = llm.usage
    if not used.calls:
        return []
    found: list[tuple[str, object]] = [
        (MODEL, llm.model), (CALLS, used.calls), (INPUT_TOKENS, used.input_tokens), (OUTPUT_TOKENS, used.output_tokens),
    ]  # fmt: skip
    cost = llm.settings.cost(used.input_tokens, used.output_tokens)
    if cost is not None:
        found.append((COST, f"{cost:.6f}"))
    if used.failed:
        found.append((FAILED_CALLS, used.failed))
    if used.uncounted:
        found.append((UNCOUNTED_CALLS, used.uncounted))
    return found


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take the key out of what a test printed, logged or raised."""
    return _without_key((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Take the key out of what a module printed or raised when it was imported."""
    return _without_key((yield))


def _without_key(report: R) -> R:
    key = Secret(get_env().get(API_KEY, ""))
    if key:
        report.sections = [(name, key.masked(text)) for name, text in report.sections]
        noted = getattr(report, "user_properties", [])
        noted[:] = [(name, key.masked(value) if isinstance(value, str) else value) for name, value in noted]
        if reason := getattr(report, "wasxfail", ""):
            vars(report)["wasxfail"] = key.masked(reason)
        text = str(report.longrepr or "")
        if isinstance(report.longrepr, tuple):  # of a skip, whose shape others rely on
            path, line, why = report.longrepr
            report.longrepr = (path, line, key.masked(why))
        elif key.masked(text) != text:
            report.longrepr = key.masked(text)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Take the key out of a warning, before anybody shows it or sends it on."""
    key = Secret(get_env().get(API_KEY, ""))
    shown = key.masked(str(warning_message.message))
    if shown != str(warning_message.message):
        warning_message.message = UserWarning(shown)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the real language model was used for, and what that cost."""
    total: Counter[str] = Counter()
    cost = 0.0
    dearest = (0, "")
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "teardown":
                continue
            used = dict(report.user_properties)
            cost += float(used.get(COST, 0))
            total.update(
                {
                    name: int(used.get(name, 0))
                    for name in (CALLS, INPUT_TOKENS, OUTPUT_TOKENS, FAILED_CALLS, UNCOUNTED_CALLS)
                }
            )
            dearest = max(dearest, (int(used.get(INPUT_TOKENS, 0)) + int(used.get(OUTPUT_TOKENS, 0)), report.nodeid))
    if total[CALLS]:
        terminalreporter.section("real language model")
        priced = f", {cost:.4f} US dollars" if cost else ""
        terminalreporter.line(
            f"{total[CALLS]} calls, {total[INPUT_TOKENS]} tokens in, {total[OUTPUT_TOKENS]} tokens out{priced}"
        )
        terminalreporter.line(f"most tokens: {dearest[0]} in {dearest[1]}")
        if total[FAILED_CALLS]:
            terminalreporter.line(f"{total[FAILED_CALLS]} calls of these got no whole answer")
        if total[UNCOUNTED_CALLS]:
            terminalreporter.line(f"{total[UNCOUNTED_CALLS]} calls of these stated no usage")
