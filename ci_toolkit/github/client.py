"""Requests to GitHub's REST API: one at a time, with time-outs, and errors that say what to do."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from ci_toolkit import __version__
from ci_toolkit.github.errors import GitHubError

T = TypeVar("T")
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_LONGEST_ANSWER = 300
"""Characters of GitHub's own message that are shown."""
_ADVICE = {
    HTTPStatus.UNAUTHORIZED: "Give the step the job's token: `env: GITHUB_TOKEN: ${{ github.token }}`.",
    HTTPStatus.FORBIDDEN: "Give the job `permissions: checks: write`. The token of a pull request from a fork or from "
    "Dependabot never has that.",
    HTTPStatus.NOT_FOUND: "The token cannot see the repository, or this server has no check runs.",
}


class GitHubApi:
    """The part of the API below one repository. The token is in no representation and no message of it."""

    def __init__(self, api_url: str, repository: str, token: str) -> None:
        self._base = f"{api_url}/repos/{repository}"
        self._client = httpx.Client(
            timeout=_TIMEOUT,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "User-Agent": f"ci-toolkit/{__version__}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, kind: type[T], path: str, **query: str | int) -> T:
        """Return what is at ``path``. Raises httpx.HTTPError, and GitHubError where it is no ``kind``."""
        return _read(kind, self._client.get(f"{self._base}/{path}", params=query))

    def post(self, kind: type[T], path: str, body: Mapping[str, Any]) -> T:
        """Create something, and return it. After an error it may have been created all the same."""
        return _read(kind, self._client.post(f"{self._base}/{path}", json=body))

    def patch(self, kind: type[T], path: str, body: Mapping[str, Any]) -> T:
        """Change something, and return it. After an error it may have been changed all the same."""
        return _read(kind, self._client.patch(f"{self._base}/{path}", json=body))


def _read(kind: type[T], response: httpx.Response) -> T:
    if not response.is_success:  # a redirection as well: the token goes to nobody else
        raise httpx.HTTPStatusError(str(response.status_code), request=response.request, response=response)
    try:
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GitHubError(
            f"the answer of {response.request.url.host} is not as GitHub describes it: {error}",
            advice="Look at GITHUB_API_URL.",
        ) from error


def explained(error: httpx.HTTPError | httpx.InvalidURL) -> GitHubError:
    """Return ``error`` in words: what GitHub answered, and what would help."""
    if not isinstance(error, httpx.HTTPStatusError):
        return GitHubError(
            f"GitHub could not be reached: {type(error).__name__}: {error}",
            advice="Look at GITHUB_API_URL and at the network of the runner.",
        )
    response = error.response
    where = f"{response.request.method} {response.request.url.path}"
    return GitHubError(
        f"GitHub answered {response.status_code} to {where}: {' '.join(_messages(response))[:_LONGEST_ANSWER]}",
        advice=_ADVICE.get(HTTPStatus(response.status_code), "") if response.status_code in set(HTTPStatus) else "",
    )


def _messages(response: httpx.Response) -> Iterator[str]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        yield response.reason_phrase
        return
    yield str(answer.get("message", response.reason_phrase))
    if answer.get("errors"):
        yield str(answer["errors"])
