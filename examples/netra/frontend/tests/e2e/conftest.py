import shutil

import pytest
import pytest_asyncio
from ci_toolkit.isolated_environment import get_env
from frontend.tests.e2e.chat_page import ChatPage
from playwright.async_api import async_playwright
from scripted_llm.app.script import MODEL

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser():
    """A real Chromium of this machine, one for all tests; each has a profile of its own in it."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def scripted_model():
    """The language model fails as a message asks for (``scripted:hang``), which no real one does."""
    model = get_env().get("CI_TOOLKIT_LLM_MODEL") or MODEL
    if model != MODEL:
        pytest.skip(f"needs the example's scripted language model, and CI_TOOLKIT_LLM_MODEL names {model}")


@pytest_asyncio.fixture(loop_scope="session")
async def chat(browser, real_services):
    """The chat page in a tab; nothing that a script of it failed with is forgotten."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
    yield ChatPage(page, real_services["frontend_url"])
    await context.close()
    assert wrong == []
