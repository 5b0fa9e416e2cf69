"""Renders a noxfile with ci-toolkit's sessions, installed as the workflow installs them."""

import ast

from ci_toolkit.adoption.repository import Installation, Manager, Project, Words
from ci_toolkit.adoption.templating import quoted, render
from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree

_OURS = "ci_toolkit.nox_sessions"
_WIDTH = 88
"""The line length of most formatters."""
_OUTSIDE = "external=True"
"""Says to nox that the program is not the session's own."""
_VENV = "session.virtualenv.location"


def noxfile_text(project: Project) -> str:
    """Return the noxfile of ``project``; one that has our sessions already stays as it is.

    To a noxfile with other sessions ours are added, except for those whose names it has.
    """
    theirs = project.noxfile
    if theirs is not None and _OURS in theirs:
        return theirs
    values = {"install": _lines(project), "theirs": None if theirs is None else theirs.rstrip()}
    return render("noxfile.py.j2", **values, leave_out=", ".join(map(quoted, _sessions(theirs or ""))))


def _sessions(source: str) -> list[str]:
    """Return the names of the sessions that a noxfile defines, as far as its text shows them."""
    try:
        functions = [node for node in ast.walk(syntax_tree(source)) if isinstance(node, ast.FunctionDef)]
    except UNREADABLE_SOURCE:
        return []
    return sorted({name for function in functions for name in _named(function)})


def _named(function: ast.FunctionDef) -> list[str]:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(called).rpartition(".")[2] == "session":
            given = decorator.keywords if isinstance(decorator, ast.Call) else []
            names = [word.value.value for word in given if word.arg == "name" and isinstance(word.value, ast.Constant)]
            return [str(name) for name in names] or [function.name]
    return []


def _lines(project: Project) -> list[str]:
    """Return what installs the project into the session's own environment.

    uv, poetry and pdm take that one where they are told; an environment of hatch's is its own, so its requirements
    are asked for.
    """
    found = project.installation
    if found.manager is Manager.HATCH:
        return _by_hatch(found) + _environment(project)
    venv = f'env={{"UV_PROJECT_ENVIRONMENT": {_VENV}}}'
    options = {Manager.UV: (_OUTSIDE, venv), Manager.POETRY: (_OUTSIDE,), Manager.PDM: (_OUTSIDE,)}
    lines = _call("session.install", found.tools) if found.manager is Manager.PIP and found.tools else []
    for step in found.steps:
        if step[:2] == ("pip", "install"):
            lines += _call("session.install", step[2:])
        else:
            lines += _call("session.run_install", step, options.get(found.manager, ()))
    lines += _call("session.install", found.added) if found.added else []
    return lines + _environment(project)


def _environment(project: Project) -> list[str]:
    return [f"session.env[{quoted(name)}] = {quoted(value)}" for name, value in project.variables]


def _by_hatch(found: Installation) -> list[str]:
    lists = [f'*environment.get("{key}", [])' for key in ("dependencies", "extra-dependencies")]
    return [
        f'environment = nox.project.load_toml()["tool"]["hatch"]["envs"][{quoted(found.environment)}]',
        *_call("session.install", ("-e", ".", *found.added), tuple(lists)),
    ]


def _call(function: str, words: Words, options: tuple[str, ...] = ()) -> list[str]:
    """Return the lines of a call as a formatter leaves them."""
    arguments = [quoted(word) for word in words]
    if "--python" in words:
        arguments[words.index("--python") + 1] = _VENV
    arguments += options
    line = f"{function}({', '.join(arguments)})"
    if len(line) + 4 <= _WIDTH:
        return [line]
    return [f"{function}(", *(f"    {argument}," for argument in arguments), ")"]
