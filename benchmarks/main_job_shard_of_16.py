"""What one shard of 16 takes in a suite of 20,000 tests in 400 files, beside one group of pytest-split.

    python benchmarks/main_job_shard_of_16.py

Both know how long every test took. pytest-split collects the whole suite in each group; a shard, its own files.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from paired import Command, in_turn, report

FILES = 400
TESTS_IN_A_FILE = 50
SHARDS = 16
ROUNDS = 3
BOUND = 0.5
PLUGINS = ("-p", "no:asyncio", "-p", "no:hypothesispytest", "-p", "no:rerunfailures", "-p", "no:randomly")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        write_suite(folder)
        plan = [sys.executable, "-m", "ci_toolkit", "plan", "--shards", str(SHARDS), "--", *PLUGINS]
        subprocess.run(plan, cwd=folder, check=True, capture_output=True)
        group = 7
        pytest = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS]
        theirs = Command(
            f"pytest --splits {SHARDS} --group {group}",
            [*pytest, "--splits", str(SHARDS), "--group", str(group), "--junitxml=plain.xml"],
            cwd=folder,
        )
        ours = Command("ci-toolkit shard", [sys.executable, "-m", "ci_toolkit", "shard", str(group)], cwd=folder)
        in_turn([ours, theirs], ROUNDS)
    title = f"one shard of {SHARDS}, {FILES * TESTS_IN_A_FILE:,} tests in {FILES} files"
    return 0 if report(title, ours, theirs, BOUND) else 1


def write_suite(folder: Path) -> None:
    durations: dict[str, float] = {}
    for number in range(FILES):
        path = folder / "tests" / f"part_{number // 20:02}" / f"test_{number:03}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(f"def test_{test}():\n    assert {test} + 1\n" for test in range(TESTS_IN_A_FILE)))
        name = path.relative_to(folder).as_posix()
        durations |= {f"{name}::test_{test}": 0.01 for test in range(TESTS_IN_A_FILE)}
    (folder / ".test_durations").write_text(json.dumps(durations))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")


if __name__ == "__main__":
    sys.exit(main())
