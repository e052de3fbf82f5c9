import { channel } from "node:diagnostics_channel";
import net from "node:net";
import tls from "node:tls";
import { DeadlineTimer } from "./deadline-timer.js";
import { HttpResponseParser } from "./http-response-parser.js";

/** There was no response in time. The request may have been executed. */
export class RequestTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`no response within ${Math.round(timeoutMs)} ms`);
    this.name = "RequestTimeout";
  }
}

/** A reused connection was already closed by the other side, before any of the response came. */
export class StaleSocket extends Error {}

/** A request that waits for its response, or for a connection. */
interface Exchange {
  /** The bytes to send, one in each character. */
  request: string;
  reader: HttpResponseParser;
  /** Its connection. */
  connection?: PooledConnection;
  resolve(answer: HttpResponseParser): void;
  reject(error: Error): void;
}

/** Events of a connection. */
interface Events {
  /** The connection is free for the next request. */
  free(connection: PooledConnection): void;
  /** It accepts no more requests. */
  over(connection: PooledConnection): void;
  /** It is closed. */
  closed(connection: PooledConnection): void;
}

/**
 * Diagnostics channels for the start and the end of a request, as Node's own clients have them. The local runtime
 * subscribes to them: it counts a function's concurrent calls.
 */
const STARTED = channel("push-it:http:start");
const ENDED = channel("push-it:http:end");

/** The message of both channels; `request` is the same object in both. */
export interface HttpCall {
  request: object;
  /** Name and port of the service. */
  host: string;
  /** The response, in the message of the end. */
  answer?: HttpResponseParser;
}

/** How long a connection may be silent before the system probes the other side, in milliseconds. */
const PROBE_MS = 1_000;

/**
 * How many TLS handshakes a new pool runs at once; the number doubles after each of them. A full handshake costs 1 to 3
 * ms of CPU, and the later ones resume its session. So the first connections work while the others are made.
 */
const FIRST_HANDSHAKES = 4;

/** The error of a connection that ended during a response, as Node's own. */
const socketHangUp = (): NodeJS.ErrnoException => Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

const isBroken = ({ code }: NodeJS.ErrnoException): boolean => code === "ECONNRESET" || code === "EPIPE";

/** One connection, with one request at a time. */
class PooledConnection {
  readonly socket: net.Socket;
  readonly #events: Events;
  #exchange: Exchange | undefined;
  #used = false;
  #reused = false;

  constructor(socket: net.Socket, events: Events) {
    this.socket = socket;
    this.#events = events;
    // Requests are written in one piece, and sent at once.
    socket.setNoDelay(true).setKeepAlive(true, PROBE_MS);
    socket.on("data", (piece: Buffer) => this.#onData(piece));
    socket.on("error", (error) => this.#fail(error));
    socket.on("end", () => events.over(this));
    socket.on("close", () => this.#closed());
  }

  send(exchange: Exchange): void {
    exchange.connection = this;
    this.#exchange = exchange;
    this.#reused = this.#used;
    this.#used = true;
    this.socket.ref();
    this.socket.write(exchange.request, "latin1");
  }

  #onData(piece: Buffer): void {
    const exchange = this.#exchange;
    // There was no request.
    if (!exchange) return void this.socket.destroy();
    try {
      if (exchange.reader.push(piece)) this.#answered(exchange);
    } catch (error) {
      this.#fail(error as Error);
      this.socket.destroy();
    }
  }

  #answered(exchange: Exchange): void {
    this.#exchange = undefined;
    // First: the next request on this connection starts after this one's end.
    exchange.resolve(exchange.reader);
    if (exchange.reader.isReusable) this.#events.free(this);
    else this.socket.destroy();
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#events.over(this);
    // If the response has started, the socket was not stale.
    exchange?.reject(
      this.#reused && !exchange.reader.hasStarted && isBroken(error) ? new StaleSocket(error.message) : error,
    );
  }

  #closed(): void {
    const exchange = this.#exchange;
    if (exchange?.reader.end()) this.#answered(exchange);
    else this.#fail(socketHangUp());
    this.#events.closed(this);
  }
}

/**
 * HTTP/1.1 connections to one service, kept for later requests. Each takes one request at a time, written in one piece,
 * and its response. Node's client does the same and more. It takes half of the CPU of a fan-out, and more than a
 * signature.
 */
