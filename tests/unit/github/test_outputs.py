import json
from pathlib import Path

import pytest

from ci_toolkit.errors import ConfigurationError, FormatError
from ci_toolkit.github.outputs import append_outputs, output_file, outputs_of
from ci_toolkit.model.plan import Plan, PlannedShard

HOSTILE = "unit\nplan-id=forged\r\nEOF\n${{ secrets.TOKEN }} `rm` \"'<<x"


@pytest.mark.parametrize(
    ("category", "services", "wanted"),
    [
        ("integration", ("redis",), ["redis"]),
        ("unit", (), []),
        ("", ("clickhouse",), ["clickhouse"]),
        ("", (), ["postgresql", "redis"]),
    ],
)
def test_a_job_gets_what_its_category_needs_and_the_usual_where_none_says(
    category: str, services: tuple[str, ...], wanted: list[str]
) -> None:
    matrix = json.loads(outputs_of(plan_of(1, category=category, services=services))["matrix"])
    assert matrix["include"][0]["services"] == wanted


def plan_of(count: int, *, category: str = "unit", services: tuple[str, ...] = ("redis",)) -> Plan:
    shards = tuple(
        PlannedShard(index=index, estimated_seconds=1.0, units=(), category=category, services=services)
        for index in range(1, count + 1)
    )
    return Plan(shards=shards, lower_bound_seconds=1.0, makespan_seconds=1.0).sealed()


def written(tmp_path: Path, outputs: dict[str, str]) -> list[str]:
    path = tmp_path / "outputs"
    path.write_text("earlier=1\n")
    append_outputs(path, outputs)
    return path.read_text().split("\n")


def test_matrix_has_a_job_for_each_shard(tmp_path: Path) -> None:
    plan = plan_of(2)
    lines = written(tmp_path, dict(outputs_of(plan)))
    assert lines[0] == "earlier=1"
    assert json.loads(lines[1].removeprefix("matrix=")) == {
        "include": [
            {"index": 1, "of": 2, "category": "unit", "services": ["redis"]},
            {"index": 2, "of": 2, "category": "unit", "services": ["redis"]},
        ]
    }
    assert lines[2:] == [f"plan-id={plan.plan_id}", ""]


def test_hostile_name_stays_within_its_value(tmp_path: Path) -> None:
    lines = written(tmp_path, dict(outputs_of(plan_of(1, category=HOSTILE))))
    assert [line.partition("=")[0] for line in lines] == ["earlier", "matrix", "plan-id", ""]
    assert json.loads(lines[1].removeprefix("matrix="))["include"][0]["category"] == HOSTILE


def test_value_of_several_lines_is_fenced_by_a_delimiter_that_nobody_can_guess(tmp_path: Path) -> None:
    first, second = (written(tmp_path, {"name": HOSTILE})[1] for _ in range(2))
    assert first.startswith("name<<ghadelimiter_")
    assert first != second
    fence = second.partition("<<")[2]
    assert (tmp_path / "outputs").read_text().endswith(f"name<<{fence}\n{HOSTILE}\n{fence}\n".replace("\r\n", "\n"))


@pytest.mark.parametrize("count", [1, 256])
def test_as_many_jobs_as_github_takes_are_given(count: int) -> None:
    assert len(json.loads(outputs_of(plan_of(count))["matrix"])["include"]) == count


def test_more_jobs_than_github_takes_are_refused() -> None:
    with pytest.raises(FormatError, match="257 shards"):
        outputs_of(plan_of(257))


def test_outputs_over_githubs_size_are_refused() -> None:
    with pytest.raises(FormatError, match="bytes"):
        outputs_of(plan_of(200, services=("x" * 4_000,)))


@pytest.mark.parametrize("environment", [{}, {"GITHUB_OUTPUT": ""}])
def test_outside_github_the_error_names_the_variable(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_OUTPUT"):
        output_file(environment)


def test_output_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        append_outputs(tmp_path / "nowhere" / "file", {"a": "b"})
