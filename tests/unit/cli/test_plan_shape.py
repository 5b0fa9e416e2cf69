from typing import Any

import click
import pytest
from click.testing import CliRunner

from ci_toolkit.cli.plan_shape import read_shape, shaping_options
from ci_toolkit.plan.request import Algorithm, Keep, PlanRequest


def shape(*arguments: str) -> PlanRequest:
    """Return what the options on a command line ask for."""
    found: list[PlanRequest] = []

    @click.command()
    @shaping_options
    def command(**options: Any) -> None:
        found.append(read_shape(**options))

    result = CliRunner().invoke(command, arguments)
    if result.exit_code:
        raise ValueError(result.output)
    return found[0]


def test_the_target_is_a_time() -> None:
    assert shape("--shards", "auto", "--target", "1m30s").target_seconds == 90
    with pytest.raises(ValueError, match=r"'soon' is not a time\. Write 90, 90s, 2m"):
        shape("--shards", "auto", "--target", "soon")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "", "10001", "٣"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a whole number from 1 to 10000 nor 'auto'"):
        shape("--shards", text)


def test_every_option_reaches_the_request() -> None:
    asked = shape(
        *("--shards", "auto", "--target", "2m", "--max-shards", "20", "--overhead", "25s", "--price", "0.008"),
        *("--algorithm", "least_duration", "--keep", "class"),
    )
    assert asked == PlanRequest(
        shards=None,
        target_seconds=120.0,
        max_shards=20,
        overhead_seconds=25.0,
        price_per_minute=0.008,
        algorithm=Algorithm.LEAST_DURATION,
        keep=Keep.CLASS,
    )


def test_an_earlier_plan_does_not_go_with_pytest_splits_algorithms() -> None:
    with pytest.raises(ValueError, match="--previous works only with --algorithm files"):
        shape("--shards", "2", "--previous", "plan.json", "--algorithm", "least_duration")