export class HttpPool {
  readonly #host: string;
  readonly #connect: () => net.Socket;
  readonly #maxSockets: number;
  readonly #deadlines = new DeadlineTimer();
  readonly #connections = new Set<PooledConnection>();
  /** The last one is used first: it is the least likely to have been closed meanwhile. */
  readonly #free: PooledConnection[] = [];
  readonly #waiting: Exchange[] = [];
  /** Running TLS handshakes, and their maximum number. */
  readonly #handshakes = new Set<net.Socket>();
  #maxHandshakes = FIRST_HANDSHAKES;
  readonly #events: Events = {
    free: (connection) => this.#next(connection),
    over: (connection) => this.#forget(connection),
    closed: (connection) => this.#closed(connection),
  };

  /** @param maxSockets maximum number of connections; if all are busy, a request waits */
  constructor(endpoint: URL, maxSockets = Infinity) {
    this.#host = endpoint.host;
    this.#connect = connector(endpoint);
    this.#maxSockets = maxSockets;
  }

  /**
   * Sends a request, and returns its response, whatever its status.
   * @param request the bytes to send, one in each character
   * @throws RequestTimeout, StaleSocket, or the error of a connection that could not be made or that broke
   */
  send(request: string, timeoutMs: number): Promise<HttpResponseParser> {
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        request,
        reader: new HttpResponseParser(),
        resolve: (answer) => {
          cancelTimeout();
          this.#publish(ENDED, exchange, answer);
          resolve(answer);
        },
        reject: (error) => {
          cancelTimeout();
          this.#publish(ENDED, exchange);
          reject(error);
        },
      };
      const cancelTimeout = this.#deadlines.in(timeoutMs, () => this.#expire(exchange, new RequestTimeout(timeoutMs)));
      const connection = this.#free.pop() ?? this.#open();
      if (connection) this.#send(connection, exchange);
      else this.#waiting.push(exchange);
    });
  }

  /** Closes the unused connections. */
  dropFree(): void {
    for (const connection of this.#free.splice(0)) connection.socket.destroy();
  }

  #send(connection: PooledConnection, exchange: Exchange): void {
    this.#publish(STARTED, exchange);
    connection.send(exchange);
  }

  #publish(diagnostics: typeof STARTED, request: Exchange, answer?: HttpResponseParser): void {
    if (diagnostics.hasSubscribers)
      diagnostics.publish({ request, host: this.#host, ...(answer && { answer }) } satisfies HttpCall);
  }

  #open(): PooledConnection | undefined {
    if (this.#connections.size >= this.#maxSockets || this.#handshakes.size >= this.#maxHandshakes) return undefined;
    const connection = new PooledConnection(this.#connect(), this.#events);
    this.#connections.add(connection);
    if (connection.socket instanceof tls.TLSSocket) this.#trackHandshake(connection.socket);
    return connection;
  }

  /** Allows more connections after this one is made. */
  #trackHandshake(socket: tls.TLSSocket): void {
    this.#handshakes.add(socket);
    socket.once("secureConnect", () => {
      this.#handshakes.delete(socket);
      this.#maxHandshakes *= 2;
      this.#openWaiting();
    });
  }

  /** Makes connections for waiting requests, as many as allowed. */
  #openWaiting(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#open();
      if (!connection) return;
      this.#send(connection, this.#waiting.shift()!);
    }
  }

  #next(connection: PooledConnection): void {
    const exchange = this.#waiting.shift();
    if (exchange) return this.#send(connection, exchange);
    // It is unused: it must not keep the process alive.
    connection.socket.unref();
    this.#free.push(connection);
  }

  #expire(exchange: Exchange, error: Error): void {
    const at = this.#waiting.indexOf(exchange);
    if (at >= 0) this.#waiting.splice(at, 1);
    exchange.reject(error);
    exchange.connection?.socket.destroy();
  }

  #forget(connection: PooledConnection): void {
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
  }

  #closed(connection: PooledConnection): void {
    this.#connections.delete(connection);
    this.#handshakes.delete(connection.socket);
    this.#openWaiting();
  }
}

/** Makes connections to an endpoint; over TLS, later ones resume an earlier session. */
const connector = ({ protocol, hostname, port }: URL): (() => net.Socket) => {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "http:") return () => net.connect({ host, port: Number(port || 80) });
  const servername = net.isIP(host) === 0 ? host : "";
  let secureContext: tls.SecureContext | undefined;
  let session: Buffer | undefined;
  return () => {
    // Lazily, and once: it reads all trusted roots, which takes too long during a function's start.
    secureContext ??= tls.createSecureContext();
    const options = { host, port: Number(port || 443), servername, secureContext, ALPNProtocols: ["http/1.1"] };
    const socket = tls.connect(session ? { ...options, session } : options);
    socket.on("session", (next) => (session = next));
    socket.on("error", () => (session = undefined));
    return socket;
  };
};
