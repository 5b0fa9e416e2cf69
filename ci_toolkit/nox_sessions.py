"""Nox sessions for any project: one for each category and each mode, and ``plan``, ``shard``, ``merge``, ``lint``.

In a ``noxfile.py``::

    from ci_toolkit.nox_sessions import define_sessions

    define_sessions()

The tests of a category then run as ``nox -s unit``, a mode as ``nox -s fast_feedback``; what follows ``--`` goes to
the command.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import nox

from ci_toolkit import __version__
from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.modes import read_modes
from ci_toolkit.config.project import project_root, read_pyproject

COMMANDS = {
    "plan": "Write the plan: `nox -s plan -- --shards 4`.",
    "shard": "Run one shard: `nox -s shard -- 1 --plan plan.json`.",
    "merge": "Merge the bundles into one verdict: `nox -s merge -- --plan plan.json`.",
    "lint": "Check tests against the rules of the guide.",
}
"""Sessions that are a command of the same name."""

Install = Callable[[nox.Session], None]


def define_sessions(
    root: Path | None = None,
    *,
    install: Install | None = None,
    python: Sequence[str] = (),
    leave_out: Collection[str] = (),
) -> None:
    """Define the sessions of the project at ``root`` (by default the one around the current folder).

    ``install`` prepares a session's environment; by default it installs the project itself, where it is one, and
    this version of ci-toolkit. With ``python`` there is a session for each of these versions. ``leave_out`` names the
    sessions that the noxfile defines itself.
    """
    root = project_root(Path.cwd()) if root is None else root
    prepare = install or _installer(root)
    for name, (about, words, tag) in sessions_of(root).items():
        if name not in leave_out:
            _define(name, about, words, prepare, python, tag=tag)


def sessions_of(root: Path) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Return the sessions of the project at ``root``: name to (what it does, words of ``ci-toolkit``, tag)."""
    categories = read_categories(root)
    modes = read_modes(root, categories)
    return {
        **{name: (about, (name,), "command") for name, about in COMMANDS.items()},
        **{name: (f"The execution mode {name}.", ("run", "--execution-mode", name), "mode") for name in modes},
        **{
            name: (f"The tests of the category {name}.", ("run", "--category", name), "category")
            for name in categories.names
        },
    }


def _define(
    name: str, about: str, words: tuple[str, ...], install: Install, python: Sequence[str], *, tag: str
) -> None:
    def work(session: nox.Session) -> None:
        install(session)
        session.run("ci-toolkit", *words, *session.posargs)

    work.__doc__ = about
    nox.session(python=list(python) or None, name=name, tags=[tag], default=False)(work)


def _installer(root: Path) -> Install:
    is_project = "project" in read_pyproject(root)

    def install(session: nox.Session) -> None:
        session.install(
            f"ci-toolkit[coverage,split,xdist]=={__version__}", *(["--editable", str(root)] if is_project else [])
        )

    return install
