// The page: the entrance where nobody is logged in, else the chat.

import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { byId, element, say } from "./elements.js";
import { ask } from "./service.js";
import { Session } from "./session.js";

const config = await ask("page's server", "/config.json");
const session = new Session(config.auth_url);
const connection = new Connection(config.backend_url, session, {
  status: showStatus,
  event: take,
  opened: () => conversation.catchUp().catch(report),
  lost: () => { conversation.lose(); showBusy(); },
  ended: leave,
});
const conversation = new Conversation({ ask: askBackend, send: (message) => connection.send(message), changed: showThreads });

// --- the services ----------------------------------------------------------------------------------

async function askBackend(path) {
  try {
    return await ask("chat service", config.backend_url + path, { token: await session.token() });
  } catch (error) {
    if (error.status !== 401 || !session.isOpen) throw error;
    await session.renew();
    return ask("chat service", config.backend_url + path, { token: await session.token() });
  }
}

function take(event) {
  if (event.type === "error" && event.code === "token_expired") return; // the connection renews itself
  conversation.take(event);
  showBusy();
  if (event.type === "agent_completed") showUsage();
}

function report(error) {
  if (error.code === "session_ended") leave(error);
  else say(byId("notice"), error.message);
}

// --- the entrance ----------------------------------------------------------------------------------

let isRegistering = false;

function choose(registering) {
  isRegistering = registering;
  byId("choose-login").setAttribute("aria-pressed", String(!registering));
  byId("choose-register").setAttribute("aria-pressed", String(registering));
  for (const field of document.querySelectorAll(".of-register")) field.hidden = !registering;
  byId("password").autocomplete = registering ? "new-password" : "current-password";
  byId("enter").textContent = registering ? "Create account" : "Log in";
  say(byId("entrance-error"), "");
}

async function enter(event) {
  event.preventDefault();
  const { email, password, name, subscription } = Object.fromEntries(new FormData(event.target));
  byId("enter").disabled = true;
  say(byId("entrance-error"), "");
  try {
    if (isRegistering) await session.register({ email, password, name, subscription });
    else await session.logIn(email, password);
    event.target.reset();
    await openChat();
  } catch (error) {
    say(byId("entrance-error"), entranceError(error));
  } finally {
    byId("enter").disabled = false;
  }
}

function entranceError(error) {
  if (error.status === 401) return "Email or password is wrong.";
  if (error.status === 409) return "There is an account with this email already. Log in instead.";
  return error.message;
}

function leave(error = null) {
  connection.close();
  session.logOut();
  location.hash = "";
  byId("chat").hidden = true;
  byId("entrance").hidden = false;
  byId("log").replaceChildren();
  choose(false);
  say(byId("entrance-error"), error?.message ?? "");
  byId("email").focus();
}

// --- the chat --------------------------------------------------------------------------------------

async function openChat() {
  byId("entrance").hidden = true;
  byId("chat").hidden = false;
  byId("who").textContent = session.email;
  connection.open();
  showUsage();
  await Promise.all([showThreads(), show(threadOfAddress())]);
  byId("message").focus();
}

function threadOfAddress() {
  return new URLSearchParams(location.hash.slice(1)).get("thread");
}

async function show(threadId) {
  try {
    await conversation.show(threadId);
  } catch (error) {
    if (error.status === 404) await conversation.show(null); // another user's, or one that is gone
    else report(error);
  }
  markThread();
  showBusy();
}

async function showThreads() {
  try {
    const threads = await askBackend("/threads");
    byId("thread-list").replaceChildren(...threads.map(({ id, title }) => element(
      "li", {}, element("button", { class: "plain thread", "data-thread": id, on: { click: () => openThread(id) } }, title || "Untitled"),
    )));
    markThread();
  } catch (error) {
    report(error);
  }
}

function markThread() {
  for (const button of byId("thread-list").querySelectorAll("button")) {
    if (button.dataset.thread === conversation.threadId) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}

async function openThread(id) {
  foldThreads();
  await show(id);
}

async function showUsage() {
  if (!config.analytics_url) return;
  try {
    const usage = await ask("usage service", `${config.analytics_url}/usage/${encodeURIComponent(session.userId)}`, { token: await session.token() });
    say(byId("usage"), `You have used ${usage.tokens.toLocaleString("en-US")} tokens, $${usage.usd.toFixed(4)}.`);
  } catch {
    say(byId("usage"), ""); // the chat does without
  }
}

function showStatus(state, seconds) {
  const words = { open: "Connected", connecting: "Connecting…", waiting: `Connection lost. Trying again in ${seconds} s` };
  byId("status").textContent = words[state];
  byId("status").dataset.state = state;
  showBusy();
}

function showBusy() {
  byId("send").disabled = conversation.isBusy || !connection.isOpen;
}

function send(event) {
  event.preventDefault();
  const message = byId("message").value.trim();
  if (!message || byId("send").disabled) return;
  byId("message").value = "";
  conversation.say(message, byId("agent").value);
  showBusy();
}

function foldThreads(isOpen = false) {
  byId("show-threads").setAttribute("aria-expanded", String(isOpen));
}

byId("choose-login").addEventListener("click", () => choose(false));
byId("choose-register").addEventListener("click", () => choose(true));
byId("entrance-form").addEventListener("submit", enter);
byId("log-out").addEventListener("click", () => leave());
byId("show-threads").addEventListener("click", ({ currentTarget }) => foldThreads(currentTarget.getAttribute("aria-expanded") !== "true"));
byId("new-thread").addEventListener("click", () => openThread(null));
byId("composer").addEventListener("submit", send);
byId("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
});

if (session.isOpen) await openChat();
else leave();
