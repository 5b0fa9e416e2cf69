// One run of an agent: its events as they come, then its answer.

import { element } from "./elements.js";

const NAMES = { cost_optimizer: "Cost optimizer", triage_agent: "Triage" };

const STEPS = {
  agent_started: (event) => ["Started", NAMES[event.agent] ?? event.agent ?? ""],
  agent_thinking: (event) => ["Thinking", field(event, "reasoning")],
  tool_executing: (event) => ["Using a tool", field(event, "tool_name")],
  tool_completed: (event) => ["Tool finished", `${field(event, "tool_name")}, ${milliseconds(field(event, "duration"))}`],
  tool_error: (event) => ["Tool failed", field(event, "tool_name")],
  agent_fallback: (event) => ["Without the language model", field(event, "reason")],
  agent_completed: () => ["Done", ""],
};

export class Run {
  #steps = element("ol", { class: "steps" });
  #answer = element("div", { class: "answer" });

  constructor() {
    this.isOver = false;
    this.threadId = null;
    this.node = element("article", { class: "message from-agent is-running", "aria-label": "Agent" }, this.#steps, this.#answer);
  }

  take(event) {
    const step = STEPS[event.type];
    if (!step) return;
    const [title, detail] = step(event);
    this.#steps.append(element("li", { "data-event": event.type }, element("span", {}, title), ` ${text(detail)}`));
    if (event.type === "agent_completed") {
      this.#end();
      this.#answer.append(...answerOf(text(field(event, "final_response")), event.data?.result));
    }
  }

  fail(message, again) {
    this.#end();
    this.node.classList.add("has-failed");
    this.#answer.append(
      element("p", { class: "error" }, message),
      element("button", { type: "button", on: { click: () => { this.node.remove(); again(); } } }, "Ask again"),
    );
  }

  #end() {
    this.isOver = true;
    this.node.classList.remove("is-running");
  }
}

// Returns nodes that show an answer; `result` is what the agent found, where that is known.
export function answerOf(summary, result) {
  const nodes = [element("p", { class: "summary" }, summary)];
  const amount = Number(result?.potential_savings?.monthly_amount);
  if (amount > 0) nodes.push(element("p", { class: "savings" }, `${dollars(amount)} a month`));
  const recommendations = Array.isArray(result?.recommendations) ? result.recommendations : [];
  if (recommendations.length) {
    nodes.push(element("h3", {}, "Recommendations"));
    nodes.push(element("ul", { class: "recommendations" }, ...recommendations.map((one) => element("li", {}, text(one)))));
  }
  const who = whoAnswered(result);
  if (who) nodes.push(element("p", { class: "who quiet" }, who));
  return nodes;
}

function whoAnswered(result) {
  if (result?.answered_by === "rules") return "Answered by rules, without a language model.";
  const model = result?.language_model;
  if (!model) return "";
  return model.is_scripted ? `Answered by a scripted stand-in for a language model, ${text(model.name)}.` : `Answered by ${text(model.name)}.`;
}

function field(event, name) {
  return event[name] ?? event.data?.[name] ?? "";
}

function text(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function milliseconds(seconds) {
  const whole = Math.round(Number(seconds) * 1000);
  return whole < 1 ? "less than 1 ms" : `${whole} ms`;
}

function dollars(amount) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).format(amount);
}
