"""The guide's application, all of it, as `nox -s demo` runs it, and what its verdict says of each category."""

import shutil
from collections import Counter
from pathlib import Path

import msgspec
from junitparser import JUnitXml, TestCase
from netra_project import EXAMPLE, python

from ci_toolkit.model.category import CATEGORIES, category_of_path

DEMO = EXAMPLE.parent / "demo.py"
MAY_BE_MISSING = ("needs ClickHouse", "needs Chromium")
"""What no wheel brings: without it the tests that need it are skipped, and the report names them."""


def check_whole(netra: Path, *options: str) -> str:
    """Run every category of the copy ``netra`` in two shards, and return what was printed; all of it passes."""
    shutil.copy(DEMO, netra.parent)
    result = python(netra.parent, "demo.py", "--shards", "2", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    out = netra / ".ci-toolkit/out"
    by_category: dict[str, Counter[str]] = {name: Counter() for name in CATEGORIES}
    for case in (case for suite in JUnitXml.fromfile(str(out / "junit.xml")) for case in suite):
        by_category[category_of_path(case.classname.replace(".", "/"))][_outcome(case)] += 1
    assert all(counts["passed"] and not counts["failed"] for counts in by_category.values()), by_category
    verdict = msgspec.json.decode((out / "verdict.json").read_bytes())
    assert (verdict["status"], len(verdict["shards"])) == ("passed", 2)
    skipped = verdict["skipped"]
    assert all(one["reason"].startswith(MAY_BE_MISSING) for one in skipped), skipped
    assert all(name in result.stdout for one in skipped for name in one["node_ids"])
    assert sum(one["count"] for one in skipped) == sum(counts["skipped"] for counts in by_category.values())
    assert "0 lost" in verdict["proof"]["statement"]
    return result.stdout + result.stderr


def _outcome(case: TestCase) -> str:
    return "skipped" if case.is_skipped else "passed" if case.is_passed else "failed"
