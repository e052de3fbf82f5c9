import type { Message, ConnectionInfo, SubscribeResult } from "../protocol/frames.js";
import { SUBPROTOCOL_DENIED } from "../protocol/version.js";
import { backoff } from "./backoff.js";
import type { PushItError, RequestCode } from "./errors.js";
import { parse, type Incoming } from "./frames.js";
import { offer } from "./handshake.js";
import { deadline, type Socket } from "./host.js";
import { PING_INTERVAL, PING_TIMEOUT, RETRY_BASE, RETRY_CAP, TIMEOUT } from "./options.js";
import type { Core } from "./parts.js";
import { transition, type Happening, type State, type StateCode } from "./state.js";
import { watch } from "./watch.js";

/** Keeps one connection: handshake, state, heartbeat, reconnecting. */
export interface Connection {
  /** Where it is. */
  _state: State;
  /** Connects; where an attempt waits for its time, it is made now. */
  _connect(): void;
  /** Leaves the connection or attempt: for another one (`lose`), or until `_connect()`. */
  _leave(happening: Happening, code: StateCode, reason?: string): void;
  /** What a handshake offers, credentials included; `undefined` where these are too large. */
  _offer(): Promise<string[] | undefined>;
  /** Uses a socket from now on; what an earlier one of the same agent still tells is heard, too. */
  _listen(socket: Socket): void;
  /** A message arrived. */
  _message(message: Message): void;
  /** The server tells something of a channel or of itself, in an answer on a meta channel. */
  _told(told: Partial<SubscribeResult & ConnectionInfo>, channel: string): void;
  /** How often to ping, in milliseconds. */
  _interval(): number;
}

/** How long a connection must have stood, in milliseconds, for its loss to count as a first one. */
const STABLE = 10_000;

/** How recently the server must have been heard, in milliseconds, for a returning page not to ask after it. */
const RECENT = 30_000;

/** What needs no timer, in milliseconds: no connection lasts so long, and timers of more than 24 days fire at once. */
const LONGEST = 1e9;

