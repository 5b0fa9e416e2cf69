from collections.abc import Mapping

import pytest

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.workflow.engines import ENGINES, Engine, shard_of_this_job

PLAN = Plan(
    shards=tuple(PlannedShard(index=index, estimated_seconds=1.0, units=()) for index in (1, 2, 3)),
    lower_bound_seconds=1.0,
    makespan_seconds=1.0,
)
GITLAB = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}


@pytest.mark.parametrize(
    ("environment", "index"),
    [
        (GITLAB, 2),
        ({"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "3"}, 3),
        ({"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "3"}, 1),
        ({"CIRCLE_NODE_INDEX": "2", "CIRCLE_NODE_TOTAL": "3"}, 3),
        ({"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "3"}, 2),
        ({"SEMAPHORE_JOB_INDEX": "1", "SEMAPHORE_JOB_COUNT": "3"}, 1),
        ({"BITBUCKET_PARALLEL_STEP": "2", "BITBUCKET_PARALLEL_STEP_COUNT": "3"}, 3),
        ({**GITLAB, "CIRCLE_NODE_INDEX": ""}, 2),
    ],
)
def test_a_job_is_the_shard_that_its_engine_counts(environment: Mapping[str, str], index: int) -> None:
    assert shard_of_this_job(PLAN, environment) == index


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: str(engine.name))
def test_the_jobs_of_each_engine_are_all_shards_once(engine: Engine) -> None:
    jobs = [{engine.index: str(engine.first + job), engine.total: "3"} for job in range(3)]
    assert [shard_of_this_job(PLAN, job) for job in jobs] == [1, 2, 3]


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "no variable says which shard this job is"),
        ({"CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX of GitLab CI is not set"),  # GitLab in a job without `parallel`
        ({"CI_NODE_INDEX": "1"}, "CI_NODE_TOTAL of GitLab CI is not set"),
        ({"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": ""}, "CI_NODE_TOTAL of GitLab CI is not set"),
        ({"CI_NODE_INDEX": "x", "CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX is 'x'"),
        ({"CI_NODE_INDEX": "-1", "CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX is '-1'"),
        ({"CI_NODE_INDEX": "9" * 5000, "CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX is '999"),
        ({"CI_NODE_INDEX": "²", "CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX is '²'"),
        (
            {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"},
            "GitLab CI runs 2 jobs (CI_NODE_TOTAL), and the plan has 3 shards",
        ),
        (
            {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "4"},
            "GitLab CI runs 4 jobs (CI_NODE_TOTAL), and the plan has 3 shards",
        ),
        ({"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX is 0, and GitLab CI numbers 3 jobs from 1"),
        ({"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "3"}, "CI_NODE_INDEX is 4"),
        (
            {"CIRCLE_NODE_INDEX": "3", "CIRCLE_NODE_TOTAL": "3"},
            "CIRCLE_NODE_INDEX is 3, and CircleCI numbers 3 jobs from 0",
        ),
        ({**GITLAB, "CIRCLE_NODE_INDEX": "0"}, "more than one CI engine are set: GitLab CI, CircleCI"),
    ],
)
def test_no_job_guesses_its_shard(environment: Mapping[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        shard_of_this_job(PLAN, environment)
    assert told in str(caught.value)
    assert caught.value.advice
