"""Renders a noxfile with ci-toolkit's sessions, installed as the workflow installs them."""

from ci_toolkit.adoption.repository import Installation, Manager, Project, Words
from ci_toolkit.adoption.templating import quoted, render

_OURS = "ci_toolkit.nox_sessions"
_WIDTH = 88
"""The line length of most formatters."""
_OUTSIDE = "external=True"
"""Says to nox that the program is not the session's own."""
_VENV = "session.virtualenv.location"


def noxfile_text(project: Project) -> str:
    """Return the noxfile of ``project``; one that has our sessions already stays as it is."""
    if project.noxfile is not None and _OURS in project.noxfile:
        return project.noxfile
    return render("noxfile.py.j2", install=_lines(project))


def _lines(project: Project) -> list[str]:
    """Return what installs the project into the session's own environment.

    uv, poetry and pdm take that one where they are told; an environment of hatch's is its own, so its requirements
    are asked for.
    """
    found = project.installation
    if found.manager is Manager.HATCH:
        return _by_hatch(found)
    venv = f'env={{"UV_PROJECT_ENVIRONMENT": {_VENV}}}'
    options = {Manager.UV: (_OUTSIDE, venv), Manager.POETRY: (_OUTSIDE,), Manager.PDM: (_OUTSIDE,)}
    lines = _call("session.install", found.tools) if found.manager is Manager.PIP and found.tools else []
    for step in found.steps:
        if step[:2] == ("pip", "install"):
            lines += _call("session.install", step[2:])
        else:
            lines += _call("session.run_install", step, options.get(found.manager, ()))
    return lines + (_call("session.install", found.added) if found.added else [])


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
