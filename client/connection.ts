import { isReserved } from "../protocol/channel.js";
import { Meta, type Message } from "../protocol/frames.js";
import { PROTOCOL_DENIED } from "../protocol/version.js";
import { backoff } from "./backoff.js";
import { PushItError, type RequestCode } from "./errors.js";
import { Exchanges, type Request, type Settle } from "./exchanges.js";
import { parse, type Incoming } from "./frames.js";
import { offer } from "./handshake.js";
import { deadline, type Socket } from "./host.js";
import { freshId } from "./id.js";
import type { Settings } from "./options.js";
import { transition, type Happening, type State, type StateChange, type StateCode } from "./state.js";
import { watch } from "./watch.js";
import type { Wire } from "./wire.js";

/** How long a connection must have stood, in milliseconds, for its loss to count as a first one. */
const STABLE = 10_000;

/** How recently the server must have been heard, in milliseconds, for a returning page not to ask after it. */
const RECENT = 30_000;

/** What the connection tells. */
export interface ConnectionEvents {
  _changed(change: StateChange): void;
  /** The server accepted the agent. */
  _opened(): void;
  /** The agent is gone; the requests in flight fail right after this. */
  _lost(): void;
  /** Given up until `connect()`: nothing that waits will be sent. */
  _stopped(error: PushItError): void;
  _message(message: Message): void;
}

/** Keeps one connection: handshake, state, heartbeat, reconnecting. */
export class Connection implements Wire {
  _state: State = "disconnected";
  _stopped: PushItError | undefined;
  readonly #settings: Settings;
  readonly #events: ConnectionEvents;
  readonly #exchanges = new Exchanges();
  /** Names the attempt or connection that counts: what an older one still tells is ignored. */
  #current: object | undefined;
  #socket: Socket | undefined;
  #attempt = 0;
  #openedAt = 0;
  #heardAt = 0;
  #pinging = false;
  /** The timer of the next attempt, while one waits. */
  #retry: unknown;
  #cancelHandshake = (): void => {};
  #unwatch = (): void => {};

  constructor(settings: Settings, events: ConnectionEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Connects; where an attempt waits for its time, it is made now. */
  _connect(): void {
    if (!transition(this._state, "connect")) return this.#hurry();
    this.#attempt = 0;
    this._stopped = undefined;
    this.#unwatch = watch(
      this.#settings._host,
      this.#settings._pingInterval,
      () => this.#ping(),
      (online) => this.#wake(online),
    );
    this.#enter("connect", "connect", "The application connects.");
    void this.#open();
  }

  /** Disconnects for good. */
  _disconnect(): void {
    this.#leave("stop", "disconnect", "The application disconnected.");
  }

  _ready(): boolean {
    return this._state == "connected";
  }

  _send(frame: string, requests?: readonly Request[], done?: () => void, timeout = this.#settings._timeout): void {
    if (requests) this.#exchanges._begin(this.#settings._host, requests, timeout, done);
    this.#socket!.send(frame);
  }

