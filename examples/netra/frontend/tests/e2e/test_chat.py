"""
Test the chat page in a real browser

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that users understand and trust
- Value Impact: Users see an agent work, step by step, and keep their conversations
- Strategic Impact: Chat is the product
"""

import pytest
from frontend.tests.e2e.chat_page import FIVE
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]  # the loop of the browser

MARKUP = """<img src=x onerror="document.title='taken over'"><script>document.title='taken over'</script>"""
WATCH = """
// Notes each step when it appears, and whether the run still went on.
window.seen = [];
new MutationObserver((changes) => {
  for (const { addedNodes } of changes)
    for (const node of addedNodes)
      if (node.dataset?.event) window.seen.push([node.dataset.event, node.closest('article').matches('.is-running')]);
}).observe(document, { childList: true, subtree: true });
"""


async def test_a_user_sees_each_step_of_an_agent_while_it_works_and_then_its_advice(chat):
    await chat.page.add_init_script(WATCH)
    await chat.register()
    await chat.ask("Where can I save 1,000 dollars a month?")
    seen = await chat.page.evaluate("window.seen")
    assert [event for event, _ in seen] == FIVE
    assert [was_running for _, was_running in seen][:-1] == [True] * 4
    await expect(chat.mine).to_have_text("Where can I save 1,000 dollars a month?")
    await expect(chat.runs.last.get_by_role("heading", name="Recommendations")).to_be_visible()
    assert await chat.runs.last.locator(".recommendations li").count() >= 1


async def test_markup_in_names_and_messages_stays_text(chat):
    await chat.register(name=MARKUP)
    await chat.ask(MARKUP)
    for _ in range(2):
        await expect(chat.mine).to_have_text(MARKUP)
        await expect(chat.threads).to_contain_text(MARKUP[:40])
        assert await chat.page.locator("#chat img:not([src='icon.svg']), #chat script").count() == 0
        assert await chat.page.title() == "Netra"
        await chat.page.reload()
        await chat.expect_status("Connected")


async def test_a_reload_keeps_the_login_and_the_thread(chat):
    await chat.register()
    await chat.ask("What do my idle machines cost?")
    answer = await chat.runs.last.locator(".summary").text_content()
    await chat.page.reload()
    await chat.expect_status("Connected")
    await expect(chat.mine).to_have_text("What do my idle machines cost?")
    await expect(chat.runs.last).to_contain_text(answer)
    await expect(chat.runs.last.get_by_role("heading", name="Recommendations")).to_be_visible()


async def test_conversations_are_listed_and_each_has_its_own_history(chat):
    await chat.register()
    await chat.ask("What do my idle machines cost?")
    await chat.page.get_by_role("button", name="New conversation").click()
    await chat.ask("And my storage cost?")
    await expect(chat.threads).to_have_count(2)
    await chat.threads.get_by_text("What do my idle machines cost?").click()
    await expect(chat.mine).to_have_text("What do my idle machines cost?")
    await chat.ask("Is that much of the cost?")
    await expect(chat.mine).to_have_count(2)
    await expect(chat.threads).to_have_count(2)


async def test_the_thread_of_another_user_is_not_shown(chat):
    await chat.register()
    await chat.ask("A secret question about cost")
    others = chat.page.url
    await chat.log_out()
    chat.email = f"other-{chat.email}"
    await chat.register()
    await chat.page.goto(others)
    await chat.page.reload()
    await chat.expect_status("Connected")
    await expect(chat.log).to_contain_text("What does your cloud cost you?")
    await expect(chat.log).not_to_contain_text("secret")


async def test_a_phone_has_all_of_it(chat):
    await chat.page.set_viewport_size({"width": 360, "height": 740})
    await chat.register()
    await chat.page.get_by_label("Message").fill("What does my cloud cost?")
    await chat.page.keyboard.press("Enter")
    await expect(chat.runs.last).to_contain_text("Done")
    assert await chat.page.evaluate("document.documentElement.scrollWidth") <= 360
    await chat.page.get_by_role("button", name="Conversations").click()
    await expect(chat.threads).to_be_visible()
    await chat.threads.get_by_role("button").click()
    await expect(chat.mine).to_be_visible()
