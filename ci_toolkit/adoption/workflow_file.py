"""Renders the workflow of a repository: one job a project, each a call of the reusable workflow."""

import re
import shlex

from ci_toolkit import __version__
from ci_toolkit.adoption.release import REPOSITORY
from ci_toolkit.adoption.repository import Project, Repository
from ci_toolkit.adoption.templating import harmless, quoted, render

_CALLED = f"{REPOSITORY}/.github/workflows/ci-toolkit.yml"
_DOCS = f"https://github.com/{REPOSITORY}/blob/main/docs/github.md"
_EXTENDED = re.compile(r"(?:^|/)(?:postgis|pgvector|timescaledb)\b")
"""Images of PostgreSQL with extensions, which a server of this machine does not have."""
_GLOB = re.compile(r"([*?+!\[\]\\])")
"""What GitHub's patterns of branches do not take as it is."""


def workflow_text(repository: Repository, *, commit: str) -> str:
    """Return the workflow that runs the projects of ``repository``, pinned to ``commit`` of ci-toolkit or its tag."""
    version = f"v{__version__}"
    return render(
        "workflow.yml.j2",
        checks=[f"`{name}`" for name in required_checks(repository)],
        docs=_DOCS,
        branch=quoted(_GLOB.sub(r"\\\1", repository.branch)),
        uses=f"{_CALLED}@{commit} # {version}" if commit else f"{_CALLED}@{version}",
        jobs=[
            {
                "id": job_id(repository, project),
                "folder": "" if project.folder == "." else quoted(project.folder),
                "python": quoted(project.python),
                "install": [harmless(line) for line in install_lines(project)],
                "shard_options": quoted(_shard_options(project)) if project.services else "",
                "coverage": quoted(project.coverage) if project.coverage else "",
            }
            for project in repository.projects
        ],
    )


def _shard_options(project: Project) -> str:
    """Return what brings the services up: by whatever is there, unless an image holds more than the server."""
    special = any(_EXTENDED.search(service.image) for service in project.services)
    return "--real-services --provider docker --no-alpine" if special else "--real-services"


def job_id(repository: Repository, project: Project) -> str:
    """Return the name of the job of ``project``, which is the first part of its check's."""
    if len(repository.projects) == 1:
        return "tests"
    names = [_word(each.folder) for each in repository.projects]
    name = _word(project.folder)
    same = [each.folder for each in repository.projects if _word(each.folder) == name]
    return f"tests-{name}" if names.count(name) == 1 else f"tests-{name}-{same.index(project.folder) + 1}"


def required_checks(repository: Repository) -> tuple[str, ...]:
    """Return the names of the checks to require, as GitHub shows them."""
    return tuple(f"{job_id(repository, project)} / verdict" for project in repository.projects)


def install_lines(project: Project) -> list[str]:
    """Return the shell commands that install ``project``, and give its tests their environment."""
    found = project.installation
    lines = [shlex.join(("pip", "install", *found.tools))] if found.tools else []
    lines += [f"export {name}={shlex.quote(value)}" for name, value in found.variables]
    lines += [shlex.join(step) for step in found.steps]
    if found.venv:
        lines.append(f'uv pip install --python "{found.venv}" {shlex.join(found.added)}')
        lines.append(f'echo "{found.venv}/bin" >> "$GITHUB_PATH"')
    return lines + [f'echo {shlex.quote(f"{name}={value}")} >> "$GITHUB_ENV"' for name, value in project.variables]


def _word(folder: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", folder).strip("-") or "top"
