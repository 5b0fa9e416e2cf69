"""In pytest: refuses options of plugins that run a part of the suite, which they choose by its place in the whole."""

import pytest

_OPTIONS = (
    ("splits", "--splits"),  # pytest-split
    ("num_shards", "--num-shards"),  # pytest-shard
    ("test-group-count", "--test-group-count"),  # pytest-test-groups
)
"""(attribute of pytest's options, option) of those that say into how many parts."""


def refuse_other_sharding(config: pytest.Config) -> None:
    """Raise pytest.UsageError where another plugin would take its part of what each shard has."""
    if getattr(config.option, "dist", "no") == "each":
        raise pytest.UsageError(
            "--dist each runs every test once a worker, and a test has one outcome in a run: take another way to "
            "distribute, such as --dist load, and one run for each interpreter."
        )
    for attribute, option in _OPTIONS:
        parts = getattr(config.option, attribute, None)
        if parts is not None and int(parts) > 1:
            raise pytest.UsageError(
                f"{option} {parts} takes a part of the tests by their place in the whole suite, and a shard has its "
                f"own tests only: leave it out. `ci-toolkit run --shards {parts}` runs the suite in as many parts."
            )
