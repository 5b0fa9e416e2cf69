"""What the merge says of report files that the suite's own options ask for, and that it does not write."""

from pathlib import Path

import pytest
from journal_samples import PYTHON

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.own_reports import write_own_reports
from ci_toolkit.model.bundle import ShardCard, ShardState
from ci_toolkit.model.own_settings import OwnReport


def bundle(*reports: OwnReport) -> Bundle:
    card = ShardCard(plan_id="p", index=1, state=ShardState.FINISHED, environment=PYTHON, own_reports=reports)
    return Bundle(folder="results/shard-1", card=card)


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (OwnReport(option="--csv", path="a.csv"), "--csv a.csv of the suite's own options is not written: each shard"),
        (OwnReport(option="--html", path="a.html"), "has its part alone, in parts/ of its bundle"),
        (OwnReport(option="--db", path="a.db", is_overwritten=True), "holds one shard's part now"),
        (OwnReport(option="--clean-alluredir"), "is left out: each shard would remove what the others wrote"),
        (OwnReport(option="--junit-prefix"), "is left out: the merge writes the JUnit file"),
        (OwnReport(option="--store-durations"), "`ci-toolkit history export` writes those of all"),
        (OwnReport(option="--cov-report=annotate"), "is not written: the merge writes xml, json, lcov and html"),
    ],
)
def test_a_report_that_is_not_written_is_told_once(report: OwnReport, told: str, tmp_path: Path) -> None:
    (note,) = write_own_reports([bundle(report), bundle(report)], tmp_path, config_file="")
    assert told in note
