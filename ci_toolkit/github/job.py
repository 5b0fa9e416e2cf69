"""What a job on GitHub Actions says of itself: where its check belongs, and who may write it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ci_toolkit.github.errors import GitHubError
from ci_toolkit.model.record import Record

TOKEN_VARIABLE = "GITHUB_TOKEN"  # noqa: S105 (the name of a variable)
_API = "https://api.github.com"
_LARGEST_EVENT = 64 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


class Job(Record, frozen=True, kw_only=True):
    """Where a check run belongs."""

    api_url: str
    repository: str
    commit: str
    """The head of the pull request: on the merge commit, which GITHUB_SHA names there, nobody sees a check."""
    run_id: int
    """The number of the run; 0 outside of GitHub Actions."""
    attempt: int
    """Which attempt of the run this is, from 1: a new one is a new check run, which then is the one that counts."""
    pages: str
    """Where people see the repository."""

    @property
    def details_url(self) -> str:
        """The page of the run."""
        return f"{self.pages}/actions/runs/{self.run_id}/attempts/{self.attempt}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def token_of(environment: Mapping[str, str]) -> str:
    """Return the token of the environment. Raises GitHubError where there is none."""
    token = environment.get(TOKEN_VARIABLE, "").strip()
    if not (token and token.isascii() and token.isprintable()):
        raise GitHubError(
            f"{TOKEN_VARIABLE} is {'no token' if token else 'not set'}",
            advice=f"Give the step `env: {TOKEN_VARIABLE}: ${{{{ github.token }}}}`.",
        )
    return token


def job_of(environment: Mapping[str, str], event: Mapping[str, Any]) -> Job:
    """Return where the check of this job belongs. Raises GitHubError outside of GitHub Actions."""
    repository = environment.get("GITHUB_REPOSITORY", "")
    commit = _commit(event, "pull_request", "head", "sha") or environment.get("GITHUB_SHA", "")
    if not _REPOSITORY.fullmatch(repository) or not _COMMIT.fullmatch(commit):
        raise GitHubError(
            "GITHUB_REPOSITORY and GITHUB_SHA do not name a repository and a commit",
            advice="GitHub Actions sets both in every step.",
        )
    api_url = environment.get("GITHUB_API_URL") or _API
    if not api_url.startswith(("https://", "http://")):
        raise GitHubError(f"GITHUB_API_URL is no address of a web server: {api_url!r}")
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    return Job(
        api_url=api_url.rstrip("/"),
        repository=repository,
        commit=commit,
        run_id=_number(environment.get("GITHUB_RUN_ID", "")),
        attempt=max(1, _number(environment.get("GITHUB_RUN_ATTEMPT", ""))),
        pages=f"{server}/{repository}",
    )


def read_event(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the event that started the run; empty where there is none that can be read."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    try:
        with Path(path).open("rb") as file:
            event = json.loads(file.read(_LARGEST_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def base_of(event: Mapping[str, Any]) -> str:
    """Return the commit of the base of the pull request, or of the merge queue, that ``event`` is about, or ``""``."""
    return _commit(event, "pull_request", "base", "sha") or _commit(event, "merge_group", "base_sha")


def _commit(event: Mapping[str, Any], *keys: str) -> str:
    found = text_in(event, *keys)
    return found if is_commit(found) else ""


def text_in(event: Mapping[str, Any], *keys: str) -> str:
    """Return the text that ``event`` has under ``keys``, or ``""``."""
    found: object = event
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def is_commit(text: str) -> bool:
    """Return whether ``text`` is the whole name of a git commit."""
    return _COMMIT.fullmatch(text) is not None


def pull_request_in(event: Mapping[str, Any]) -> int | None:
    """Return the number of the pull request that the event is about."""
    pull_request = event.get("pull_request")
    number = pull_request.get("number") if isinstance(pull_request, dict) else None
    return number if isinstance(number, int) else None
