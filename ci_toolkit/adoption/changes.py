"""From what a repository is to the changes that bring ci-toolkit into it. Nothing is written here."""

from ci_toolkit.adoption.change import Change
from ci_toolkit.adoption.noxfile import noxfile_text
from ci_toolkit.adoption.repository import Project, Repository
from ci_toolkit.adoption.settings import settings_text
from ci_toolkit.adoption.workflow_file import workflow_text


def changes_for(repository: Repository, *, commit: str, with_nox: bool = True) -> tuple[Change, ...]:
    """Return every file that is to be there, the workflow first; ``commit`` pins it. Raises AdoptionError."""
    text = workflow_text(repository, commit=commit)
    workflow = Change(path=repository.workflow_path, before=repository.workflow, after=text)
    return (workflow, *(change for project in repository.projects for change in _of_project(project, with_nox)))


def _of_project(project: Project, with_nox: bool) -> list[Change]:  # noqa: FBT001 (a flag of the command line)
    changes = []
    settings = settings_text(project)
    if settings is not None:
        path = project.path("pyproject.toml")
        changes.append(Change(path=path, before=project.pyproject, after=settings, adds_only=True))
    if with_nox:
        changes.append(Change(path=project.path("noxfile.py"), before=project.noxfile, after=noxfile_text(project)))
    return changes
