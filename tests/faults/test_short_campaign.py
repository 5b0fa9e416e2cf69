"""A short round of the campaign; `nox -s faults` is the long one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from campaign import campaign

ROUNDS = 16


def test_no_fault_makes_a_verdict_dishonest(tmp_path: Path) -> None:
    assert campaign(list(range(1, ROUNDS + 1)), seed=1, folder=tmp_path) == 0
