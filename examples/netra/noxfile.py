"""Sessions of ci-toolkit: one for each category and mode, and plan, shard, merge, lint. `nox -l` lists them."""

import nox

from ci_toolkit.nox_sessions import define_sessions


def install(session: nox.Session) -> None:
    """Install the project, its tests and ci-toolkit, as the workflow does."""
    session.install("uv")
    session.run_install(
        "uv",
        "pip",
        "install",
        "--python",
        session.virtualenv.location,
        "-e",
        ".",
        "--group",
        "test",
        "ci-toolkit==0.1.0",
        "docker>=7.1",
    )


define_sessions(install=install)
