import { DENIES_CONNECTION, ENDS_AGENT, hasTrait } from "../../../protocol/codes.js";
import { type ConnectionInfo, type Message, Meta, type SubscribeResult } from "../../../protocol/frames.js";
import { SUBPROTOCOL_DENIED } from "../../../protocol/version.js";
import { PushItError, type RequestCode } from "../errors.js";
import type { ConnectionPart, Internals } from "../internals.js";
import { requireSocketClass, type Socket } from "../platform/platform.js";
import { type IncomingFrame, parseFrame } from "../requests/frames.js";
import type { RequestQueue } from "../requests/request-queue.js";
import { backoff } from "./backoff.js";
import { CredentialsRenewal } from "./credentials-renewal.js";
import { buildSubprotocols } from "./handshake.js";
import { Heartbeat } from "./heartbeat.js";
import { PingPayload } from "./ping-payload.js";
import { type ConnectionEvent, type State, type StateCode, transition } from "./state.js";
import { Transport } from "./transport.js";

/** How long a connection must have been open, in milliseconds, so that its loss counts as a first failure. */
const STABLE_AFTER_MS = 10_000;

/** Keeps one connection to the server: handshake, state, heartbeat, reconnection, renewal. */
export class Connection implements ConnectionPart {
  state: State = "disconnected";
  /** The transport in use, also while the SDK checks whether it still works. */
  transport: Transport | undefined;
  readonly #client: Internals;
  readonly #queue: RequestQueue;
  readonly #payload: PingPayload;
  readonly #heartbeat: Heartbeat;
  readonly #renewal: CredentialsRenewal;
  /** The socket that opens. Events of earlier sockets are ignored. */
  #opening: { close?(): void } | undefined;
  #cancelTimeout: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  /** How many attempts failed since the last stable connection. */
  #failures = 0;
  /** Whether the server has accepted this client since `connect()`. */
  #wasAccepted = false;
  /** The transport on which a ping waits for its reply. */
  #pinging: Transport | undefined;

  constructor(client: Internals, queue: RequestQueue) {
    this.#client = client;
    this.#queue = queue;
    this.#payload = new PingPayload(client, this);
    this.#heartbeat = new Heartbeat(client, this, this.#payload);
    this.#renewal = new CredentialsRenewal(client, (data) => this.#refresh(data));
  }

