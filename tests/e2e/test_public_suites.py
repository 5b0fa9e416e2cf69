"""Suites that nobody here wrote: sharded, they end exactly as under plain pytest."""

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from compat_comparison import Seen, ci_toolkit, compare, plain_pytest
from compat_environments import Environments
from strangers import SUITES, PublicSuite

SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    suite: PublicSuite
    folder: Path
    python: Path
    plain: Seen


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    return Environments(tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="session", params=SUITES)
def checkout(
    request: pytest.FixtureRequest, environments: Environments, tmp_path_factory: pytest.TempPathFactory
) -> Checkout:
    suite = SUITES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    if suite.is_unpacked:
        folder = unpack(suite, folder)
        python = environments.make(suite.requires, "--editable", folder)
    else:
        python = environments.make((*suite.requires, suite.requirement))
    return Checkout(suite=suite, folder=folder, python=python, plain=plain_pytest(suite, python, folder))


def unpack(suite: PublicSuite, folder: Path) -> Path:
    """Return the folder of the source distribution, or skip the test where there is no index."""
    name = suite.requirement.partition("==")[0]
    fetch: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-binary",
        name,
        "-d",
        folder,
        suite.requirement,
    ]
    environment = {**os.environ, **suite.variables}
    done = subprocess.run(fetch, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        pytest.skip(f"needs a package index, to download {suite.requirement}: {done.stderr.strip().splitlines()[-1]}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.mark.parametrize("shards", [1, 2, 3, 4])
def test_a_public_suite_ends_as_under_plain_pytest(checkout: Checkout, shards: int) -> None:
    assert checkout.plain.outcomes.total() > 20, checkout.plain.said
    ours = ci_toolkit(checkout.suite, checkout.python, checkout.folder, shards=shards)
    found = dict(compare(checkout.plain, ours))
    assert not found, "\n".join(f"{aspect}: {seen}" for aspect, seen in found.items())
