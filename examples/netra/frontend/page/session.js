// Who is logged in: keeps the tokens of this tab, and renews the short-lived one before or when it expires.

import { ServiceError, ask } from "./service.js";

const KEY = "netra-session";
const EARLY_MS = 10_000;

export class Session {
  #url;
  #state;
  #renewal = null;

  constructor(authUrl) {
    this.#url = authUrl;
    this.#state = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  }

  get isOpen() { return this.#state !== null; }
  get userId() { return this.#state.userId; }
  get email() { return this.#state.email; }

  async logIn(email, password) {
    this.#keep(await this.#post("login", { email, password }), email);
  }

  async register(account) {
    this.#keep(await this.#post("register", account), account.email);
  }

  logOut() {
    this.#state = null;
    sessionStorage.removeItem(KEY);
  }

  // Returns an access token that is good for a while yet.
  async token() {
    if (Date.now() > this.#state.expiresAt - EARLY_MS) await this.renew();
    return this.#state.access;
  }

  // Gets new tokens. A refresh token works once, so whoever asks meanwhile waits for the same answer.
  renew() {
    this.#renewal ??= this.#renewed().finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  async #renewed() {
    try {
      this.#keep(await this.#post("refresh", { refresh_token: this.#state.refresh }), this.#state.email);
    } catch (error) {
      if (error.status !== 401) throw error;
      this.logOut();
      throw new ServiceError("session_ended", "Your session has ended. Please log in again.", 401);
    }
  }

  #post(path, body) {
    return ask("login service", `${this.#url}/${path}`, { method: "POST", body });
  }

  #keep(answer, email) {
    this.#state = {
      userId: answer.user_id,
      email,
      access: answer.access_token,
      refresh: answer.refresh_token,
      expiresAt: Date.now() + answer.expires_in * 1000, // by this clock alone, which may be wrong
    };
    sessionStorage.setItem(KEY, JSON.stringify(this.#state));
  }
}
