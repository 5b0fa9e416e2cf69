"""A plan as the outputs of a GitHub Actions step: the matrix of jobs, and the plan's digest."""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci_toolkit.errors import ConfigurationError, FormatError
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import encode
from ci_toolkit.plan.request import MATRIX_LIMIT

VARIABLE = "GITHUB_OUTPUT"
OUTPUT_BYTES = 1024 * 1024
"""The most that the outputs of one job may hold, as GitHub counts: in UTF-16."""


def outputs_of(plan: Plan, *, has_trials: bool = False) -> Mapping[str, str]:
    """Return ``matrix``, ``plan-id``, and ``judges`` where the project lets trials judge its failures (``has_trials``).

    ``matrix`` is one line of JSON, ``{"include": [{"index", "of", "category", "services"}]}``, for
    ``strategy: matrix: ${{ fromJSON(...) }}``; ``services`` is what to bring up. Raises FormatError where GitHub would
    refuse it.
    """
    if len(plan.shards) > MATRIX_LIMIT:
        raise FormatError(
            f"the plan has {len(plan.shards)} shards; GitHub starts at most {MATRIX_LIMIT} jobs from a matrix",
            advice=f"Plan with at most `--shards {MATRIX_LIMIT}`.",
        )
    include = [
        {
            "index": shard.index,
            "of": len(plan.shards),
            "category": shard.category,
            "services": shard.services_to_start,
        }
        for shard in plan.shards
    ]
    outputs = {"matrix": encode({"include": include}).decode(), "plan-id": plan.plan_id}
    if has_trials:
        outputs["judges"] = "true"
    size = sum(len(text.encode("utf-16-le")) for text in outputs.values())
    if size > OUTPUT_BYTES:
        raise FormatError(
            f"the matrix takes {size} bytes; GitHub takes {OUTPUT_BYTES} of all outputs of a job",
            advice="Plan with fewer shards, or give the categories and services shorter names.",
        )
    return outputs


def output_file(environment: Mapping[str, str]) -> Path:
    """Return the file that takes this step's outputs. Raises ConfigurationError outside GitHub Actions."""
    path = environment.get(VARIABLE, "")
    if not path:
        raise ConfigurationError(
            f"--github-output writes to the file that {VARIABLE} names, and it is not set",
            advice=f"GitHub sets it in every step. To see the outputs here: {VARIABLE}=/dev/stdout",
        )
    return Path(path)


def append_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Append ``outputs`` to the file of the step. A value stays a value, whatever lines it holds."""
    text = "".join(f"{line}\n" for name, value in outputs.items() for line in _lines(name, value))
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"{VARIABLE} names {path}, which cannot be written: {error.strerror}",
            advice="Give a file whose folder exists.",
        ) from error


def _lines(name: str, value: str) -> Iterator[str]:
    if value.isascii() and value.isprintable():
        yield f"{name}={value}"
        return
    # The delimiter cannot be guessed, so no value can end itself early and begin an output of its own.
    delimiter = f"ghadelimiter_{secrets.token_hex(16)}"
    yield from (f"{name}<<{delimiter}", value, delimiter)
