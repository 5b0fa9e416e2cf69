"""Another machine tries what trials could excuse, and says of the rest what it is: red, unless it is in quarantine."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from bundle_samples import leave_bundle, merged, plan_of
from journal_samples import collected, fails, passes, uncollectable
from workflow_cases import Listener

from ci_toolkit.model.journal import JournalRecord, Selected
from ci_toolkit.model.record import to_json
from ci_toolkit.workflow.elsewhere import AdjudicationRequest, adjudicate_elsewhere

PLAN = plan_of(["test_a.py"])
FLAKY = "[tool.ci-toolkit.flaky]\n"
ENTRY = """
[[quarantine]]
test = "test_a.py::test_1"
reason = "the gateway answers too late"
owner = "@payments"
issue = "#42"
since = 2026-11-01
expires = 2999-12-01
signatures = ["{}"]
"""


def a_test(*ended: JournalRecord, critical: tuple[int, ...] = ()) -> Sequence[JournalRecord]:
    return (collected("test_a.py", "test_1", critical=critical), Selected(tests=1), *ended)


@pytest.mark.parametrize(
    ("records", "is_quarantined", "expected"),
    [
        pytest.param(a_test(*passes(0)), False, 0, id="nothing failed"),
        pytest.param(a_test(*fails(0)), True, 0, id="what failed is in quarantine"),
        pytest.param(a_test(*fails(0), critical=(0,)), False, 1, id="a mission-critical test failed"),
        pytest.param((uncollectable("test_a.py"), Selected(tests=0)), False, 1, id="a file cannot be collected"),
    ],
)
def test_where_no_trial_could_excuse_anything_none_is_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    records: Sequence[JournalRecord],
    *,
    is_quarantined: bool,
    expected: int,
) -> None:
    for name in ("GITHUB_EVENT_PATH", "CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        monkeypatch.delenv(name, raising=False)
    results = tmp_path / "results"
    leave_bundle(results, PLAN, 1, {"main": records})
    (tmp_path / "pyproject.toml").write_text(FLAKY)
    (tmp_path / "plan.json").write_bytes(to_json(PLAN))
    if is_quarantined:
        (failure,) = merged(results, PLAN).failures
        (tmp_path / "quarantine.toml").write_text(ENTRY.format(failure.signature))
    request = AdjudicationRequest(plan_path=tmp_path / "plan.json", results=results)
    observer = Listener()
    assert adjudicate_elsewhere(request, tmp_path, observer) == expected
    assert observer.lines == ["no test failed that trials could excuse"]
    assert not (results / "adjudication").exists()
