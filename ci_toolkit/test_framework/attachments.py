"""Files that a test hands over as evidence: kept in the shard's bundle, shown in the reports where the test fails."""

import os
import tempfile
from collections.abc import Callable, Generator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from ci_toolkit.model.attachment import LARGEST_ATTACHMENT, Attachment
from ci_toolkit.suite.attachments import ATTACHMENTS, Attachments
from ci_toolkit.test_framework.browser_pages import MOST_PAGES, open_pages, picture_of

Attach = Callable[..., None]
_LOOSE: Final[pytest.StashKey[Attachments]] = pytest.StashKey()
"""Those of plain pytest, which has no bundle."""
_SAID: Final[pytest.StashKey[list[str]]] = pytest.StashKey()
"""Of a test in plain pytest: a line on each attachment, for its report."""


@pytest.fixture
def record_attachment(request: pytest.FixtureRequest) -> Attach:
    """Give a function that keeps a file: ``record_attachment(what, name="")``.

    ``what`` is a path, bytes, or a text. Without a ``name`` a path's own is taken.
    """

    def attach(what: "os.PathLike[str] | bytes | str", name: str = "") -> None:
        if isinstance(what, bytes):
            _keep(request.node, what, name or "attachment")
        elif isinstance(what, str):
            _keep(request.node, what.encode("utf-8", "backslashreplace"), name or "attachment.txt")
        else:
            with Path(what).open("rb") as file:
                _keep(request.node, file.read(LARGEST_ATTACHMENT + 1), name or Path(what).name)

    return attach


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of each open page where a test has failed and its fixtures still stand."""
    report = yield
    if report.failed and call.when != "teardown":
        _keep_pictures(item)
    if report.failed and _SAID in item.stash:
        said: list[str] = item.stash[_SAID]
        report.sections.append(("Attached", "\n".join(said)))
    return report


def _keep_pictures(item: pytest.Item) -> None:
    held: dict[str, Any] = {**getattr(item, "funcargs", {}), "self": getattr(item, "instance", None)}
    for number, (name, page) in enumerate(islice(open_pages(held), MOST_PAGES), start=1):
        title = f"{name}.png" if number == 1 else f"{name}-{number}.png"
        try:
            picture = picture_of(page)
        except Exception as error:  # noqa: BLE001 (whatever a browser in trouble raises, the test's own failure counts)
            why = str(error).partition("\n")[0] or type(error).__name__
            attachments, is_loose = _attachments_of(item.config)
            _say(item, attachments.leave_out(title, f"the browser gave no picture: {why}"), is_loose=is_loose)
        else:
            _keep(item, picture, title)


def _keep(item: pytest.Item, data: bytes, name: str) -> None:
    attachments, is_loose = _attachments_of(item.config)
    _say(item, attachments.keep(data, name, test=item.nodeid), is_loose=is_loose)


def _attachments_of(config: pytest.Config) -> tuple[Attachments, bool]:
    """Return where this process keeps them, and whether that is no bundle but a folder for whoever looks at once."""
    if ATTACHMENTS in config.stash:
        return config.stash[ATTACHMENTS], False
    if _LOOSE not in config.stash:
        config.stash[_LOOSE] = Attachments(tempfile.mkdtemp(prefix="ci-toolkit-attachments-"), "", lambda _: None)
    return config.stash[_LOOSE], True


def _say(item: pytest.Item, attachment: Attachment, *, is_loose: bool) -> None:
    if is_loose:
        where = f"{item.config.stash[_LOOSE].folder}/{attachment.path}" if attachment.path else attachment.why_not
        item.stash.setdefault(_SAID, []).append(f"{attachment.name}: {where}")
