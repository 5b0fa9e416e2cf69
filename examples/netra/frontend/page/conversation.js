// The conversation that is shown: its stored messages, and the run that goes on.

import { byId, element, say } from "./elements.js";
import { Run, answerOf } from "./run.js";

const LOST = "The connection was lost before the answer came. Your message is kept.";
const LOST_AT_ONCE = "The connection was lost before the chat service had your message.";
const INTERRUPTED = "The agent was interrupted before it had an answer. Your message is kept.";
const FAILED = "The agent found no answer. Your message is kept.";
const STILL_RUNNING = "The agent is still at work.";
const LOOK_AGAIN_MS = 2_000;
const UNSENT = "There is no connection, so this was not sent.";

export class Conversation {
  #ask;
  #send;
  #changed;
  #log = byId("log");
  #run = null;
  #threadId = null;
  #asked = null;

  // `ask(path)` reads from the backend, `send(message)` returns whether it left, `changed()` hears of a new thread.
  constructor({ ask, send, changed }) {
    this.#ask = ask;
    this.#send = send;
    this.#changed = changed;
  }

  get threadId() { return this.#threadId; }
  get isBusy() { return this.#run !== null && !this.#run.isOver; }

  async show(threadId) {
    const thread = threadId ? await this.#ask(`/threads/${encodeURIComponent(threadId)}`) : null;
    this.#threadId = threadId;
    location.hash = threadId ? `thread=${encodeURIComponent(threadId)}` : "";
    this.#log.replaceChildren(...(thread ? thread.messages.map(stored) : [welcome()]));
    if (this.isBusy && this.#run.threadId === threadId) this.#log.append(this.#run.node);
    else if (thread) this.#showEnd(thread.messages.at(-1));
    say(byId("notice"), "");
    this.#scroll();
  }

  say(message, agent) {
    this.#log.querySelector(".welcome")?.remove();
    this.#log.append(ofUser(message));
    this.#start(requestOf({ id: newId(), agent, message, threadId: this.#threadId }));
  }

  // Takes an event of the run that goes on; what comes of others, such as from before a loss, is in their thread.
  take(event) {
    if (!this.isBusy || (event.request_id && event.request_id !== this.#asked.request_id)) return;
    if (event.type === "error") {
      this.#fail(event.message ?? "The agent failed.");
      return;
    }
    if (event.type === "agent_started") this.#begin(event);
    this.#run.take(event);
    this.#scroll();
  }

  // The connection is gone: what the backend goes on to do for the run, the thread will hold.
  lose() {
    if (this.isBusy) this.#fail(this.#run.threadId ? LOST : LOST_AT_ONCE); // it starts when the message is stored
  }

  // The connection is back: the thread may hold by now what was missed.
  async catchUp() {
    if (this.#threadId && this.#run?.node.classList.contains("has-failed")) {
      await this.show(this.#threadId);
    }
  }

  // Shows what became of a message that has no answer.
  #showEnd(message) {
    const threadId = this.#threadId;
    if (message?.role !== "user" || !message.state) return;
    if (message.state === "running") {
      this.#log.append(element("p", { class: "quiet" }, STILL_RUNNING));
      setTimeout(() => this.#threadId === threadId && !this.isBusy && this.show(threadId).catch(() => {}), LOOK_AGAIN_MS);
      return;
    }
    this.#asked = requestOf({ id: message.request_id, agent: message.agent, message: message.content, threadId });
    this.#run = new Run();
    this.#log.append(this.#run.node);
    this.#fail(message.state === "interrupted" ? INTERRUPTED : FAILED);
  }

  // Asked again, a request keeps its id: the backend answers it once, and stores its message once.
  #start(request) {
    this.#asked = request;
    this.#run = new Run();
    this.#log.append(this.#run.node);
    this.#scroll();
    if (!this.#send(request)) this.#fail(UNSENT);
  }

  #begin(event) {
    this.#run.threadId = event.thread_id;
    if (this.#threadId === event.thread_id) return;
    this.#threadId = event.thread_id;
    location.hash = `thread=${encodeURIComponent(event.thread_id)}`;
    this.#changed();
  }

  #fail(message) {
    const request = this.#asked;
    this.#run.fail(message, () => this.#start(request));
    this.#scroll();
  }

  #scroll() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}

function stored(message) {
  if (message.role === "user") return ofUser(message.content);
  return element("article", { class: "message from-agent", "aria-label": "Agent" }, ...answerOf(message.content, message.result));
}

function ofUser(content) {
  return element("article", { class: "message from-user", "aria-label": "You" }, element("p", {}, content));
}

function requestOf({ id, agent, message, threadId }) {
  return { type: "agent_request", request_id: id, agent, message, thread_id: threadId ?? "", context: {} };
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function welcome() {
  return element(
    "div", { class: "welcome" },
    element("h2", {}, "What does your cloud cost you?"),
    element("p", { class: "quiet" }, "For example: “Where can I save 1,000 dollars a month?” You see each step of the agent while it works."),
  );
}
