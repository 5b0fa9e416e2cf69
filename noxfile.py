"""The sessions of ci-toolkit's own development; CONTRIBUTING.md says when to use which.

With ci-toolkit installed beside nox (`pip install -e .[nox]`) there are also its own sessions, as any adopter has
them: one for each category and mode, `plan`, `shard`, `merge`.
"""

import contextlib
import os
import re
import shutil
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import nox

T = TypeVar("T")

nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "virtualenv"
nox.needs_version = ">=2024.10.9"


LOCKS = {
    "requirements/ci.txt": ("--all-extras", "--group", "dev", "pyproject.toml"),
    "requirements/docs.txt": ("--group", "pyproject.toml:docs"),
    "requirements/build.txt": ("--group", "pyproject.toml:build"),
    "requirements/compat.txt": ("--extra", "coverage", "pyproject.toml", "requirements/compat.in"),
}
"""Lock file to what it is made of."""


def install(session: nox.Session) -> None:
    """Install what CI uses, as locked, and this checkout, so that a change of it needs no installation."""
    session.install("--require-hashes", "-r", "requirements/ci.txt")
    session.install("--no-deps", "--editable", ".")


def install_wheel(session: nox.Session) -> None:
    """Install what CI uses, as locked, and the wheel of this checkout, as users get it."""
    session.install("--require-hashes", "-r", "requirements/ci.txt")
    session.install("--no-deps", ".")


with contextlib.suppress(ModuleNotFoundError):  # a bare nox, such as pipx's, has no ci-toolkit yet
    from ci_toolkit.nox_sessions import define_sessions

    define_sessions(install=install, leave_out={"lint"})  # ours checks the code as well


