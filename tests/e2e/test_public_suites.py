"""Suites that nobody here wrote, from PyPI: sharded, they end exactly as under plain pytest."""

import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import junitparser
import msgspec
import pytest

SUITES = {
    "click": ("click==8.4.0", "click"),
    "jinja2": ("jinja2==3.1.6", "jinja2"),
    "more-itertools": ("more-itertools==10.8.0", "more_itertools"),
}
"""Name to requirement and the package to measure."""
PLAIN = (
    *("-p", "no:asyncio", "-p", "no:hypothesispytest", "-p", "no:rerunfailures"),
    "--deselect=tests/test_utils.py::test_echo_via_pager",  # click's own race with its pager
)


@pytest.fixture(scope="session", params=SUITES)
def checkout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    requirement, package = SUITES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "-d", str(folder), requirement],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if fetched.returncode:
        pytest.skip(f"needs PyPI, to download {requirement}: {fetched.stderr.strip().splitlines()[-1]}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir()), package


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def outcomes(path: Path) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for suite in junitparser.JUnitXml.fromfile(str(path)):
        for case in suite:
            kinds = sorted(type(result).__name__ for result in case.result)
            found[case.classname or "", case.name or "", " ".join(kinds)] += 1
    return found


def covered(path: Path) -> dict[str, tuple[list[int], list[list[int]]]]:
    files = msgspec.json.decode(path.read_bytes())["files"]
    return {name: (file["executed_lines"], file.get("executed_branches", [])) for name, file in files.items()}


@pytest.fixture(scope="session")
def plain(checkout: tuple[Path, str]) -> Counter[tuple[str, str, str]]:
    folder, package = checkout
    (folder / "cov.ini").write_text(f"[run]\nbranch = true\nsource_pkgs = {package}\n")
    run(
        folder,
        sys.executable,
        "-P",
        "-m",
        "pytest",
        *PLAIN,
        "--continue-on-collection-errors",
        "--junitxml=plain.xml",
        "--cov",
        "--cov-config=cov.ini",
        "--cov-report=json:plain.json",
    )
    return outcomes(folder / "plain.xml")


@pytest.mark.parametrize("shards", [1, 2, 4, 7])
def test_a_public_suite_ends_as_under_plain_pytest(
    checkout: tuple[Path, str], plain: Counter[tuple[str, str, str]], shards: int
) -> None:
    folder, _ = checkout
    done = run(
        folder,
        sys.executable,
        "-m",
        "ci_toolkit",
        "run",
        "--shards",
        str(shards),
        "--coverage",
        "--",
        *PLAIN,
        "--cov-config=cov.ini",
    )
    out = folder / ".ci-toolkit/out"
    verdict = msgspec.json.decode((out / "verdict.json").read_bytes())
    assert verdict["counts"]["lost"] == 0, done.stdout
    assert len(plain) > 100
    assert outcomes(out / "junit.xml") == plain
    assert covered(out / "coverage.json") == covered(folder / "plain.json")
