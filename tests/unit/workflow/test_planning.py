from pathlib import Path

import pytest
from workflow_cases import Listener

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.workflow.planning import PlanningRequest, write_plan


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with one test."""
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n")
    return tmp_path


def planning(project: Path, **more: object) -> PlanningRequest:
    return PlanningRequest(shape=PlanRequest(shards=1), out=project / "deep" / "plan.json", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [None, '{"schema": 1, "shards"'])
def test_a_missing_or_broken_earlier_plan_is_told_and_is_no_reason_not_to_plan(project: Path, text: str | None) -> None:
    earlier = project / "earlier.json"
    if text is not None:
        earlier.write_text(text)
    listener = Listener()
    plan = write_plan(planning(project, previous=earlier), project, listener)
    assert [unit.path for shard in plan.shards for unit in shard.units] == ["test_a.py"]
    (line,) = listener.lines
    assert line.startswith(f"there is no earlier plan to stay close to: {earlier} ")


def test_a_plan_is_written_where_it_is_asked_for(project: Path) -> None:
    write_plan(planning(project), project, Listener())
    assert (project / "deep" / "plan.json").is_file()


def test_a_category_that_is_none_writes_no_plan(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no category 'unt'"):
        write_plan(planning(project, categories=("unt",)), project, Listener())
    assert not (project / "deep").exists()
