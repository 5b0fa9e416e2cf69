"""What one supervised shard costs beside plain pytest on the same suite, with the same reports.

    python benchmarks/main_job_one_shard.py                      # a generated suite of 20,000 tests
    python benchmarks/main_job_one_shard.py packaging==25.0      # a public suite, from its source distribution
    python benchmarks/main_job_one_shard.py --empty              # 20,000 empty tests, no coverage: the plugin alone

Plain pytest writes JUnit and measures coverage; the shard keeps its journal and measures the same coverage.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from paired import Command, in_turn, report

ROUNDS = 5
BOUND = 1.03
EMPTY_BOUND = 1.10
PLUGINS = ("-p", "no:asyncio", "-p", "no:hypothesispytest", "-p", "no:rerunfailures", "-p", "no:randomly")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="?", help="a requirement such as packaging==25.0; its sdist must hold tests/")
    parser.add_argument("--empty", action="store_true", help="empty tests, and no coverage")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        suite = public_suite(options.suite, folder) if options.suite else made_suite(folder, empty=options.empty)
        coverage = () if options.empty else ("--cov", "--cov-config=cov.ini")
        plain = Command(
            "pytest --junitxml" + ("" if options.empty else " --cov"),
            [*pytest(), *PLUGINS, *coverage, *(("--cov-report=",) if coverage else ()), "--junitxml=plain.xml"],
            cwd=suite,
            good=(0, 1),
        )
        plan = [sys.executable, "-m", "ci_toolkit", "plan", "--shards", "1", "--", *PLUGINS]
        subprocess.run([*plan, *coverage[1:]], cwd=suite, check=True, capture_output=True)
        ours = Command(
            "ci-toolkit shard 1",
            [sys.executable, "-m", "ci_toolkit", "shard", "1", *(("--coverage",) if coverage else ())],
            cwd=suite,
            good=(0, 1),
        )
        in_turn([ours, plain], options.rounds)
    what = options.suite or f"20,000 {'empty' if options.empty else 'small'} tests"
    return 0 if report(f"one shard of one, {what}", ours, plain, EMPTY_BOUND if options.empty else BOUND) else 1


def pytest() -> list[str]:
    return [sys.executable, "-P", "-m", "pytest", "--continue-on-collection-errors", "-q", "-p", "no:cacheprovider"]


def public_suite(requirement: str, folder: Path) -> Path:
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder)]
    subprocess.run([*fetch, requirement], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    suite = next(path for path in folder.iterdir() if path.is_dir())
    package = requirement.partition("==")[0]
    (suite / "cov.ini").write_text(f"[run]\nbranch = true\nsource_pkgs = {package}\n")
    return suite


def made_suite(folder: Path, *, empty: bool) -> Path:
    """Make 200 files of 100 tests; the small ones compute for about a millisecond each."""
    body = "pass" if empty else "assert work(12) > 0"
    head = "" if empty else "from code_under_test import work\n\n"
    for number in range(200):
        tests = "\n".join(f"def test_{test}():\n    {body}\n" for test in range(100))
        path = folder / "tests" / f"part_{number // 20:02}" / f"test_{number:03}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + tests)
    (folder / "code_under_test.py").write_text(
        "def work(size):\n    total = 0\n    for number in range(size):\n"
        "        total += sum(range(number * 10)) + 1\n    return total\n"
    )
    (folder / "conftest.py").write_text("import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    (folder / "cov.ini").write_text("[run]\nbranch = true\nsource = .\n")
    return folder


if __name__ == "__main__":
    sys.exit(main())
