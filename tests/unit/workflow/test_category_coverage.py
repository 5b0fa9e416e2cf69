from pathlib import Path

import pytest

from ci_toolkit.model.plan import Plan, PlannedShard, Unit
from ci_toolkit.workflow.category_coverage import is_kept_by_category
from ci_toolkit.workflow.category_selection import select_categories

SETTING = "[tool.ci-toolkit.categories.unit]\ncoverage-threshold = 80\n"
OTHERS = "def test_other(): pass\n"


@pytest.mark.parametrize(
    ("files", "is_kept"),
    [
        ({"tests/test_a.py": OTHERS}, False),
        ({"tests/unit/test_a.py": OTHERS}, True),
        ({"tests/test_a.py": "import pytest\n@pytest.mark.integration\ndef test_a(): pass\n"}, True),
        ({"tests/test_a.py": OTHERS, "conftest.py": "def f(item): item.add_marker(pytest.mark.unit)\n"}, True),
        ({"tests/test_a.py": OTHERS, "pyproject.toml": SETTING}, True),
    ],
)
def test_coverage_is_kept_by_category_where_that_costs_if_there_can_be_any(
    tmp_path: Path, files: dict[str, str], *, is_kept: bool
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    units = tuple(Unit(path=name, estimated_seconds=1.0) for name in files if name.startswith("tests/"))
    shard = PlannedShard(index=1, estimated_seconds=1.0, units=units)
    plan = Plan(shards=(shard,), lower_bound_seconds=1.0, makespan_seconds=1.0)
    selection = select_categories(tmp_path)
    assert is_kept_by_category(plan, tmp_path, selection, {}, (3, 14)) is is_kept
    assert is_kept_by_category(plan, tmp_path, selection, {"COVERAGE_CORE": "ctrace"}, (3, 14))
    assert is_kept_by_category(plan, tmp_path, selection, {}, (3, 13))
