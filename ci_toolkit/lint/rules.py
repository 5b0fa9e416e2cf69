"""The rules: every code with its name, what it forbids and what to do instead."""

from ci_toolkit.model.record import Record


class Rule(Record, frozen=True, kw_only=True):
    """One rule. ``docs/rules/<code>.md`` has its page."""

    code: str
    """Stable for ever: a code is never given to another rule."""
    name: str
    forbids: str
    instead: str


UNREADABLE = Rule(
    code="CIT000",
    name="unreadable-file",
    forbids="A Python file that Python itself cannot read.",
    instead="Repair it: no other rule can check this file.",
)
MOCK_IN_E2E = Rule(
    code="CIT001",
    name="mock-in-e2e",
    forbids="A mock or a patch in an e2e test, or in a mission-critical test that stands alone.",
    instead="Use the real service through a fixture, or move the test to tests/unit.",
)
DIRECT_ENVIRON = Rule(
    code="CIT002",
    name="direct-environ",
    forbids="Direct use of os.environ, os.getenv and similar functions in test code.",
    instead="Use get_env() or the isolated_env fixture of ci-toolkit.",
)
HARDCODED_PORT = Rule(
    code="CIT003",
    name="hardcoded-port",
    forbids="A port written as a number where a test connects or listens.",
    instead="Take it from TEST_PORTS, the single source of truth, or ask the system for a free one with port 0.",
)
AGENT_WITHOUT_EVENTS = Rule(
    code="CIT004",
    name="agent-without-events",
    forbids="A test that executes an agent and checks none of its WebSocket events.",
    instead="Collect the events and call assert_websocket_events, or assert_agent_execution on the result.",
)
FILE_NAME = Rule(
    code="CIT005",
    name="test-file-name",
    forbids="A file of tests that is not named test_*.py, or a throw-away name such as fix_test_issues.py.",
    instead="Name it test_<feature>.py; move shared code to a support module.",
)
MIXED_CATEGORIES = Rule(
    code="CIT006",
    name="mixed-categories",
    forbids="Two categories on one test; only mission_critical may stand on top of another.",
    instead="Pick one category, or split the test.",
)
SLEEP = Rule(
    code="CIT007",
    name="sleep-as-synchronisation",
    forbids="A test or fixture that waits a fixed time.",
    instead="Wait for the condition itself with wait_for_condition, or for an event.",
)
BARE_SKIP = Rule(
    code="CIT008",
    name="bare-skip",
    forbids="A skip without a condition or a reason, an xfail without a reason, any skip of a mission-critical test.",
    instead="Fix or delete the test; where the machine lacks something, use skipif with a condition and a reason.",
)
NO_JUSTIFICATION = Rule(
    code="CIT009",
    name="missing-bvj",
    forbids="A complete test file of a category without its Business Value Justification (BVJ).",
    instead="State it in the module docstring: segment, business goal, value impact, strategic impact.",
)
WRONG_DIRECTORY = Rule(
    code="CIT010",
    name="wrong-directory",
    forbids="A test whose marker names another category than its directory.",
    instead="Move the file to the directory of its category, or correct the marker.",
)
FLAKY_WITHOUT_REASON = Rule(
    code="CIT011",
    name="flaky-without-reason",
    forbids="A flaky marker that does not say why the test is flaky.",
    instead="Write the cause and the plan in a comment beside the marker.",
)
ONLY_MOCKS = Rule(
    code="CIT012",
    name="only-mocks",
    forbids="A test that exercises nothing but the mocks that it made itself.",
    instead="Call the code that the test is about; if nothing is left, delete the test.",
)
SWALLOWED_FAILURE = Rule(
    code="CIT013",
    name="swallowed-failure",
    forbids="A test that catches its own failure and passes, or makes a skip of it.",
    instead="Let the assertion fail; where an error is expected, name it with pytest.raises.",
)
WAIVER_WITHOUT_REASON = Rule(
    code="CIT090",
    name="waiver-without-reason",
    forbids="A noqa comment for one of these rules that gives no reason.",
    instead="Say why after the code: # noqa: CIT003 (the parser is given this port, nothing listens).",
)
UNKNOWN_WAIVER = Rule(
    code="CIT091",
    name="unknown-waiver",
    forbids="A noqa comment for a CIT code that does not exist.",
    instead="Correct the code; `ci-toolkit lint --rules` lists them.",
)
UNUSED_WAIVER = Rule(
    code="CIT092",
    name="unused-waiver",
    forbids="A noqa comment where the rule finds nothing.",
    instead="Delete the comment.",
)

ALL_RULES = (
    UNREADABLE,
    MOCK_IN_E2E,
    DIRECT_ENVIRON,
    HARDCODED_PORT,
    AGENT_WITHOUT_EVENTS,
    FILE_NAME,
    MIXED_CATEGORIES,
    SLEEP,
    BARE_SKIP,
    NO_JUSTIFICATION,
    WRONG_DIRECTORY,
    FLAKY_WITHOUT_REASON,
    ONLY_MOCKS,
    SWALLOWED_FAILURE,
    WAIVER_WITHOUT_REASON,
    UNKNOWN_WAIVER,
    UNUSED_WAIVER,
)
RULES = {rule.code: rule for rule in ALL_RULES}
"""Code to rule, in the order of the codes."""

ABOUT_WAIVERS = frozenset({UNREADABLE.code, WAIVER_WITHOUT_REASON.code, UNKNOWN_WAIVER.code, UNUSED_WAIVER.code})
"""Codes that no comment can waive."""
