import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIMULATOR = Path(os.environ.get("CI_TOOLKIT_FLAKESIM") or ROOT.parent / "shared" / "flakesim")
WHERE = "needs the simulator of a CI history: set CI_TOOLKIT_FLAKESIM to the folder that holds the package flakesim"


@pytest.mark.skipif(not (SIMULATOR / "flakesim" / "play.py").is_file(), reason=WHERE)
@pytest.mark.parametrize("how", [(), ("--after-the-run",)], ids=["at once", "after the run"])
def test_the_court_keeps_its_bounds_in_two_simulated_histories(how: tuple[str, ...]) -> None:
    command = [sys.executable, "benchmarks/flaky_court.py", str(SIMULATOR), "--seeds", "1-2", *how]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
