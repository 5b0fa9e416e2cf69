"""One check run of a commit: made once, whatever answers are lost, then filled and completed."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ci_toolkit.github.client import PAGE, GitHubApi, every, in_our_words
from ci_toolkit.github.job import Job
from ci_toolkit.github.retries import patiently
from ci_toolkit.report.annotations import Annotation
from ci_toolkit.report.check_run import CheckReport
from ci_toolkit.report.progress import Progress

BATCH = 50
"""Annotations that one request takes."""
_MOST_PAGES = 10


class _Output(msgspec.Struct):
    annotations_count: int = 0


class _Check(msgspec.Struct):
    """What is read of a check run."""

    id: int
    status: str = ""
    external_id: str | None = None
    output: _Output = msgspec.field(default_factory=_Output)


class _Checks(msgspec.Struct):
    check_runs: list[_Check]


class CheckRun:
    """The check run called ``name`` of one attempt of a run; its ``external_id`` says which one it is."""

    def __init__(self, api: GitHubApi, job: Job, name: str) -> None:
        self._api = api
        self._job = job
        self._name = name
        self._external_id = f"ci-toolkit/{job.run_id}/{job.attempt}/{name}"

    def announce(self, status: str, progress: Progress | None = None) -> None:
        """Say that the run is ``queued`` or ``in_progress``, and how far. Raises GitHubError.

        A run that has its verdict keeps it.
        """
        output = {"output": msgspec.to_builtins(progress)} if progress is not None else {}
        with in_our_words():
            check = self._made(status)
            if check.status != "completed":
                self._change(check, {"status": status, **output})

    def complete(self, report: CheckReport) -> None:
        """Publish ``report``. What is already there of it, from a try that broke off, stays. Raises GitHubError."""
        output = {"title": report.title, "summary": report.summary}
        done = {"status": "completed", "conclusion": report.conclusion}
        with in_our_words():
            check = self._made("in_progress")
            for begin in range(check.output.annotations_count, len(report.annotations), BATCH):
                self._annotate(check, output, report.annotations[begin : begin + BATCH], begin)
            self._change(check, {**done, "output": {**output, "text": report.text}})

    def _made(self, status: str) -> _Check:
        # A request to create may be carried out and its answer lost, so each try looks first.
        body = {
            "name": self._name,
            "head_sha": self._job.commit,
            "external_id": self._external_id,
            "details_url": self._job.details_url,
            "status": status,
        }
        return patiently(lambda _: self._find() or self._api.post(_Check, "check-runs", body))

    def _find(self) -> _Check | None:
        path = f"commits/{self._job.commit}/check-runs"

        def page(number: int) -> list[_Check]:
            query: dict[str, str | int] = {"check_name": self._name, "filter": "all", "per_page": PAGE, "page": number}
            return self._api.get(_Checks, path, **query).check_runs

        checks = every(page, _MOST_PAGES, f"check runs '{self._name}' of this commit", advice="Push another commit.")
        return next((check for check in checks if check.external_id == self._external_id), None)

    def _annotate(self, check: _Check, output: Mapping[str, str], batch: Sequence[Annotation], there: int) -> None:
        # GitHub appends annotations, so a batch whose answer is lost is counted before it is sent again.
        path = f"check-runs/{check.id}"
        body = {"output": {**output, "annotations": msgspec.to_builtins(batch)}}

        def send(number: int) -> _Check:
            now = self._api.get(_Check, path) if number > 1 else check
            if number > 1 and now.output.annotations_count >= there + len(batch):
                return now
            return self._api.patch(_Check, path, body)

        patiently(send)

    def _change(self, check: _Check, body: Mapping[str, Any]) -> None:
        patiently(lambda _: self._api.patch(_Check, f"check-runs/{check.id}", body))
