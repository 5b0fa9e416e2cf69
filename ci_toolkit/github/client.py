"""Requests to GitHub's REST API: one at a time, with time-outs, and errors that say what to do."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import urljoin

import httpx
import msgspec

from ci_toolkit import __version__
from ci_toolkit.github.errors import GitHubError

T = TypeVar("T")
PAGE = 100
"""What GitHub lists at once, at the most."""
_US = f"ci-toolkit/{__version__}"
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_LONGEST_ANSWER = 300
"""Characters of GitHub's own message that are shown."""
_PERMISSIONS = {
    "check-runs": ("checks: write", "check runs"),
    "actions": ("actions: read", "such run or artifact"),
    "issues": ("pull-requests: write", "comments"),
    "pulls": ("pull-requests: read", "such pull request"),
}
"""Part of a path to the permission that it takes, and to what is there."""


class GitHubApi:
    """The part of the API below one repository. The token is in no representation and no message of it."""

    def __init__(self, api_url: str, repository: str, token: str) -> None:
        self._base = f"{api_url}/repos/{repository}"
        self._client = httpx.Client(
            timeout=_TIMEOUT,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "User-Agent": _US,
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

    def download(self, path: str, into: BinaryIO, largest: int) -> None:
        """Write what is at ``path`` to ``into``, from its beginning.

        GitHub answers with an address at a store of its own, which is not told the token. Raises GitHubError for more
        than ``largest`` bytes.
        """
        answer = self._client.get(f"{self._base}/{path}")
        if not answer.is_redirect:
            raise httpx.HTTPStatusError(str(answer.status_code), request=answer.request, response=answer)
        place = urljoin(str(answer.url), answer.headers["location"])
        if httpx.URL(place).scheme != answer.url.scheme:
            raise GitHubError(f"GitHub answered GET {answer.url.path} with an address that is not {answer.url.scheme}")
        into.seek(0)
        into.truncate()
        headers = {"User-Agent": _US, "Accept-Encoding": "identity"}
        with httpx.stream("GET", place, headers=headers, timeout=_TIMEOUT) as stored:
            if not stored.is_success:
                stored.read()  # what is wrong is said in it
                raise httpx.HTTPStatusError(str(stored.status_code), request=stored.request, response=stored)
            _copy(stored, into, largest)


def every(page: Callable[[int], Sequence[T]], most_pages: int, what: str, *, advice: str) -> Iterator[T]:
    """Yield ``what`` GitHub lists; ``page`` returns up to `PAGE` of them by the number of their page, from 1.

    Raises GitHubError, with ``advice``, rather than to end before the list does: what is not seen may be there.
    """
    for number in range(1, most_pages + 1):
        listed = page(number)
        yield from listed
        if len(listed) < PAGE:
            return
    raise GitHubError(f"GitHub lists {PAGE * most_pages} {what} or more, and no others are read", advice=advice)


def _copy(response: httpx.Response, into: BinaryIO, largest: int) -> None:
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > largest:
            raise GitHubError(
                f"the artifact is larger than {largest} bytes", advice="Upload the folder of reports and nothing else."
            )
        into.write(part)


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


@contextlib.contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what httpx raises in the context into a GitHubError."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _explained(error) from error


def _explained(error: httpx.HTTPError | httpx.InvalidURL) -> GitHubError:
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
        advice=_advice(response),
    )


def _advice(response: httpx.Response) -> str:
    below = response.request.url.path.partition("/repos/")[2].split("/")[2:]
    needed, there = _PERMISSIONS.get(
        next((part for part in below if part in _PERMISSIONS), ""), ("contents: read", "this")
    )
    advice: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "Give the step the job's token: `env: GITHUB_TOKEN: ${{ github.token }}`.",
        HTTPStatus.FORBIDDEN: f"Give the job `permissions: {needed}`. The token of a pull request from a fork or from "
        "Dependabot never writes.",
        HTTPStatus.NOT_FOUND: f"The token cannot see the repository, or this server has no {there}.",
    }
    return advice.get(response.status_code, "")


def _messages(response: httpx.Response) -> Iterator[str]:
    try:
        answer = response.json()
    except (ValueError, httpx.StreamError):
        answer = None
    if not isinstance(answer, dict):
        yield response.reason_phrase
        return
    yield str(answer.get("message", response.reason_phrase))
    if answer.get("errors"):
        yield str(answer["errors"])
