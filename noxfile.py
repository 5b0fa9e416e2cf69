"""The sessions of ci-toolkit's own development: `nox -s demo`, `nox -s tests`, `nox -s lint`.

With ci-toolkit installed beside nox (`pip install -e .[nox]`) there are also its own sessions, as any adopter has
them: one for each category and mode, `plan`, `shard`, `merge`.
"""

import contextlib
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "virtualenv"
nox.needs_version = ">=2024.10.9"


def install(session: nox.Session) -> None:
    """Install what CI uses, as locked, and this checkout."""
    session.install("--require-hashes", "-r", "requirements/ci.txt")
    session.install("--no-deps", "--editable", ".")


with contextlib.suppress(ModuleNotFoundError):  # a bare nox, such as pipx's, has no ci-toolkit yet
    from ci_toolkit.nox_sessions import define_sessions

    define_sessions(install=install, leave_out={"lint"})  # ours checks the code as well


@nox.session
def demo(session: nox.Session) -> None:
    """Plan, run, merge and judge a real suite of this repository in three shards."""
    install(session)
    session.run("ci-toolkit", "run", "tests/unit", "--shards", "3", "--coverage", "--coverage-threshold", "10")


@nox.session
def tests(session: nox.Session) -> None:
    """Check the code and run the tests; public suites have a session of their own."""
    install(session)
    check(session)
    session.run("pytest", "-n", "2", *(session.posargs or ("tests/unit", "tests/integration")))


@nox.session
def public(session: nox.Session) -> None:
    """Compare sharded runs of public suites with plain pytest: outcomes and coverage. Downloads from PyPI."""
    install(session)
    session.run("pytest", "tests/e2e", *session.posargs)


@nox.session
def leaks(session: nox.Session) -> None:
    """Kill sessions of services at ten random moments of up, run and down, and allow a second until nothing is left."""
    install(session)
    patience = {"CI_TOOLKIT_KILL_ROUNDS": "10", "CI_TOOLKIT_GONE_SECONDS": "1"}
    session.run("pytest", "tests/integration/services/test_nothing_is_left.py", *session.posargs, env=patience)


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
    session.run("ci-toolkit", "services", "render", "--check")
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows())
    session.run("zizmor", "--offline", "--quiet", *workflows())


def workflows() -> list[str]:
    """Return the paths of the workflows."""
    return sorted(map(str, Path(".github/workflows").glob("*.yml")))


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
def build(session: nox.Session) -> None:
    """Build the wheel and run the program from it alone."""
    session.install("build")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel")
    session.install("--force-reinstall", *map(str, Path("dist").glob("*.whl")))
    session.run("ci-toolkit", "--version")
