"""
Test the chat page in trouble

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Users who are not left alone when something fails
- Value Impact: Each trouble is told in words, and what can mend itself does
- Strategic Impact: Trust
"""

import asyncio
import json
import time
from pathlib import Path

import jwt
import pytest
from ci_toolkit.services.catalog.settings import read_table
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]  # the loop of the browser

ROOT = Path(__file__).parents[3]


async def test_a_wrong_password_and_a_known_email_are_told(chat):
    await chat.register()
    await chat.log_out()
    await chat.log_in(password="not the password")
    await expect(chat.alert).to_have_text("Email or password is wrong.")
    await chat.page.get_by_role("button", name="Create account").first.click()
    await chat.page.get_by_role("button", name="Create account").last.click()
    await expect(chat.alert).to_have_text("There is an account with this email already. Log in instead.")
    await chat.log_in()
    await chat.expect_status("Connected")


async def test_a_token_that_has_expired_is_renewed_without_a_word(chat, ages):
    await chat.register()
    await chat.ask("What does my cloud cost?")
    await ages(chat, seconds=-60)
    await chat.page.reload()
    await chat.expect_status("Connected")
    await expect(chat.mine).to_have_text("What does my cloud cost?")
    await expect(chat.alert).to_have_count(0)


async def test_a_token_that_expires_on_an_open_connection_is_renewed_too(chat, ages):
    await chat.register()
    is_closed = asyncio.Event()
    chat.page.on("websocket", lambda socket: socket.on("close", lambda _: is_closed.set()))
    await ages(chat, seconds=3)
    await chat.page.reload()
    await asyncio.wait_for(is_closed.wait(), 60)
    await chat.expect_status("Connected")
    await chat.ask("Does the cost of the connection matter?")


async def test_a_session_that_cannot_be_renewed_ends_in_words(chat, ages):
    await chat.register()
    await ages(chat, seconds=-60, refresh="spent")
    await chat.page.reload()
    await expect(chat.alert).to_have_text("Your session has ended. Please log in again.")
    await chat.log_in()
    await chat.expect_status("Connected")


async def test_a_backend_that_goes_and_comes_back_is_told_and_the_chat_goes_on(chat, real_services):
    await chat.register()
    await chat.ask("What does my cloud cost?")
    real_services.kill("backend")
    await chat.expect_status("Connection lost. Trying again in")
    await expect(chat.page.get_by_role("button", name="Send")).to_be_disabled()
    await chat.page.get_by_label("Message").fill("kept while it is away: cost?")
    real_services.restart("backend")
    await chat.expect_status("Connected")
    await chat.page.get_by_role("button", name="Send").click()
    await expect(chat.runs).to_have_count(2)
    await expect(chat.runs.last).to_contain_text("Done")
    await expect(chat.mine.last).to_have_text("kept while it is away: cost?")


@pytest.mark.usefixtures("scripted_model")
async def test_a_backend_that_dies_in_the_middle_of_an_answer_loses_no_message(chat, real_services):
    await chat.register()
    await chat.send("scripted:hang My cost?")
    await expect(chat.runs.last).to_contain_text("Tool finished")
    real_services.kill("backend")
    await expect(chat.runs.last).to_contain_text("The connection was lost before the answer came. Your message is kept.")
    real_services.restart("backend")
    await chat.expect_status("Connected")
    await expect(chat.runs.last).to_contain_text("The agent was interrupted before it had an answer.")
    await expect(chat.runs.last.get_by_role("button", name="Ask again")).to_be_enabled()
    await chat.ask("And without the trouble, my cost?")
    await expect(chat.mine).to_have_text(["scripted:hang My cost?", "And without the trouble, my cost?"])


@pytest.mark.usefixtures("scripted_model")
async def test_a_reload_while_an_agent_works_says_that_it_does(chat):
    await chat.register()
    await chat.send("scripted:hang My cost?")
    await expect(chat.runs.last).to_contain_text("Started")
    await chat.page.reload()
    await expect(chat.log).to_contain_text("The agent is still at work.")


@pytest.mark.usefixtures("scripted_model")
async def test_without_a_language_model_rules_answer_and_the_page_says_so(chat):
    await chat.register()
    await chat.ask("scripted:error What does my cloud cost?")
    await expect(chat.runs.last).to_contain_text("Without the language model")
    await expect(chat.runs.last).to_contain_text("Answered by rules, without a language model.")


@pytest.mark.usefixtures("scripted_model")
async def test_what_an_agent_cannot_answer_is_told_and_may_be_asked_again(chat):
    await chat.register()
    await chat.page.get_by_label("Agent", exact=True).select_option("Triage")
    await chat.send("scripted:error Hello")
    await expect(chat.runs.last.locator(".error")).not_to_be_empty()
    await chat.page.get_by_role("button", name="Ask again").click()
    await expect(chat.runs.last.locator(".error")).not_to_be_empty()
    await expect(chat.mine).to_have_count(1)


@pytest.fixture
def ages():
    """Let the access token of a tab expire in some seconds, and its page believe that it does not."""

    secret = read_table(ROOT).service("auth").variables["AUTH_SECRET"]

    async def age(chat, *, seconds, refresh=None):
        session = json.loads(await chat.page.evaluate("sessionStorage.getItem('netra-session')"))
        claims = jwt.decode(session["access"], options={"verify_signature": False})
        claims |= {"iat": int(time.time()) - 900, "exp": int(time.time()) + seconds}
        session |= {"access": jwt.encode(claims, secret, "HS256"), "expiresAt": (time.time() + 900) * 1000}
        if refresh:
            session["refresh"] = refresh
        await chat.page.evaluate("(session) => sessionStorage.setItem('netra-session', session)", json.dumps(session))

    return age