@nox.session
def demo(session: nox.Session) -> None:
    """Plan, run, merge and judge the suite of examples/netra in four shards, on real servers."""
    install(session)
    session.run("python", "examples/demo.py", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Check the code and run the tests on the wheel; public suites have a session of their own."""
    install_wheel(session)
    check(session)
    session.run("pytest", "-n", "2", *(session.posargs or ("tests/unit", "tests/integration", "tests/faults")))
    if not session.posargs:
        leave_state_in_containers(session)


@nox.session
def docker_kinds(session: nox.Session) -> None:
    """Leave each kind of state in servers in containers, as the tests do in native ones. On Debian it needs root."""
    install(session)
    engine = ("sh", "tools/ci/docker-engine.sh")
    session.run(*engine, "start", external=True)
    try:
        leave_state_in_containers(session)
    finally:
        session.run(*engine, "stop", external=True)


@nox.session
def newer_clickhouse(session: nox.Session) -> None:
    """Leave each kind of state in the newest engine of ClickHouse, a library of 170 MB; Debian's server is of 2018."""
    install(session)
    session.install("chdb-core==26.9.0")
    session.run("pytest", "tests/integration/isolation/test_newer_clickhouse.py", *session.posargs)


def leave_state_in_containers(session: nox.Session) -> None:
    """Run the pairs of tests that show isolation, each server in a container; without an engine they skip."""
    kinds = sorted(map(str, Path("tests/integration/isolation").glob("test_*_kinds.py")))
    session.run("pytest", "-n", "2", "--provider", "docker", *kinds, *session.posargs)


@nox.session
def shuffled(session: nox.Session) -> None:
    """Run the tests in random order; the seed stands in the first lines. `-- --random-order-seed=N` repeats one.

    Nobody else needs the plugin, so it is installed here.
    """
    install(session)
    session.install("pytest-random-order==1.2.0")
    session.run("pytest", "-n", "2", "--random-order", "tests/unit", "tests/integration", *session.posargs)


@nox.session
def public(session: nox.Session) -> None:
    """Compare sharded runs of public suites with plain pytest, as nobody here wrote them. Downloads from PyPI."""
    install(session)
    session.install("--require-hashes", "-r", "requirements/build.txt")  # uv makes an environment for each suite
    session.run("pytest", "tests/e2e", *session.posargs)


@nox.session
def compat(session: nox.Session) -> None:
    """Compare sharded runs of tiny suites with plain pytest, a row a plugin: `nox -s compat -- -k django` runs one."""
    install(session)
    session.install("--require-hashes", "-r", "requirements/build.txt")  # uv makes an environment for each row
    session.run("pytest", "-n", "2", "tests/compat", *session.posargs)


@nox.session
def act(session: nox.Session) -> None:
    """Run the workflow that others call, and what `init` writes, with act and stand-ins for others' actions.

    Needs Go, Node with npm, and a package index; projects of others are installed as their workflow says.
    """
    install(session)
    session.install("--require-hashes", "-r", "requirements/build.txt")  # uv locks one of these projects
    path = install_from_go(session, "nektos/act@v0.2.89", "rhysd/actionlint/cmd/actionlint@v1.7.12")
    without = [f"--ignore={file}" for file in IN_CONTAINERS]
    names = {"PATH": path, "STAND_INS": bundle_stand_ins(session)}
    session.run("pytest", "tests/act", *without, *session.posargs, env=names)


IN_CONTAINERS = ("tests/act/test_service_containers.py", "tests/act/test_example.py")
"""Tests whose jobs are containers, which need an engine."""


@nox.session
def act_docker(session: nox.Session) -> None:
    """Run jobs with real `services:` containers, and the example's workflow. Needs Go, Node, and on Debian root."""
    install(session)
    names = {"PATH": install_from_go(session, "nektos/act@v0.2.89"), "STAND_INS": bundle_stand_ins(session)}
    engine = ("sh", "tools/ci/docker-engine.sh")
    session.run(*engine, "start", external=True)
    try:
        session.run("pytest", *IN_CONTAINERS, *session.posargs, env=names)
    finally:
        session.run(*engine, "stop", external=True)


def bundle_stand_ins(session: nox.Session) -> str:
    """Bundle the stand-ins for others' actions with GitHub's own clients, and return their folder; needs npm."""
    folder = Path(session.create_tmp()).resolve() / "stand_ins"
    shutil.copytree("tests/act/stand_ins", folder, dirs_exist_ok=True)
    npm = ("npm", "--prefix", str(folder))
    session.run(*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", external=True)
    session.run(*npm, "run", "--silent", "bundle", external=True)
    return str(folder)


def install_from_go(session: nox.Session, *programs: str) -> str:
    """Install programs of GitHub that are written in Go, and return a PATH on which they and the session's own are."""
    folder = str(Path(session.virtualenv.location).resolve() / "go")
    for program in programs:
        go = {"GOBIN": folder, "GOFLAGS": "-modcacherw"}
        session.run("go", "install", f"github.com/{program}", env=go, external=True)
    return os.pathsep.join([folder, session.bin, os.environ["PATH"]])


@nox.session
def faults(session: nox.Session) -> None:
    """Let runs meet faults at random and ask a witness whether the verdict is honest: `-- --rounds N --seed S`."""
    install(session)
    session.run("python", "tests/faults/campaign.py", *(session.posargs or ("--rounds", "2000")))


@nox.session
def signatures(session: nox.Session) -> None:
    """Compare signatures of failures by real faults in a public package: `-- --rounds N`. Downloads from PyPI."""
    install(session)
    session.run("python", "tests/signatures/signature_campaign.py", *session.posargs)


@nox.session
def court(session: nox.Session) -> None:
    """Judge forty commits of a repository with tests of the twelve known kinds, by plan, shards and merge."""
    install(session)
    session.run("pytest", "-s", "tests/court", *session.posargs)


@nox.session
def flakesim(session: nox.Session) -> None:
    """Let the court judge a simulated CI history: `-- FOLDER --seeds 1-12`, `-- FOLDER --evidence`."""
    install(session)
    session.run("python", "benchmarks/flaky_court.py", *session.posargs)


@nox.session
def leaks(session: nox.Session) -> None:
    """Kill sessions of services at ten random moments of up, run and down, and allow a second until nothing is left."""
    install(session)
    patience = {"CI_TOOLKIT_KILL_ROUNDS": "10", "CI_TOOLKIT_GONE_SECONDS": "1"}
    session.run("pytest", "tests/integration/services/test_nothing_is_left.py", *session.posargs, env=patience)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the modules that judge, a little at a time, and fail where the unit tests miss one change of ten.

    `nox -s mutants -- judge fold` runs these modules alone. The tool is cosmic-ray: it is maintained, and it changes
    the bodies of properties, where much of the judging stands; mutmut 3, faster and as well maintained, leaves out
    whatever is decorated. Nobody else needs it, so it is installed here.
    """
    install(session)
    session.install("cosmic-ray==8.7.0")
    session.run("python", "tests/mutants/run_mutants.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the direction of imports."""
    install(session)
    check(session)


def check(session: nox.Session) -> None:
    """Run every check that runs no test."""
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports")
    for project in (".", "examples/netra"):
        with session.chdir(project):
            session.run("ci-toolkit", "services", "render", "--check")
    draft_changelog(session, silent=True)
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows())
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-actions", *actions())
    for engine in ("gitlab-ci", "buildkite"):
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{engine}", f"examples/engines/{engine}.yml")
    session.run("zizmor", "--offline", "--quiet", "--persona=pedantic", *workflows(), *actions())


def workflows() -> list[str]:
    """Return the paths of the workflows, those of the example among them."""
    return sorted(str(path) for top in (".", "examples/netra") for path in Path(top, ".github/workflows").glob("*.yml"))


def actions() -> list[str]:
    """Return the paths of the composite actions."""
    return sorted(map(str, Path(".github/actions").glob("*/action.yml")))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against the named peers; prints figures and ratios. `nox -s bench -- planning` runs one script."""
    install(session)
    session.install("testcontainers>=4.15")  # a peer to measure against, used by nothing else
    scripts = sorted(path for path in Path("benchmarks").glob("*.py") if is_program(path))
    wanted = [path for path in scripts if not session.posargs or path.stem in session.posargs]
    missed = [script.name for script in wanted if not succeeds(session, script)]
    if missed or not wanted:
        session.error(f"missed a bound or could not run: {', '.join(missed) or 'no such script'}")


def is_program(path: Path) -> bool:
    """Whether the file is a program by itself, not a part of others."""
    return '__name__ == "__main__"' in path.read_text(encoding="utf-8")


def succeeds(session: nox.Session, script: Path) -> bool:
    """Run ``script``; every script has its turn, whatever the others end with."""
    try:
        session.run("python", str(script))
    except nox.command.CommandFailed:
        return False
    return True


@nox.session
def changelog(session: nox.Session) -> None:
    """Show what the fragments in changelog.d say as one page. Writes nothing."""
    install(session)
    draft_changelog(session)


def draft_changelog(session: nox.Session, *, silent: bool = False) -> None:
    """Render the fragments; fails on one with a name that towncrier does not know."""
    session.run("towncrier", "build", "--draft", "--version", "Unreleased", silent=silent)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a page outside the navigation or a broken link fails."""
    session.install("--require-hashes", "-r", "requirements/docs.txt")
    session.run("mkdocs", "build", "--strict")


@nox.session
def build(session: nox.Session) -> None:
    """Build the sdist, the wheel from it, and run the program from the wheel without any extra."""
    make_distributions(session)
    wheel = only(Path("dist").glob("*.whl"))
    links = relative_links(long_description(wheel))
    if links:
        session.error(f"on a package index these links of README.md lead nowhere: {', '.join(links)}")
    session.install("--force-reinstall", str(wheel))
    session.run("ci-toolkit", "--version")
    commit = session.run("git", "rev-parse", "HEAD", external=True, silent=True)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        session.chdir(folder)
        session.run("ci-toolkit", "run")
        session.run("git", "init", "-q", external=True)
        written = session.run("ci-toolkit", "init", "--dry-run", silent=True)
        if f"@{str(commit).strip()} #" not in str(written):
            session.error("`ci-toolkit init` does not pin the commit that the wheel was made of")
        session.run("ci-toolkit", "run", "--parallel", success_codes=[2])  # it says which extra is missing


@nox.session
def sdist(session: nox.Session) -> None:
    """Build the sdist, unpack it, and run its unit tests there, on the wheel that is made from it."""
    make_distributions(session)
    session.install("--require-hashes", "-r", "requirements/ci.txt")
    session.install("--no-deps", str(only(Path("dist").glob("*.whl"))))
    with tempfile.TemporaryDirectory() as folder, tarfile.open(only(Path("dist").glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
        session.chdir(only(Path(folder).iterdir()))
        session.run("pytest", "-n", "2", *(session.posargs or ("tests/unit",)))


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """Run the tests of the main job with the oldest version of each dependency that pyproject.toml admits."""
    session.install("--require-hashes", "-r", "requirements/build.txt")
    oldest = Path(session.virtualenv.location) / "oldest.txt"
    resolution = ("--quiet", "--resolution", "lowest-direct", "--python-version", "3.11")
    session.run("uv", "pip", "compile", *resolution, "--all-extras", "pyproject.toml", "-o", str(oldest))
    tools = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["test"]
    session.run("uv", "pip", "install", "-r", str(oldest), "-c", str(oldest), *tools)
    session.install("--no-deps", ".")
    session.run("pytest", "-n", "2", *(session.posargs or ("tests/unit", "tests/integration/main_job")))


@nox.session
def lock(session: nox.Session) -> None:
    """Write the locks in requirements/ anew. `nox -s lock -- --upgrade` takes newer versions."""
    session.install("uv")
    # Extras are kept, for pip before 23.3 finds no hash of `coverage[toml]` in a lock that says `coverage`.
    how = (
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-strip-extras",
        "--no-header",
    )
    for path, of in LOCKS.items():
        session.run("uv", "pip", "compile", *how, *session.posargs, *of, "-o", path)


def make_distributions(session: nox.Session) -> None:
    """Build the sdist, and the wheel from it, into dist/."""
    session.install("--require-hashes", "-r", "requirements/build.txt")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation")


def long_description(wheel: Path) -> str:
    """Return what a package index shows of ``wheel``."""
    with zipfile.ZipFile(wheel) as archive:
        name = only(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode().partition("\n\n")[2]


def relative_links(markdown: str) -> list[str]:
    """Return the targets of links that need a folder around the page."""
    return re.findall(r"\]\((?!https?:|#)([^)]+)\)", markdown)


def only(values: Iterable[T]) -> T:
    """Return the one value there is."""
    (value,) = values
    return value
