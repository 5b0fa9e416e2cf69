"""Signatures of failures by real faults: equal where only the surroundings differ, different where the fault differs.

    python tests/signatures/signature_campaign.py [--rounds N] [--surrounded N] [--show]

Takes more-itertools from PyPI, puts a fault into some of its functions at once (a round), runs its own tests, and, in the first rounds, runs
those that failed again in other surroundings. Each failure is also compared under the perturbations of its text. A test that fails in
two rounds fails by two faults. Prints both rates; exits 1 where a signature is not stable or too few faults differ.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import msgspec
from mutations import apply, faults_by_function
from perturbations import PERTURBATIONS

from ci_toolkit.model.journal import Failure
from ci_toolkit.model.signature import Signature, signature_of

REQUIREMENT = "more-itertools==10.8.0"
LEAST_EQUAL, LEAST_DIFFERENT = 0.99, 0.90
SPREAD = 2
"""Every which function has a fault in a round."""
MOVED = "# one line more\n" * 13
Failures = dict[str, Failure]
SURROUNDINGS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "the same again": ({}, ()),
    "hash seed 1": ({"PYTHONHASHSEED": "1"}, ()),
    "hash seed 2": ({"PYTHONHASHSEED": "2"}, ()),
    "in a CI": ({"CI": "true"}, ()),
    "two workers": ({}, ("-n", "2")),
    "reversed order": ({"REVERSED": "1"}, ()),
}
"""Name to environment and options; besides these there are moved lines and another folder."""


def fetched(folder: Path) -> Path:
    """Return the unpacked source of the package."""
    pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder))
    subprocess.run([*pip, REQUIREMENT], check=True, timeout=300)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def failures_in(tree: Path, env: dict[str, str], options: tuple[str, ...]) -> Failures:
    """Run tests in ``tree`` and return test to failure, without those of mutants that do not end."""
    record = tree / "failures.jsonl"
    record.unlink(missing_ok=True)
    inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    place = {"FAILURES": str(record), "PYTHONPATH": f"{tree}{os.pathsep}{Path(__file__).parent}"}
    command = (sys.executable, "-m", "pytest", "-q", "--no-summary", "-p", "record_failures", "-p", "no:cacheprovider")
    subprocess.run(
        [*command, *options],
        cwd=tree,
        env={**inherited, **place, **env},
        stdout=subprocess.DEVNULL,
        timeout=900,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
    )
    lines = record.read_bytes().splitlines() if record.exists() else []
    found = [msgspec.json.decode(line, type=tuple[str, Failure]) for line in lines]
    return {
        test: failure
        for test, failure in found
        if not any(end in failure.detail for end in ("HungError", "MemoryError"))
    }


def with_faults(origin: Path, tree: Path, number: int) -> None:
    """Copy ``origin`` to ``tree`` and put the faults of round ``number`` into it."""
    shutil.copytree(origin, tree)
    for path in (tree / "more_itertools/more.py", tree / "more_itertools/recipes.py"):
        source = path.read_text(encoding="utf-8").encode("ascii", "replace").decode()
        faults = [found for _, found in sorted(faults_by_function(source).items()) if found]
        chosen = [
            found[number // SPREAD] for found in faults[number % SPREAD :: SPREAD] if len(found) > number // SPREAD
        ]
        path.write_text(apply(source, chosen), encoding="utf-8")


def elsewhere(tree: Path, failing: Failures) -> Iterator[tuple[str, Failures]]:
    """Run what failed again in every other surrounding."""
    tests = tuple(failing)
    for name, (env, options) in SURROUNDINGS.items():
        yield name, failures_in(tree, env, (*options, *tests))
    other = tree.with_name("another, longer folder")
    shutil.copytree(tree, other)
    yield "another folder", failures_in(other, {}, tests)
    for path in (*other.glob("tests/*.py"), *other.glob("more_itertools/*.py")):
        path.write_text(MOVED + path.read_text(encoding="utf-8"), encoding="utf-8")
    yield "moved lines", failures_in(other, {}, tests)
    shutil.rmtree(other)


def play(origin: Path, number: int, equal: Counter[tuple[str, bool]], *, is_surrounded: bool) -> dict[str, Signature]:
    """Play one round: count equal and unequal signatures, and return test to signature."""
    tree = origin.with_name(f"round {number}")
    with_faults(origin, tree, number)
    failing = failures_in(tree, {}, ("tests",))
    signatures = {test: signature_of(failure, test) for test, failure in failing.items()}
    for name, again in elsewhere(tree, failing) if is_surrounded else ():
        for test, failure in again.items():
            equal[name, test in signatures and signature_of(failure, test) == signatures[test]] += 1
    for name, perturb in PERTURBATIONS.items():
        for test, failure in failing.items():
            one, other = perturb(failure)
            equal[name, signature_of(one, test) == signature_of(other, test)] += 1
    shutil.rmtree(tree)
    return signatures


def main() -> int:
    """Play the rounds and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--surrounded", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print the faults that look alike")
    options = parser.parse_args()
    equal: Counter[tuple[str, bool]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        origin = fetched(Path(folder))
        played = [
            play(origin, number, equal, is_surrounded=number < options.surrounded) for number in range(options.rounds)
        ]
    pairs = [
        (test, one[test], two[test]) for one, two in combinations(played, 2) for test in sorted(one.keys() & two.keys())
    ]
    alike = [(test, one) for test, one, two in pairs if one.digest == two.digest]
    different = len(pairs) - len(alike)
    for test, signature in alike if options.show else ():
        print(f"alike: {test}: {signature.exception}: {signature.text}")
    for name in dict.fromkeys(name for name, _ in equal):
        print(f"{name:20} equal {equal[name, True]:4} of {equal[name, True] + equal[name, False]}")
    good = sum(count for (_, is_equal), count in equal.items() if is_equal)
    print(
        f"{sum(map(len, played))} failures by faults, {len(SURROUNDINGS) + 2 + len(PERTURBATIONS)} perturbations of each"
    )
    print(f"equal under perturbation: {good} of {equal.total()} ({good / equal.total():.2%})")
    print(f"different for two faults in one test: {different} of {len(pairs)} ({different / len(pairs):.2%})")
    return int(good < LEAST_EQUAL * equal.total() or different < LEAST_DIFFERENT * len(pairs))


if __name__ == "__main__":
    sys.exit(main())
