"""How long `ci-toolkit lint` takes on 5,000 test files beside `ruff check --select PT` on the same files.

    python benchmarks/lint.py                     # files made from a seed
    python benchmarks/lint.py django/tests        # the test files of an unpacked source distribution, repeated

Both start cold: ruff without its cache, ci-toolkit has none. Exits 1 if lint is more than 10 times slower.

Ruff's time holds the printing of what it finds. On files in which it finds nothing at all the ratio is 11 to 12:
Python's own parser takes nearly all of lint's time.
"""

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

FILES = 5_000
ROUNDS = 3
BOUND = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="?", type=Path, help="folder of test files to repeat")
    suite = parser.parse_args(arguments).suite
    with tempfile.TemporaryDirectory() as folder:
        size = write_files(Path(folder) / "tests", sources(suite))
        lint = [sys.executable, "-m", "ci_toolkit", "lint", "tests"]
        ruff = [str(find_ruff()), "check", "--no-cache", "--isolated", "--select", "PT", "tests"]
        lint_seconds, ruff_seconds = median_seconds(lint, ruff, cwd=Path(folder))
    ratio = lint_seconds / ruff_seconds
    print(f"{FILES} files, {size / 1e6:.1f} MB, median of {ROUNDS} rounds in turn")
    print(f"ci-toolkit lint          {lint_seconds:7.2f} s")
    print(f"ruff check --select PT   {ruff_seconds:7.2f} s")
    print(f"ratio                    {ratio:7.1f} (bound {BOUND:g})")
    return 0 if ratio <= BOUND else 1


def sources(suite: Path | None) -> list[bytes]:
    if suite is not None:
        return [path.read_bytes() for path in sorted(suite.rglob("*.py")) if "test" in path.name]
    rng = random.Random(5)
    return [made_file(rng).encode() for _ in range(500)]


def made_file(rng: random.Random) -> str:
    """A file like those of large suites: 2 to 25 tests with docstrings and comments.

    One file in three has a finding for ci-toolkit, each has two for ruff: the least that was seen in the suites of
    celery (1.9 a file), salt (3.8), Django and nova (35 each).
    """
    oddities = ("time.sleep(0.1)", "os.environ['A'] = '1'", "requests.get('http://localhost:8000/')", "pytest.skip('')")
    odd = rng.choice(oddities) if rng.random() < 1 / 3 else ""
    lines = ['"""Tests of one part of the system, as they stand in large suites."""', "", "import pytest"]
    lines += [f"import {module}" for module in ("os", "time", "requests") if f"{module}." in odd] + ["", ""]
    for number in range(rng.randint(2, 25)):
        lines += [f"@pytest.mark.parametrize('value', [{number}, {number + 1}])", f"def test_number_{number}(value):"]
        lines += ['    """The part computes what it was asked for and names every item that it used on the way."""']
        lines += [f"    result = compute(value, factor={n}, name='item {n}')" for n in range(rng.randint(1, 8))]
        lines += ["    with pytest.raises(ValueError):", "        compute(None)"] if number < 2 else []
        lines += ["    # the order of the items is part of the promise, and so is their number"]
        lines += ["    assert result == {'value': value, 'items': [1, 2, 3]}", "", ""]
    return "\n".join([*lines[:-2], f"    {odd}" if odd else "", ""])


def write_files(folder: Path, contents: list[bytes]) -> int:
    size = 0
    for number in range(FILES):
        content = contents[number % len(contents)]
        path = folder / f"part_{number // 100:02}" / f"test_{number:04}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        size += len(content)
    return size


def find_ruff() -> Path:
    found = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if found is None:
        sys.exit("needs ruff to compare with: pip install ruff")
    return Path(found)


def median_seconds(*commands: list[str], cwd: Path) -> list[float]:
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(ROUNDS):
        for seconds, command in zip(taken, commands, strict=True):
            start = time.perf_counter()
            answer = subprocess.run(command, cwd=cwd, capture_output=True, timeout=300, check=False)
            seconds.append(time.perf_counter() - start)
            if answer.returncode not in {0, 1}:
                sys.exit(f"{command[0]} failed: {answer.stderr.decode()}")
    return [statistics.median(seconds) for seconds in taken]


if __name__ == "__main__":
    sys.exit(main())
