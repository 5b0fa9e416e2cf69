from typing import Any

import click
import pytest
from click.testing import CliRunner

from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.cli.selecting import (
    Words,
    refuse_steps,
    refuse_what_runs_no_shard,
    selecting_options,
    showing_options,
    take_words,
)
from ci_toolkit.model.last_run import OfLastRun
from ci_toolkit.report.text import View


def words(*arguments: str) -> Words:
    """Return what a command line says in pytest's words."""
    found: list[Words] = []

    @click.command()
    @selecting_options
    @showing_options
    def command(**options: Any) -> None:
        found.append(take_words(options, width=80))
        assert options == {}

    result = CliRunner().invoke(command, arguments)
    if result.exit_code:
        raise ValueError(result.output)
    return found[0]


SEEN = View(width=80)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ([], Words(view=SEEN)),
        (["-k", "a and not b"], Words(pytest_args=("-k", "a and not b"), view=SEEN)),
        (["-k", ""], Words(pytest_args=("-k", ""), view=SEEN)),
        (["-m", "slow", "-k", "x"], Words(pytest_args=("-k", "x", "-m", "slow"), view=SEEN)),
        (["-x"], Words(pytest_args=("--maxfail=1",), maxfail=1, view=SEEN)),
        (["--exitfirst", "--maxfail", "3"], Words(pytest_args=("--maxfail=1",), maxfail=1, view=SEEN)),
        (["--maxfail=3"], Words(pytest_args=("--maxfail=3",), maxfail=3, view=SEEN)),
        (["--maxfail", "0"], Words(pytest_args=("--maxfail=0",), maxfail=0, view=SEEN)),
        (["-vv"], Words(pytest_args=("-vv",), view=View(width=80, verbosity=2))),
        (["-q"], Words(view=View(width=80, verbosity=-1))),
        (["-q", "-v"], Words(view=SEEN)),
        (["--durations", "7"], Words(view=View(width=80, slowest=7))),
        (["--lf"], Words(of_last_run=OfLastRun.LAST_FAILED, view=SEEN)),
        (["--last-failed", "--ff"], Words(of_last_run=OfLastRun.LAST_FAILED, view=SEEN)),
        (["--lf", "--lfnf", "none"], Words(of_last_run=OfLastRun.LAST_FAILED_ALONE, view=SEEN)),
        (["--lf", "--last-failed-no-failures=all"], Words(of_last_run=OfLastRun.LAST_FAILED, view=SEEN)),
        (["--lfnf", "none"], Words(view=SEEN)),
        (["--failed-first"], Words(of_last_run=OfLastRun.FAILED_FIRST, view=SEEN)),
        (["--sw"], Words(of_last_run=OfLastRun.STEPWISE, pytest_args=("--maxfail=1",), maxfail=1, view=SEEN)),
        (
            ["--stepwise", "--sw-skip", "--maxfail=5"],
            Words(of_last_run=OfLastRun.STEPWISE_SKIP, pytest_args=("--maxfail=2",), maxfail=2, view=SEEN),
        ),
        (
            ["--stepwise-reset"],
            Words(of_last_run=OfLastRun.STEPWISE_RESET, pytest_args=("--maxfail=1",), maxfail=1, view=SEEN),
        ),
        (["--failed", "--lf"], Words(of_last_run=OfLastRun.FAILED, view=SEEN)),
    ],
)
def test_pytests_words_mean_what_they_mean_to_pytest(arguments: list[str], meant: Words) -> None:
    assert words(*arguments) == meant


@pytest.mark.parametrize("option", ["--pdb", "--trace"])
def test_a_debugger_is_refused_with_what_to_do_instead(option: str) -> None:
    with pytest.raises(ValueError, match=f"Run the test alone: pytest {option} PATH::TEST"):
        words(option)


@pytest.mark.parametrize("option", ["--collect-only", "--co", "--setup-plan", "--fixtures", "--markers", "-h"])
def test_an_option_that_runs_no_test_is_refused_with_what_to_do_instead(option: str) -> None:
    with pytest.raises(click.UsageError, match=f"See what it shows: pytest {option}"):
        refuse_what_runs_no_shard(("-k", "a", option))


def test_a_plan_takes_no_steps() -> None:
    refuse_steps(OfLastRun.LAST_FAILED)
    with pytest.raises(click.UsageError, match="ci-toolkit run --sw"):
        refuse_steps(OfLastRun.STEPWISE_SKIP)


def test_words_of_the_whole_run_mean_the_same_behind_the_dashes() -> None:
    found: list[tuple[object, ...]] = []

    @click.command(cls=PytestCommand)
    @selecting_options
    @showing_options
    def command(**options: Any) -> None:
        found.append((options["last_failed"], options["where_none_failed"], options["maxfail"], pytest_args()))

    for maxfail in (["--maxfail", "3"], ["--maxfail=3"]):
        result = CliRunner().invoke(command, ["--", "--lf", "--tb=short", "--lfnf", "none", *maxfail, "--nf"])
        assert result.exit_code == 0, result.output
    assert found == [(True, "none", 3, ("--tb=short", "--nf"))] * 2
