"""Says what was found, and what is left to do."""

from collections.abc import Sequence

from ci_toolkit.adoption.change import Fate, Step
from ci_toolkit.adoption.repository import Project, Repository
from ci_toolkit.adoption.workflow_file import required_checks

_HISTORY = (
    "history: the cache of GitHub Actions, for it needs no permission to write, and every pull request reads what"
    " the default branch saved; a branch (git:BRANCH) is for caches that are lost or not shared"
)


def findings(repository: Repository) -> list[str]:
    """Return what was found, a sentence each."""
    lines = [f"pull requests go into {repository.branch}", *map(_finding, repository.projects)]
    if repository.others:
        every = " ".join((*(project.folder for project in repository.projects), *repository.others))
        lines.append(f"{', '.join(repository.others)} have tests too; for a job each: ci-toolkit init {every}")
    lines += repository.notes
    return [*lines, _HISTORY]


def next_steps(repository: Repository, *, commit: str, steps: Sequence[Step]) -> list[str]:
    """Return what a reader does next, in order, when ``steps`` are done."""
    checks = required_checks(repository)
    told = [f"take what you need of {step.path} into {step.beside}, and remove it" for step in steps if step.beside]
    if any(step.fate is not Fate.SAME for step in steps):
        told.append("commit these files, push a branch and open a pull request")
    told.append(f"in the repository's settings, require the check{'s' * (len(checks) > 1)}: {', '.join(checks)}")
    if not commit:
        told.append("pin the workflow: `ci-toolkit init --commit` takes the 40 digits of a release's commit")
    return [f"{number}. {step}" for number, step in enumerate(told, start=1)]


def layout_lines(repository: Repository) -> list[str]:
    """Return the lines of settings that would give a category to the tests that have none."""
    return [line for project in repository.projects for line in _layout(project, len(repository.projects) > 1)]


def _layout(project: Project, several: bool) -> Sequence[str]:  # noqa: FBT001
    where = [f"# {project.path('pyproject.toml')}"] if several and project.layout.advice else []
    return [*where, *project.layout.advice]


def _finding(project: Project) -> str:
    where = "" if project.folder == "." else f"{project.folder}: "
    tests = project.layout.test_files
    found = project.installation
    told = f"{where}{tests} test file{'s' * (tests != 1)}, {found.manager} ({found.because}), Python {project.python}"
    if project.services:
        told += "".join(f", {service.name} ({service.image} in {service.where})" for service in project.services)
    if project.coverage:
        told += ", coverage measured" if project.coverage == "0" else f", coverage of {project.coverage}%"
    return told
