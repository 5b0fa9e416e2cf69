"""Renders a noxfile with ci-toolkit's sessions, installed as the workflow installs them."""

from ci_toolkit.adoption.repository import Manager, Project, Words
from ci_toolkit.adoption.templating import quoted, render

_OURS = "ci_toolkit.nox_sessions"
_WIDTH = 88
"""The line length of most formatters."""
_VENV = "session.virtualenv.location"


def noxfile_text(project: Project) -> str:
    """Return the noxfile of ``project``; one that has our sessions already stays as it is."""
    if project.noxfile is not None and _OURS in project.noxfile:
        return project.noxfile
    return render("noxfile.py.j2", install=_lines(project))


def _lines(project: Project) -> list[str]:
    found = project.installation
    lines = _call("session.install", ("uv",), "") if found.manager is Manager.PIP and found.tools else []
    for step in found.steps:
        if step[:2] == ("pip", "install"):
            lines += _call("session.install", step[2:], "")
        elif step[:3] == ("uv", "pip", "install"):
            lines += _call("session.run_install", step, "" if found.manager is Manager.PIP else "external=True")
        elif found.manager is Manager.UV:
            lines += _call("session.run_install", step, f'external=True, env={{"UV_PROJECT_ENVIRONMENT": {_VENV}}}')
        elif step[0] != "export":
            lines += _call("session.run_install", step, "external=True")
    return lines


def _call(function: str, words: Words, options: str) -> list[str]:
    """Return the lines of a call as a formatter leaves them."""
    arguments = [quoted(word) for word in words]
    if "--python" in words:
        arguments[words.index("--python") + 1] = _VENV
    arguments += [options] if options else []
    line = f"{function}({', '.join(arguments)})"
    if len(line) + 4 <= _WIDTH:
        return [line]
    return [f"{function}(", *(f"    {argument}," for argument in arguments), ")"]