  async #open(): Promise<void> {
    const current = (this.#current = {});
    const { _host, _timeout, _credentials, _url } = this.#settings;
    this.#stopRetry();
    this.#cancelHandshake = deadline(_host, _timeout, () => this.#lose("timeout", "Not connected in time."));
    let protocols: string[] | undefined;
    try {
      const credentials = _credentials();
      protocols = offer(await (typeof credentials == "function" ? credentials() : credentials));
    } catch (error) {
      if (this.#current == current) this.#lose("credentials_failed", String(error));
      return;
    }
    if (this.#current != current) return;
    if (!protocols) return this.#leave("stop", "credentials_too_large", "The credentials exceed 4,096 bytes of JSON.");
    try {
      this.#socket = new this.#settings.WebSocket(_url, protocols);
    } catch (error) {
      return this.#leave("stop", "socket_failed", String(error));
    }
    this.#listen(this.#socket, current);
  }

  #listen(socket: Socket, current: object): void {
    const live = <Event>(handle: (event: Event) => void): ((event: Event) => void) => (event) => {
      if (this.#current == current) handle(event);
    };
    socket.onopen = live(() => (socket.protocol == PROTOCOL_DENIED ? this.#askWhy() : this.#opened()));
    socket.onmessage = live(({ data }: { data: unknown }) => parse(data).forEach(live((frame) => this.#receive(frame))));
    socket.onclose = live(({ code, reason }: { code: number; reason: string }) =>
      this.#lose(this._ready() ? "closed" : "unreachable", `${code} ${reason}`.trim()),
    );
    // "close" follows and tells more; but some classes throw where nobody listens.
    socket.onerror = () => {};
  }

  #opened(): void {
    this.#cancelHandshake();
    this.#openedAt = this.#heardAt = this.#settings._host.Date.now();
    this.#enter("open", "connected", "The server accepted the agent.");
    this.#events._opened();
  }

  /** The server selected the subprotocol of a denial: it waits to be asked for the reason. */
  #askWhy(): void {
    this.#cancelHandshake();
    this.#ask("connect", this.#settings._timeout, (error) => {
      // No answer, or one that is none, leaves what is certain: there is no agent.
      const { code, message } = error && error.code != "timeout" ? error : new PushItError("denied", "Denied.");
      if (code == "denied") this.#leave("deny", code, message);
      else if (code != "closed") this.#lose(code as StateCode, message);
    });
  }

  #ask(action: "connect" | "ping", timeout: number, settle: Settle): void {
    const uuid = freshId();
    const frame = JSON.stringify({ action, channel: Meta[action], uuid });
    this._send(frame, [{ _uuid: uuid, _settle: settle }], undefined, timeout);
  }

  #ping(): void {
    if (!this._ready() || this.#pinging) return;
    this.#pinging = true;
    this.#ask("ping", this.#settings._pingTimeout, (error) => {
      this.#pinging = false;
      if (error?.code == "timeout") this.#lose("unresponsive", "A ping was not answered.");
    });
  }

  /** Back from sleep, background or an offline spell: try now what waits, doubt what seems connected. */
  #wake(online: boolean): void {
    this.#hurry();
    if (online || this.#settings._host.Date.now() - this.#heardAt > RECENT) this.#ping();
  }

  #hurry(): void {
    if (this.#retry !== undefined) void this.#open();
  }

  #stopRetry(): void {
    this.#settings._host.clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #receive(frame: Incoming): void {
    this.#heardAt = this.#settings._host.Date.now();
    const { channel, message, code, error } = frame;
    if (typeof channel != "string") {
      if (typeof message == "string") this.#exchanges._gatewayError(message);
    } else if (!isReserved(channel)) this.#events._message(frame as Message);
    else {
      const current = this.#current;
      this.#exchanges._answer(frame);
      if (code == "unknown_agent" && this.#current == current) this.#lose(code, error!);
    }
  }

  #lose(code: StateCode, reason: string): void {
    this.#leave("lose", code, reason);
  }

  /** Leaves the connection or attempt: for another one (`lose`), or for good. */
  #leave(happening: Happening, code: StateCode, reason: string): void {
    if (!transition(this._state, happening)) return;
    const { _host, _retryBase, _retryCap } = this.#settings;
    this.#current = undefined;
    this.#cancelHandshake();
    this.#stopRetry();
    this.#socket?.close();
    this.#socket = undefined;
    let retryIn: number | undefined;
    if (happening == "lose") {
      if (this._ready() && _host.Date.now() - this.#openedAt > STABLE) this.#attempt = 0;
      retryIn = backoff(this.#attempt++, _retryBase, _retryCap, _host.Math.random());
      this.#retry = _host.setTimeout(() => void this.#open(), retryIn);
    } else {
      this.#unwatch();
      this._stopped = new PushItError(code == "disconnect" ? "closed" : (code as RequestCode), reason);
    }
    this.#enter(happening, code, reason, retryIn);
    this.#events._lost();
    this.#exchanges._failAll("closed", "The connection was lost.");
    if (this._stopped) this.#events._stopped(this._stopped);
  }

  #enter(happening: Happening, code: StateCode, reason: string, retryIn?: number): void {
    const previous = this._state;
    this._state = transition(previous, happening)!;
    this.#events._changed({ state: this._state, previous, code, reason, retryIn });
  }
}
