"""Failures of more-itertools' own tests by real faults, recorded by `nox -s signatures`, in other surroundings."""

from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from perturbations import PERTURBATIONS

from ci_toolkit.model.journal import Failure
from ci_toolkit.model.signature import signature_of

RECORD = Path(__file__).parents[2] / "signatures" / "recorded_failures.json"
FAILURES = msgspec.json.decode(RECORD.read_bytes(), type=list[tuple[str, Failure]])


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_recorded_failure_keeps_its_signature(name: str) -> None:
    for test, failure in FAILURES:
        one, other = PERTURBATIONS[name](failure)
        assert signature_of(one, test) == signature_of(other, test)


def test_recorded_failures_differ_from_one_another() -> None:
    digests = [signature_of(failure, test).digest for test, failure in FAILURES]

    assert all(one != other for one, other in combinations(digests, 2))
