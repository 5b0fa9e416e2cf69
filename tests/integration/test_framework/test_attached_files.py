"""What failed tests hand over, and what their pages showed, stands in the reports of a run."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HANDS_OVER = """
import os, signal, sys

def test_fails(record_attachment, tmp_path):
    record_attachment("<script>alert(1)</script>", "../<b>.html")
    (tmp_path / "data.bin").write_bytes(b"\\0\\1")
    record_attachment(tmp_path / "data.bin")
    assert 0

def test_kills_its_process(record_attachment):
    record_attachment(b"the last words", "words.txt")
    os.kill(os.getpid(), signal.SIGKILL)

def test_passes(record_attachment):
    record_attachment("nobody asks", "unasked.txt")
    assert not any(name.startswith("playwright") for name in sys.modules)
"""
SHOWS_PAGES = """
import pytest
from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright

HOW = {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}

class Chat:
    def __init__(self, page):
        self.page = page

@pytest.fixture
def chat():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**HOW)
        yield Chat(browser.new_page())
        browser.close()

@pytest.fixture
async def browser():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**HOW)
        yield browser
        await browser.close()

@pytest.fixture
async def page(browser):
    return await browser.new_page()

def test_sync(chat):
    assert 0

async def test_async(page):
    assert 0

async def test_crashed(page):
    await page.context.browser.close()
    assert 0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ci-toolkit]\n[tool.pytest.ini_options]\nasyncio_mode = 'auto'\n"
        "asyncio_default_fixture_loop_scope = 'function'\n"
    )
    return tmp_path


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, timeout=180, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
    )  # fmt: skip


def attachments(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What a run says of the attachments of each failed test."""
    done = python(folder, "ci_toolkit", "run", "--shards", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    verdict = json.loads((folder / ".ci-toolkit/out/verdict.json").read_text())
    return {failure["node_id"].partition("::")[2]: failure["attachments"] for failure in verdict["failures"]}


def test_files_lie_beside_the_report_also_those_of_a_test_that_kills_its_process(project: Path) -> None:
    (project / "test_it.py").write_text(HANDS_OVER)
    found = attachments(project)
    out = project / ".ci-toolkit/out"
    assert [(file["name"], file["path"]) for file in found["test_fails"]] == [
        ("../<b>.html", "attachments/1-1.txt"),
        ("data.bin", "attachments/1-2.bin"),
    ]
    (words,) = found["test_kills_its_process"]
    assert (out / words["path"]).read_text() == "the last words"
    assert set(found) == {"test_fails", "test_kills_its_process"}
    page, summary = (out / "report.html").read_text(), (out / "summary.md").read_text()
    assert '<a href="attachments/1-1.txt">../&lt;b&gt;.html</a>' in page
    assert "<code>words.txt</code> | <code>attachments/1-3.txt</code>" in summary
    bundle = project / ".ci-toolkit/results/shard-1/attachments"
    assert len(list(bundle.iterdir())) == 4
    assert "nobody asks" in {path.read_text() for path in bundle.glob("*.txt")}


def test_in_plain_pytest_the_report_of_a_failed_test_says_where_its_files_are(project: Path) -> None:
    (project / "test_it.py").write_text(HANDS_OVER)
    shown = python(project, "pytest", "-k", "test_fails").stdout
    ((name, path),) = [line.split(": ") for line in shown.splitlines() if line.startswith("data.bin: ")]
    assert (name, Path(path).read_bytes()) == ("data.bin", b"\0\1")
    shutil.rmtree(Path(path).parent)


@pytest.mark.skipif(
    shutil.which("chromium") is None or importlib.util.find_spec("playwright") is None,
    reason="needs Chromium on the PATH and the package playwright",
)
def test_a_failure_is_shown_with_what_the_open_pages_showed(project: Path) -> None:
    (project / "test_it.py").write_text(SHOWS_PAGES.replace("CHROMIUM", repr(shutil.which("chromium"))))
    found = attachments(project)
    assert {test: [file["name"] for file in files] for test, files in found.items()} == {
        "test_sync": ["chat.png"],
        "test_async": ["page.png"],
        "test_crashed": [],
    }
    for (file,) in (found["test_sync"], found["test_async"]):
        assert (project / ".ci-toolkit/out" / file["path"]).read_bytes().startswith(b"\x89PNG")
    assert (project / ".ci-toolkit/out/report.html").read_text().count('<img src="data:image/png;base64,') == 2
