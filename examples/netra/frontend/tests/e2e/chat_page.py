"""The chat page as a user has it, by what a user sees."""

from uuid import uuid4

from playwright.async_api import Page, expect

FIVE = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
PASSWORD = "correct horse battery"


class ChatPage:
    """Drives one tab. Names and roles are those that a screen reader has."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.email = f"{uuid4().hex}@example.com"

    async def register(self, name: str = "Ann") -> None:
        await self.page.goto(self.url)
        await self.page.get_by_role("button", name="Create account").first.click()
        await self.page.get_by_label("Name").fill(name)
        await self._enter("Create account", PASSWORD)
        await self.expect_status("Connected")

    async def log_in(self, password: str = PASSWORD) -> None:
        await self.page.goto(self.url)
        await self._enter("Log in", password)

    async def _enter(self, how: str, password: str) -> None:
        await self.page.get_by_label("Email").fill(self.email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.locator("form").get_by_role("button", name=how).last.click()

    async def log_out(self) -> None:
        await self.page.get_by_role("button", name="Log out").click()

    async def send(self, message: str) -> None:
        await self.page.get_by_label("Message").fill(message)
        await self.page.get_by_role("button", name="Send").click()

    async def ask(self, message: str) -> None:
        """Send a message and wait for its answer."""
        await self.send(message)
        await expect(self.runs.last).to_contain_text("Done")

    @property
    def log(self):
        return self.page.get_by_role("log")

    @property
    def runs(self):
        """What agents said, oldest first."""
        return self.page.get_by_role("article", name="Agent")

    @property
    def mine(self):
        """What the user said."""
        return self.page.get_by_role("article", name="You")

    @property
    def threads(self):
        return self.page.get_by_role("navigation").get_by_role("listitem")

    @property
    def alert(self):
        return self.page.get_by_role("alert")

    async def expect_status(self, words: str) -> None:
        await expect(self.page.locator("#status")).to_contain_text(words, timeout=20_000)
