// The WebSocket to the backend: opens itself again after a loss, slower each time, and says what it does.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const STEADY_MS = 5_000;
const TOKEN_REFUSED = 4401;

export class Connection {
  #url;
  #session;
  #heard;
  #socket = null;
  #losses = 0;
  #timer = 0;
  #isWanted = false;

  // `heard` has: status(state, seconds), event(event), opened(), lost(), ended(error).
  constructor(backendUrl, session, heard) {
    this.#url = `${backendUrl.replace(/^http/, "ws")}/ws`;
    this.#session = session;
    this.#heard = heard;
  }

  open() {
    this.#isWanted = true;
    this.#losses = 0;
    this.#connect();
  }

  close() {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }

  // Returns whether the message left; a closed connection takes none.
  send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
    return this.isOpen;
  }

  async #connect() {
    this.#heard.status("connecting", 0);
    let token;
    try {
      token = await this.#session.token();
    } catch (error) {
      if (error.code === "session_ended") this.#end(error);
      else this.#tryLater();
      return;
    }
    if (!this.#isWanted) return;
    const socket = new WebSocket(this.#url, ["netra", `bearer.${token}`]);
    let openedAt = 0;
    socket.onopen = () => {
      openedAt = Date.now();
      this.#heard.status("open", 0);
      this.#heard.opened();
    };
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      if (openedAt) this.#heard.lost();
      if (!this.#isWanted) return;
      if (openedAt && Date.now() - openedAt > STEADY_MS) this.#losses = 0;
      // Where a handshake is refused, a browser does not say why: the token may be what was wrong.
      if (code === TOKEN_REFUSED || (!openedAt && this.#losses === 1)) this.#renewAndConnect();
      else this.#tryLater();
    };
    this.#socket = socket;
  }

  #take(data) {
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return; // no event of ours
    }
    this.#heard.event(event);
  }

  async #renewAndConnect() {
    this.#losses += 1;
    try {
      await this.#session.renew();
    } catch (error) {
      if (error.code === "session_ended") this.#end(error);
      else this.#tryLater();
      return;
    }
    if (this.#losses > 3) this.#tryLater(); // a backend that refuses even new tokens is not asked without a pause
    else this.#connect();
  }

  #tryLater() {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#losses, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
    this.#losses += 1;
    this.#heard.status("waiting", Math.ceil(wait / 1000));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isWanted && this.#connect(), wait);
  }

  #end(error) {
    this.close();
    this.#heard.ended(error);
  }
}
