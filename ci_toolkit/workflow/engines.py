"""Which shard this job is, by the variables that CI engines set in jobs of a fixed number."""

from collections.abc import Mapping

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record
from ci_toolkit.model.wording import number_of


class Engine(Record, frozen=True, kw_only=True):
    """A CI engine that runs one job several times and tells each job its number."""

    name: str
    index: str
    """The variable with the number of the job."""
    total: str
    """The variable with the number of jobs."""
    first: int
    """The number of the first job."""


ENGINES = (
    Engine(name="GitLab CI", index="CI_NODE_INDEX", total="CI_NODE_TOTAL", first=1),
    Engine(name="CircleCI", index="CIRCLE_NODE_INDEX", total="CIRCLE_NODE_TOTAL", first=0),
    Engine(name="Buildkite", index="BUILDKITE_PARALLEL_JOB", total="BUILDKITE_PARALLEL_JOB_COUNT", first=0),
    Engine(name="Semaphore", index="SEMAPHORE_JOB_INDEX", total="SEMAPHORE_JOB_COUNT", first=1),
    Engine(name="Bitbucket", index="BITBUCKET_PARALLEL_STEP", total="BITBUCKET_PARALLEL_STEP_COUNT", first=0),
)
"""Each numbers its jobs as its own documentation says."""
_DIGITS = 10
_BY_HAND = "give `ci-toolkit shard` the index of the shard, from 1"


def shard_of_this_job(plan: Plan, environment: Mapping[str, str]) -> int:
    """Return the index, from 1, of the shard of ``plan`` that this job is.

    Raises ConfigurationError where no engine or more than one says so, a number is missing or is none, or the engine
    runs another number of jobs than the plan has shards: one too many would repeat tests, one too few lose them.
    """
    engine = _engine(environment)
    index, total = (_number(environment, engine, name) for name in (engine.index, engine.total))
    if total != len(plan.shards):
        shards = number_of(len(plan.shards), "shard")
        raise ConfigurationError(
            f"{engine.name} runs {number_of(total, 'job')} ({engine.total}), and the plan has {shards}",
            advice=f"Plan with `--shards {total}`, or let the engine run {number_of(len(plan.shards), 'job')}.",
        )
    if not engine.first <= index < engine.first + total:
        raise ConfigurationError(
            f"{engine.index} is {index}, and {engine.name} numbers {number_of(total, 'job')} from {engine.first}",
            advice=f"Do not set the variable by hand; {_BY_HAND}.",
        )
    return index - engine.first + 1


def _engine(environment: Mapping[str, str]) -> Engine:
    found = [engine for engine in ENGINES if environment.get(engine.index) or environment.get(engine.total)]
    if not found:
        known = ", ".join(f"{engine.index} and {engine.total} ({engine.name})" for engine in ENGINES)
        raise ConfigurationError(
            f"no variable says which shard this job is; `auto` knows {known}",
            advice=f"Let the engine run the job in parallel, or {_BY_HAND}.",
        )
    if len(found) > 1:
        raise ConfigurationError(
            f"variables of more than one CI engine are set: {', '.join(engine.name for engine in found)}",
            advice=f"Unset those of the others, or {_BY_HAND}.",
        )
    return found[0]


def _number(environment: Mapping[str, str], engine: Engine, name: str) -> int:
    text = environment.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise ConfigurationError(
            f"{name} is {text!r}, and {engine.name} sets a number" if text else f"{name} of {engine.name} is not set",
            advice=f"Let the engine run the job in parallel, or {_BY_HAND}.",
        )
    return int(text)