/** Adds the connection to a client. */
export const addConnection = (core: Core): void => {
  const { host, credentials, timeout = TIMEOUT, retryBase = RETRY_BASE, retryCap = RETRY_CAP } = core;
  const now = (): number => host.Date.now();
  /** Asks the application; `undefined` where there is nothing to renew with. */
  const ask = typeof credentials === "function" ? (credentials as () => unknown) : undefined;
  /** Names the attempt or connection that counts: what an older one still tells is ignored. */
  let current: object | undefined;
  let attempt = 0;
  let openedAt = 0;
  let heardAt = 0;
  let pinging = false;
  /** The timer of the next attempt, while one waits. */
  let retry: unknown;
  let cancelHandshake: (() => void) | undefined;
  /** The timer of the next renewal, also while that is under way. */
  let renewal: unknown;
  let unwatch: (() => void) | undefined;

  /** Changes the state and tells it; gives nothing where the state machine knows no such change. */
  const enter = (happening: Happening, code: StateCode, reason = "", retryIn?: number): State | undefined => {
    const previous = core._state;
    const state = transition(previous, happening);
    if (state) {
      core._state = state;
      core._emit("state", { state, previous, code, reason, retryIn });
    }
    return state;
  };

  const stopTimers = (): void => {
    cancelHandshake?.();
    retry = host.clearTimeout(retry);
    renewal = host.clearTimeout(renewal);
  };

  const leave: Connection["_leave"] = (happening, code, reason) => {
    let retryIn: number | undefined;
    if (happening === "lose") {
      if (core._ready && now() - openedAt > STABLE) attempt = 0;
      retryIn = code === "suspended" ? LONGEST : backoff(attempt, retryBase, retryCap, host.Math.random());
    }
    if (!enter(happening, code, reason, retryIn)) return;
    stopTimers();
    current = undefined;
    core._ready = false;
    core._socket?.close();
    if (retryIn !== undefined) {
      attempt++;
      retry = host.setTimeout(open, retryIn);
    } else {
      unwatch!();
      core._stopped = [code === "disconnect" ? "closed" : (code as RequestCode), reason];
    }
    core._lost();
    core._fell();
  };

  const open = async (): Promise<void> => {
    const { WebSocket = host.WebSocket! } = core;
    const mine = (current = {});
    let failure: StateCode = "credentials_failed";
    stopTimers();
    cancelHandshake = deadline(host, timeout, () => leave("lose", "timeout"));
    try {
      const protocols = await core._offer();
      if (current !== mine) return;
      if (!protocols) return leave("stop", "credentials_too_large");
      failure = "socket_failed";
      listen(new WebSocket(core.url, protocols));
    } catch (error) {
      if (current === mine) leave("lose", failure, String(error));
    }
  };

  const listen = (socket: Socket): void => {
    const mine = current;
    const live = <Event>(handle: (event: Event) => void): ((event: Event) => void) => (event) => {
      if (current === mine) handle(event);
    };
    core._socket = socket;
    socket.onopen = live(() => {
      stopTimers();
      if (socket.protocol === SUBPROTOCOL_DENIED) askWhy();
      else opened();
    });
    socket.onmessage = live(({ data }: { data: unknown }) => parse(data).forEach(live(receive)));
    socket.onclose = live(({ code, reason }: { code: number; reason: string }) =>
      leave("lose", core._ready ? "closed" : "unreachable", code + " " + reason),
    );
    // "close" follows and tells more; but some classes throw where nobody listens.
    socket.onerror = () => {};
  };

  const opened = (): void => {
    openedAt = heardAt = now();
    core._ready = true;
    enter("open", "connected");
    core._opened();
    core._flush();
    // Who can renew has to know when.
    if (ask) ping();
  };

  /** The server selected the subprotocol of a denial: it waits to be asked for the reason. */
  const askWhy = (): void =>
    core._ask("connect", (error) => {
      const { code = "timeout", message } = error ?? {};
      // No answer, or one that is none, leaves what is certain: there is no agent.
      const why = code === "timeout" ? "denied" : code;
      if (/^[bdg]|too/.test(why)) leave("deny", why as StateCode, message);
      // Where the socket closed meanwhile, that has been told already.
      else if (code !== "closed") leave("lose", code as StateCode, message);
    });

  const receive = (frame: Incoming): void => {
    const { channel, message, successful, code, error, data } = frame;
    heardAt = now();
    if (!channel) {
      if (typeof message === "string") core._gatewayError(message);
    } else if (successful === undefined) core._message(frame as Message);
    else if (code === "revoked") {
      if (successful) core._revoked((data as { channel: string }).channel, error);
      else leave("deny", code, error);
    } else {
      core._answer(frame);
      // What a publication guard gives is no word of the server's.
      if (data && !/l$/.test(channel)) core._told(data as Partial<SubscribeResult & ConnectionInfo>, channel);
      if (core._ready && /^exp|_agent$/.test(code!)) leave("lose", code as StateCode, error);
    }
  };

  /** Renews the agent; where that fails, again after a while, for as long as the agent lives. */
  const renew = async (): Promise<void> => {
    const mine = current;
    const settle = (error?: Partial<PushItError>): void => {
      if (current !== mine) return;
      if (error?.code === "denied") leave("deny", error.code, error.message);
      else renewal = error && host.setTimeout(renew, retryCap * host.Math.random());
    };
    try {
      const data: object = { credentials: await ask!() };
      if (current === mine) core._ask("refresh", settle, data);
    } catch {
      settle({});
    }
  };

  const ping = (): void => {
    if (!core._ready || pinging) return;
    pinging = true;
    const settle = (error?: PushItError): void => {
      pinging = false;
      if (error?.code === "timeout") leave("lose", "unresponsive");
    };
    core._ask("ping", settle, undefined, core.pingTimeout ?? PING_TIMEOUT);
  };

  const hurry = (): void => {
    if (retry) void open();
  };

  Object.assign<Core, Omit<Connection, "_message">>(core, {
    _state: "disconnected",
    _leave: leave,
    _listen: listen,
    _offer: async () => offer(await (ask ? ask() : credentials), core._offers),
    _told({ channel, latest, expiresInMs }) {
      if (latest) core._message({ channel: channel!, ...latest });
      // Asked or not, the server tells how long the agent is vouched for.
      if (ask && !renewal && expiresInMs! < LONGEST)
        renewal = host.setTimeout(renew, expiresInMs! - Math.min(retryCap, expiresInMs! / 5) * host.Math.random());
    },
    _interval: () => core.pingInterval ?? PING_INTERVAL,
    _connect() {
      if (!enter("connect", "connect")) return hurry();
      attempt = 0;
      core._stopped = undefined;
      unwatch = watch(host, () => core._interval(), ping, (online) => {
        hurry();
        if (online || now() - heardAt > RECENT) ping();
      });
      void open();
    },
  });
};
