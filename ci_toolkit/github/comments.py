"""The one comment of a pull request: made once, whatever answers are lost, and then changed in place."""

from urllib.parse import quote

import msgspec

from ci_toolkit.github.client import PAGE, GitHubApi, every, in_our_words
from ci_toolkit.github.errors import GitHubError
from ci_toolkit.github.retries import patiently

ACTIONS = "github-actions[bot]"
"""Who writes with the token of a job."""
_MOST_PAGES = 50


class _User(msgspec.Struct):
    login: str = ""


class _Comment(msgspec.Struct):
    """What is read of a comment."""

    id: int
    body: str | None = None
    user: _User | None = None


class Comment:
    """The comment about ``name`` at one pull request: its first line is ours, and ``author`` wrote it.

    Anybody can write such a line, so one of somebody else is not ours.
    """

    def __init__(self, api: GitHubApi, pull_request: int, name: str, author: str = ACTIONS) -> None:
        self._api = api
        self._path = f"issues/{pull_request}/comments"
        self._author = author
        self._mark = f"<!-- ci-toolkit: {quote(name, safe=' ')} -->"

    def write(self, text: str) -> None:
        """Write ``text``, over what the comment said before. Raises GitHubError."""
        body = {"body": f"{self._mark}\n{text}"}
        with in_our_words():
            # A request to create may be carried out and its answer lost, so each try looks first.
            comment = patiently(lambda _: self._find() or self._api.post(_Comment, self._path, body))
            self._change(comment, body)
        wrote = comment.user.login if comment.user else ""
        if wrote != self._author:
            raise GitHubError(
                f"the comment was written by '{wrote}' and not by '{self._author}'",
                advice=f"Give `--comment-author '{wrote}'`: otherwise each run writes another comment.",
            )

    def amend(self, text: str) -> None:
        """Write ``text`` where there is a comment already. Raises GitHubError."""
        with in_our_words():
            comment = patiently(lambda _: self._find())
            if comment is not None:
                self._change(comment, {"body": f"{self._mark}\n{text}"})

    def _change(self, comment: _Comment, body: dict[str, str]) -> None:
        if comment.body != body["body"]:
            patiently(lambda _: self._api.patch(_Comment, f"issues/comments/{comment.id}", body))

    def _find(self) -> _Comment | None:
        def page(number: int) -> list[_Comment]:
            return self._api.get(list[_Comment], self._path, per_page=PAGE, page=number)

        comments = every(page, _MOST_PAGES, "comments of this pull request", advice="Leave --comment out for it.")
        return next(filter(self._is_ours, comments), None)

    def _is_ours(self, comment: _Comment) -> bool:
        is_by_us = comment.user is not None and comment.user.login == self._author
        return is_by_us and (comment.body or "").partition("\n")[0].strip() == self._mark
