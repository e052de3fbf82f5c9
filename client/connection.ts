import { isReserved } from "../protocol/channel.js";
import type { Message } from "../protocol/frames.js";
import { PROTOCOL_DENIED } from "../protocol/version.js";
import { backoff } from "./backoff.js";
import type { Emitter } from "./emitter.js";
import type { RequestCode } from "./errors.js";
import { parse, type Incoming } from "./frames.js";
import { offer } from "./handshake.js";
import { deadline, type Socket } from "./host.js";
import { PING_INTERVAL, PING_TIMEOUT, RETRY_BASE, RETRY_CAP, TIMEOUT, type Settings } from "./options.js";
import { transition, type Happening, type State, type StateCode } from "./state.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Traffic } from "./traffic.js";
import type { Events } from "./types.js";
import { watch } from "./watch.js";

/** How long a connection must have stood, in milliseconds, for its loss to count as a first one. */
const STABLE = 10_000;

/** How recently the server must have been heard, in milliseconds, for a returning page not to ask after it. */
const RECENT = 30_000;

/** Keeps one connection: handshake, state, heartbeat, reconnecting. */
export class Connection {
  _state: State = "disconnected";
  readonly #settings: Settings;
  readonly #traffic: Traffic;
  readonly #subscriptions: Subscriptions;
  readonly #events: Emitter<Events>;
  /** Names the attempt or connection that counts: what an older one still tells is ignored. */
  #current: object | undefined;
  #attempt = 0;
  #openedAt = 0;
  #heardAt = 0;
  #pinging = false;
  /** The timer of the next attempt, while one waits. */
  #retry: unknown;
  #cancelHandshake: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(settings: Settings, traffic: Traffic, subscriptions: Subscriptions, events: Emitter<Events>) {
    this.#settings = settings;
    this.#traffic = traffic;
    this.#subscriptions = subscriptions;
    this.#events = events;
  }

  /** Connects; where an attempt waits for its time, it is made now. */
  _connect(): void {
    const { host, pingInterval = PING_INTERVAL } = this.#settings;
    if (!this.#enter("connect", "connect")) return this.#hurry();
    this.#attempt = 0;
    this.#traffic._stopped = undefined;
    this.#unwatch = watch(
      host,
      pingInterval,
      () => this.#ping(),
      (online) => this.#wake(online),
    );
    void this.#open();
  }

  async #open(): Promise<void> {
    const current = (this.#current = {});
    const { host, timeout = TIMEOUT, credentials, url, WebSocket = host.WebSocket! } = this.#settings;
    this.#stopTimers();
    this.#cancelHandshake = deadline(host, timeout, () => this._leave("lose", "timeout"));
    let failure: StateCode = "credentials_failed";
    try {
      const protocols = offer(await (typeof credentials == "function" ? credentials() : credentials));
      if (this.#current != current) return;
      if (!protocols) return this._leave("stop", "credentials_too_large", "Credentials may have 4,096 bytes of JSON.");
      failure = "socket_failed";
      this.#listen(new WebSocket(url, protocols), current);
    } catch (error) {
      if (this.#current == current) this._leave("lose", failure, String(error));
    }
  }

  #listen(socket: Socket, current: object): void {
    const live = <Event>(handle: (event: Event) => void): ((event: Event) => void) => (event) => {
      if (this.#current == current) handle(event);
    };
    this.#traffic._socket = socket;
    socket.onopen = live(() => {
      this.#stopTimers();
      if (socket.protocol == PROTOCOL_DENIED) this.#askWhy();
      else this.#opened();
    });
    socket.onmessage = live(({ data }: { data: unknown }) => parse(data).forEach(live((frame) => this.#receive(frame))));
    socket.onclose = live(({ code, reason }: { code: number; reason: string }) =>
      this._leave("lose", this.#traffic._ready ? "closed" : "unreachable", code + " " + reason),
    );
    // "close" follows and tells more; but some classes throw where nobody listens.
    socket.onerror = () => {};
  }

  #opened(): void {
    this.#openedAt = this.#heardAt = this.#settings.host.Date.now();
    this.#traffic._ready = true;
    this.#enter("open", "connected");
    this.#subscriptions._opened();
    this.#traffic._flush();
  }

  /** The server selected the subprotocol of a denial: it waits to be asked for the reason. */
  #askWhy(): void {
    this.#traffic._ask("connect", this.#settings.timeout, (error) => {
      const { code, message } = error ?? {};
      // No answer, or one that is none, leaves what is certain: there is no agent.
      if (!error || code == "denied" || code == "timeout") this._leave("deny", "denied", message);
      // Where the socket closed meanwhile, that has been told already.
      else if (code != "closed") this._leave("lose", code as StateCode, message);
    });
  }

  #ping(): void {
    if (!this.#traffic._ready || this.#pinging) return;
    this.#pinging = true;
    this.#traffic._ask("ping", this.#settings.pingTimeout ?? PING_TIMEOUT, (error) => {
      this.#pinging = false;
      if (error?.code == "timeout") this._leave("lose", "unresponsive");
    });
  }

  /** Back from sleep, background or an offline spell: try now what waits, doubt what seems connected. */
  #wake(online: boolean): void {
    this.#hurry();
    if (online || this.#settings.host.Date.now() - this.#heardAt > RECENT) this.#ping();
  }

  #hurry(): void {
    if (this.#retry != undefined) void this.#open();
  }

  #stopTimers(): void {
    this.#cancelHandshake?.();
    this.#settings.host.clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #receive(frame: Incoming): void {
    const { channel, message, code, error } = frame;
    const current = this.#current;
    this.#heardAt = this.#settings.host.Date.now();
    if (typeof channel != "string") this.#traffic._gatewayError(String(message));
    else if (!isReserved(channel)) this.#events._emit("message", { ...(frame as Message), payload: frame.data });
    else {
      this.#traffic._answer(frame);
      if (code == "unknown_agent" && this.#current == current) this._leave("lose", code, error);
    }
  }

  /** Leaves the connection or attempt: for another one (`lose`), or until `_connect()`. */
  _leave(happening: Happening, code: StateCode, reason?: string): void {
    const { host, retryBase = RETRY_BASE, retryCap = RETRY_CAP } = this.#settings;
    const traffic = this.#traffic;
    let retryIn: number | undefined;
    if (happening == "lose") {
      if (traffic._ready && host.Date.now() - this.#openedAt > STABLE) this.#attempt = 0;
      retryIn = backoff(this.#attempt, retryBase, retryCap, host.Math.random());
    }
    if (!this.#enter(happening, code, reason, retryIn)) return;
    this.#stopTimers();
    this.#current = undefined;
    traffic._ready = false;
    traffic._socket?.close();
    if (retryIn != undefined) {
      this.#attempt++;
      this.#retry = host.setTimeout(() => void this.#open(), retryIn);
    } else {
      this.#unwatch!();
      traffic._stopped = [code == "disconnect" ? "closed" : (code as RequestCode), reason];
    }
    this.#subscriptions._lost();
    traffic._lost();
  }

  #enter(happening: Happening, code: StateCode, reason = "", retryIn?: number): boolean {
    const previous = this._state;
    const state = transition(previous, happening);
    if (!state) return false;
    this._state = state;
    this.#events._emit("state", { state, previous, code, reason, retryIn });
    return true;
  }
}