  /**
   * Connects, also after a denial. If the next attempt waits, it is made at once. With new credentials, the connection
   * or attempt is replaced.
   * @throws Error if there is no WebSocket class
   */
  connect(options: { credentials?: unknown } = {}): void {
    requireSocketClass(this.#client.options);
    if ("credentials" in options) {
      this.#renewal.credentials = options.credentials;
      this.#client.notify("onUserChanged");
      this.lose("connect", "", 0);
    }
    if (!this.#enter("connect", "connect")) return this.reconnectNow();
    this.#failures = 0;
    this.#wasAccepted = false;
    this.#queue.stopped = undefined;
    this.#client.notify("onConnecting");
    void this.#open();
  }

  /** Ends the connection until `connect()`, for the application or after the server has denied or ended this agent. */
  end(event: "stop" | "deny", code: StateCode, reason?: string): void {
    this.#leave(event, code, reason);
  }

  /** Drops the transport or the attempt, and makes the next attempt after `retryIn` milliseconds. */
  lose(code: StateCode, reason?: string, retryIn?: number): void {
    const { timers, options } = this.#client;
    if (this.transport && timers.now() - this.transport.openedAt > STABLE_AFTER_MS) this.#failures = 0;
    const delay = retryIn ?? backoff(this.#failures, options.retryBase, options.retryCap, timers.random(1));
    if (!this.#leave("lose", code, reason, delay)) return;
    this.#failures++;
    this.#cancelRetry = timers.after(delay, () => void this.#open());
    if (code === "unreachable") this.#client.notify("onUnreachable", this.#failures);
  }

  /** Sends nothing on the transport, which may be dead, until the server has replied to a ping. */
  doubt(code: StateCode): void {
    if (!this.#enter("doubt", code)) return;
    this.#queue.transport = undefined;
    this.ping();
  }

  /** Makes the next attempt now, if one waits. */
  reconnectNow(): void {
    if (this.#cancelRetry) void this.#open();
  }

  /** Checks with a ping whether the transport works. */
  ping(): void {
    const { transport } = this;
    if (!transport || this.#pinging === transport) return;
    this.#pinging = transport;
    const onEnd = ({ error }: { error?: PushItError }): void => {
      if (this.#pinging === transport) this.#pinging = undefined;
      if (this.transport !== transport || error?.code === "closed") return;
      if (error?.code === "timeout") return this.lose("unresponsive", "The server did not reply to a ping.");
      // The first reply has the agent's id, its limits and its expiry.
      if (error && !transport.me) this.#client.timers.after(this.#client.options.pingTimeout, () => this.ping());
      // Any other reply shows that the server is there.
      if (this.#enter("open", "verified")) {
        this.#queue.transport = transport;
        this.#client.notify("onVerified");
        this.#queue.flush();
      }
    };
    this.#queue.sendNow(transport, "ping", this.#payload.next(), onEnd, this.#client.options.pingTimeout);
  }

  /**
   * Renews the agent now, with fresh credentials. Rejects with a `PushItError`, or with the application's own error.
   */
  renew(): Promise<void> {
    return this.#renewal.renew();
  }

  /**
   * Opens a socket for the next transport, in addition to the one in use. Rejects with any error of the application's
   * credentials function or of the WebSocket class.
   */
  async openSocket(): Promise<Socket> {
    const subprotocols = buildSubprotocols(await this.#renewal.get(), this.#client.subprotocols);
    return new (requireSocketClass(this.#client.options))(this.#client.options.url, subprotocols);
  }

  /** Uses an accepted socket from now on. The transport that it replaces still receives until it is closed. */
  use(socket: Socket): void {
    const transport = this.#createTransport(socket);
    this.#cancelTimeout?.();
    this.#opening = undefined;
    this.transport = this.#queue.transport = transport;
    this.#wasAccepted = true;
    this.#renewal.cancel();
    socket.onmessage = ({ data }: { data: unknown }) => {
      for (const frame of parseFrame(data)) if (!transport.isClosed) this.#receive(frame, transport);
    };
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (transport === this.transport) return this.lose("closed", `${code} ${reason}`);
      transport.isClosed = true;
      this.#queue.failInFlight(transport);
      this.#client.notify("onReplacedClosed", transport);
    };
    this.#enter("open", "connected");
    this.#client.notify("onConnected", transport);
    // The reply contains this agent's id, its limits, and when it has to be renewed.
    this.ping();
    this.#heartbeat.start();
    this.#queue.flush();
  }

  /** Schedules the next ping again, because its contents may have changed. */
  schedulePing(): void {
    if (this.transport) this.#heartbeat.schedule();
  }

  /** Changes the state and reports it. Returns false if the state machine does not allow the event. */
  #enter(event: ConnectionEvent, code: StateCode, reason = "", retryIn?: number): boolean {
    const previous = this.state;
    const state = transition(previous, event);
    if (!state) return false;
    this.state = state;
    this.#client.changeState({ state, previous, code, reason, retryIn });
    return true;
  }

  /** Drops the transport or the attempt. Returns false if the state machine does not allow the event. */
  #leave(event: "lose" | "stop" | "deny", code: StateCode, reason = "", retryIn?: number): boolean {
    const { transport } = this;
    if (!this.#enter(event, code, reason, retryIn)) return false;
    this.#cancelTimeout?.();
    this.#cancelRetry?.();
    this.#renewal.cancel();
    this.#heartbeat.stop();
    this.#opening?.close?.();
    this.#opening = this.#cancelRetry = this.transport = this.#queue.transport = undefined;
    transport?.close();
    if (event !== "lose")
      this.#queue.stopped = {
        code: code === "disconnect" ? "closed" : (code as RequestCode),
        reason: reason || "The client is not connected: call connect().",
      };
    if (transport) this.#queue.failInFlight(transport);
    this.#client.notify("onDisconnected");
    if (event !== "lose") this.#queue.failAll();
    return true;
  }

  async #open(): Promise<void> {
    const { timers, options } = this.#client;
    const attempt = {};
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#opening = attempt;
    this.#cancelTimeout = timers.deadline(options.timeout, () => this.lose("timeout", "Not connected in time."));
    let subprotocols: string[];
    try {
      subprotocols = buildSubprotocols(await this.#renewal.get(), this.#client.subprotocols);
    } catch (error) {
      if (this.#opening !== attempt) return;
      if (error instanceof PushItError && error.code === "credentials_too_large")
        return this.end("stop", error.code, error.message);
      return this.lose("credentials_failed", String(error));
    }
    if (this.#opening !== attempt) return;
    try {
      this.#listen(new (requireSocketClass(options))(options.url, subprotocols));
    } catch (error) {
      this.#loseSoon(attempt, "socket_failed", String(error));
    }
  }

  /** Drops an attempt a moment later. If the page's policy forbids it, the browser reports that until then. */
  #loseSoon(attempt: object, code: StateCode, reason: string): void {
    this.#client.timers.after(0, () => {
      if (this.#opening === attempt) this.lose(code, reason);
    });
  }

  #listen(socket: Socket): void {
    this.#opening = socket;
    socket.onopen = () => {
      if (this.#opening !== socket) return;
      if (socket.protocol === SUBPROTOCOL_DENIED) this.#askForReason(socket);
      else this.use(socket);
    };
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (this.#opening === socket) this.lose("unreachable", `${code} ${reason}`);
    };
    // A more precise "close" follows. But it does not if Chromium's CSP or WebKit's rule against mixed content forbids
    // the connection.
    socket.onerror = () => this.#loseSoon(socket, "unreachable", "The browser refused the connection, or it failed.");
  }

  /** Requests the reason of a denial. The server has accepted the socket only for this. */
  #askForReason(socket: Socket): void {
    const transport = this.#createTransport(socket);
    this.#cancelTimeout?.();
    socket.onmessage = ({ data }: { data: unknown }) => {
      for (const frame of parseFrame(data)) this.#receive(frame, transport);
    };
    this.#queue.sendNow(transport, "connect", undefined, ({ error }) => {
      if (this.#opening !== socket) return;
      // Even without a reply it is certain that the server has denied this agent.
      const { code, message } = !error || error.code === "timeout" ? { code: "denied" as const, message: "" } : error;
      // After a connection loss, the server may still count this client's own dead connection.
      const mayChange = code === "too_many_agents" && this.#wasAccepted;
      if (hasTrait(code, DENIES_CONNECTION) && !mayChange) this.end("deny", code as StateCode, message);
      else this.lose(code as StateCode, message);
    });
  }

  #createTransport(socket: Socket): Transport {
    const transport: Transport = new Transport(socket, this.#client.timers.now(), () => {
      if (transport === this.transport) this.#heartbeat.sent();
    });
    return transport;
  }

  #receive(frame: IncomingFrame, transport: Transport): void {
    const { channel, uuid, message, successful, code, error, data } = frame;
    transport.lastReceivedAt = this.#client.timers.now();
    if (transport === this.transport) this.#heartbeat.received();
    if (typeof channel !== "string") {
      if (typeof message === "string") this.#queue.handleGatewayError(message, transport);
    } else if (successful === undefined) this.#client.receive(frame as Message);
    else if (code === "revoked") {
      if (successful) this.#client.notify("onRevoked", (data as { channel: string }).channel, error, transport);
      else this.end("deny", code, error);
    } else {
      const wasAsked = this.#queue.handleReply(frame, transport);
      if (channel === Meta.subscribe && successful && !wasAsked)
        this.#client.subscribed(data as unknown as SubscribeResult);
      if (channel === Meta.ping || channel === Meta.refresh || channel === Meta.connect)
        this.#handleInfo((data ?? {}) as Partial<ConnectionInfo>, transport);
      if (code === "unknown_action" && uuid === transport.lastHeartbeat && transport === this.transport) {
        // The server has ignored the heartbeat's data.
        this.ping();
        if (transport.setHeartbeats(false)) this.#client.notify("onRolledBack");
      }
      if (hasTrait(code, ENDS_AGENT) && transport === this.transport) this.lose(code as StateCode, error);
    }
  }

  /** Handles the server's information about the agent and the deployment. */
  #handleInfo(info: Partial<ConnectionInfo>, transport: Transport): void {
    const { agent, userId, limits, expiresInMs, heartbeats } = info;
    if (agent) transport.me = { agent, ...(userId !== undefined && { userId }) };
    if (limits) this.#queue.limits = limits;
    if (transport !== this.transport) return;
    if (transport.me) this.#client.emitter.emit("me", transport.me);
    if (agent && transport.setHeartbeats(heartbeats ?? false)) this.#client.notify("onRolledBack");
    if (expiresInMs !== undefined) this.#renewal.schedule(expiresInMs);
    this.#client.notify("onInfo", info as ConnectionInfo);
  }

  #refresh(data: { credentials: unknown }): Promise<void> {
    return new Promise((resolve, reject) => {
      const { transport } = this;
      if (!transport) return reject(new PushItError("closed", "The client is not connected."));
      this.#queue.sendNow(transport, "refresh", data, ({ error }) => {
        if (error?.code === "denied" && transport === this.transport) this.end("deny", "denied", error.message);
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
