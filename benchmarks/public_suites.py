"""What `ci-toolkit` costs on public suites, beside plain pytest, `pytest -n 2` and the peers' tools in 4 parts.

    python benchmarks/public_suites.py                 # all suites
    python benchmarks/public_suites.py attrs click     # these

On one machine: `ci-toolkit run` in 2 shards beside `pytest -n 2` (time) and plain pytest (user processor time), all
with JUnit. Distributed: plan, the slowest of 4 shards and merge, beside the slowest of pytest-split's 4 groups with
pytest-cov, then `junitparser merge` and coverage's combine and reports. Both know what the tests took: the bound is
for that. Told besides is the peers' way without a file of durations, which somebody has to store and commit for them.
"""

import argparse
import statistics
import sys
import tarfile
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paired import Command, in_turn, ratio, run_quietly

HERE = Path(__file__).parents[1]
PARTS = 4
ROUNDS = 3
RUN_BOUND = 1.1
PROCESSOR_BOUND = 1.25
PARTS_BOUND = 0.6
TITLES = (
    "ci-toolkit plan, shard, merge",
    "pytest-split, junitparser, coverage",
    "the same without durations",
)
PEERS = ("pytest-xdist", "pytest-cov", "pytest-split", "junitparser")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A public suite: its source distribution and what its tests need."""

    requirement: str
    package: str
    needs: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    in_parts: bool = False
    """Whether the distributed figure is asked for."""


SUITES = {
    "attrs": Suite(
        requirement="attrs==25.3.0",
        package="attr",
        needs=("hypothesis", "cloudpickle", "pympler"),
        in_parts=True,
    ),
    # click's own race with its pager is left out.
    "click": Suite(
        requirement="click==8.4.1",
        package="click",
        pytest_args=("--deselect=tests/test_utils.py::test_echo_via_pager",),
        in_parts=True,
    ),
    "django-rest-framework": Suite(
        requirement="djangorestframework==3.16.1",
        package="rest_framework",
        needs=("django==5.2", "pytest-django", "pytz"),
    ),
    "werkzeug": Suite(
        requirement="werkzeug==3.1.3",
        package="werkzeug",
        # its own lock has this watchdog; under 7.1 its test of the reloader never ends, in plain pytest neither
        needs=("ephemeral-port-reserve", "pytest-timeout", "cryptography", "watchdog==5.0.3", "cffi"),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    reached = True
    for name in options.suites or SUITES:
        suite = SUITES[name]
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            tools, checkout = prepare(suite, Path(folder))
            reached &= on_one_machine(name, suite, tools, checkout, options.rounds)
            if suite.in_parts:
                reached &= in_parts(name, suite, tools, checkout, options.rounds)
    return 0 if reached else 1


def prepare(suite: Suite, folder: Path) -> tuple[Path, Path]:
    """Return the programs of an environment of the suite's own, and its unpacked source distribution."""
    venv.create(folder / "venv", with_pip=True)
    tools = folder / "venv" / "bin"
    pip = [str(tools / "python"), "-m", "pip"]
    fetch = [*pip, "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder), suite.requirement]
    run_quietly(fetch, cwd=folder)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    checkout = next(path for path in folder.iterdir() if path.is_dir() and path.name != "venv")
    run_quietly([*pip, "install", "-q", str(checkout), str(HERE), *suite.needs, *PEERS], cwd=folder)
    return tools, checkout


def on_one_machine(name: str, suite: Suite, tools: Path, checkout: Path, rounds: int) -> bool:
    pytest = pytest_command(suite, tools)
    ours = Command("ci-toolkit run --shards 2", run_command(suite, tools, "--shards", "2"), cwd=checkout, good=(0, 1))
    xdist = Command("pytest -n 2", [*pytest, "-n", "2", "--junitxml=xdist.xml"], cwd=checkout, good=(0, 1))
    plain = Command("pytest", [*pytest, "--junitxml=plain.xml"], cwd=checkout, good=(0, 1))
    in_turn([ours, xdist, plain], rounds)
    print(f"{name} on one machine")
    for command in (ours, xdist, plain):
        print(f"  {command.name:<28} {command.median:8.2f} s, user processor time {command.user:.2f} s")
    processor = statistics.median(a / b for a, b in zip(ours.user_seconds, plain.user_seconds, strict=True))
    reached = [
        tell("time beside pytest -n 2", ratio(ours, xdist), RUN_BOUND),
        tell("user processor time beside pytest", processor, PROCESSOR_BOUND),
    ]
    return all(reached)


def in_parts(name: str, suite: Suite, tools: Path, checkout: Path, rounds: int) -> bool:
    source = ("--cov", "--cov-config=parts.ini")
    (checkout / "parts.ini").write_text(f"[run]\nbranch = true\nsource_pkgs = {suite.package}\n")
    pytest = [*pytest_command(suite, tools), *source, "--cov-report="]
    Command("durations", [*pytest, "--store-durations"], cwd=checkout, good=(0, 1)).run()
    learn = run_command(suite, tools, "--shards", "2", "--coverage", pytest_args=source[1:])
    Command("history", learn, cwd=checkout, good=(0, 1)).run()
    ours = our_parts(suite, tools, checkout, source[1:])
    peers = peers_parts(tools, checkout, pytest)
    strangers = peers_parts(tools, checkout, [*pytest, "--durations-path=none.json"])
    in_turn([*ours, *peers, *strangers], rounds)
    numbers = range(rounds)
    totals = [[critical_path(commands, number) for number in numbers] for commands in (ours, peers, strangers)]
    print(f"{name} in {PARTS} parts: before, the slowest part, after")
    for title, total in zip(TITLES, totals, strict=True):
        print(f"  {title:<36} {statistics.median(total):8.2f} s")
    even = statistics.median(even_path(peers, number) / critical_path(peers, number) for number in numbers)
    print(f"  the peers' own parts, split without a remainder and without a plan, would take {even:.3f} of that")
    known, unknown = ([a / b for a, b in zip(totals[0], others, strict=True)] for others in totals[1:])
    print(f"  beside the peers that know no durations: {statistics.median(unknown):.3f}")
    return tell("beside the peers", statistics.median(known), PARTS_BOUND)


def our_parts(suite: Suite, tools: Path, checkout: Path, pytest_args: Sequence[str]) -> list[Command]:
    program = str(tools / "ci-toolkit")
    words = ["--", *suite.pytest_args, *pytest_args]
    shards = [
        Command(f"part {part}", [program, "shard", str(part), "--coverage"], cwd=checkout, good=(0, 1))
        for part in range(1, PARTS + 1)
    ]
    return [
        Command("plan", [program, "plan", "--shards", str(PARTS), *words], cwd=checkout),
        *shards,
        Command("merge", [program, "merge"], cwd=checkout, good=(0, 1)),
    ]


def peers_parts(tools: Path, checkout: Path, pytest: Sequence[str]) -> list[Command]:
    groups = [
        Command(
            f"part {part}",
            [*pytest, "--splits", str(PARTS), "--group", str(part), f"--junitxml=part-{part}.xml"],
            cwd=checkout,
            env={"COVERAGE_FILE": f".coverage.part{part}"},
            good=(0, 1),
        )
        for part in range(1, PARTS + 1)
    ]
    files = [f".coverage.part{part}" for part in range(1, PARTS + 1)]
    coverage = str(tools / "coverage")
    return [
        *groups,
        Command("junit", [str(tools / "junitparser"), "merge", "part-*.xml", "--glob", "all.xml"], cwd=checkout),
        Command("combine", [coverage, "combine", "--keep", "--rcfile=parts.ini", *files], cwd=checkout),
        *(Command(kind, [coverage, kind, "--rcfile=parts.ini", "-q"], cwd=checkout) for kind in ("xml", "json")),
    ]


def critical_path(commands: Sequence[Command], number: int) -> float:
    """Return the seconds of one round where the parts run side by side on machines of their own."""
    parts = [command.seconds[number] for command in commands if command.name.startswith("part ")]
    rest = [command.seconds[number] for command in commands if not command.name.startswith("part ")]
    return max(parts) + sum(rest)


def even_path(commands: Sequence[Command], number: int) -> float:
    """Return the same where each part took as long as the others: what no splitter of these tests can beat."""
    parts = [command.seconds[number] for command in commands if command.name.startswith("part ")]
    return critical_path(commands, number) - max(parts) + statistics.mean(parts)


def pytest_command(suite: Suite, tools: Path) -> list[str]:
    return [str(tools / "pytest"), "-q", "--continue-on-collection-errors", *suite.pytest_args]


def run_command(suite: Suite, tools: Path, *words: str, pytest_args: Sequence[str] = ()) -> list[str]:
    return [str(tools / "ci-toolkit"), "run", *words, "--", *suite.pytest_args, *pytest_args]


def tell(what: str, found: float, bound: float) -> bool:
    print(f"  {what}: {found:.3f} (bound {bound:g}): {'reached' if found <= bound else 'MISSED'}", flush=True)
    return found <= bound


if __name__ == "__main__":
    sys.exit(main())
