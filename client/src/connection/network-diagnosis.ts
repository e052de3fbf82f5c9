import type { Extension } from "../extension.js";
import type { ConnectionPart, Internals } from "../internals.js";
import { listen } from "../platform/platform.js";

/** How long to wait before the next attempt, in milliseconds, if the page's own policy forbids the connection. */
const CSP_RETRY_MS = 300_000;

/** After how many failures in a row to check whether the network blocks WebSockets. */
const PROBE_AFTER_FAILURES = 3;

/**
 * Says more about a connection that fails than a WebSocket can. A browser shows a page only close code 1006, whatever
 * the cause.
 */
export class NetworkDiagnosis implements Extension {
  readonly #client: Internals;
  readonly #connection: ConnectionPart;
  #stopListening: (() => void) | undefined;

  constructor(client: Internals, connection: ConnectionPart) {
    this.#client = client;
    this.#connection = connection;
  }

  onConnecting(): void {
    const { platform, url } = this.#client.options;
    const [origin] = /^\w+:\/\/[^/?#]+/.exec(url)!;
    this.#stopListening = listen(platform, "securitypolicyviolation", ({ disposition, blockedURI = "" }) => {
      if (disposition !== "report" && blockedURI.startsWith(origin) && !this.#connection.transport)
        this.#connection.lose(
          "csp",
          `The Content-Security-Policy of this page forbids the connection: add ${origin} to its connect-src.`,
          CSP_RETRY_MS,
        );
    });
  }

  onDisconnected(): void {
    if (!this.#client.isActive) this.#stopListening?.();
  }

  onUnreachable(failures: number): void {
    const { platform, url } = this.#client.options;
    if (failures !== PROBE_AFTER_FAILURES) return;
    // A reply with any status shows that the server can be reached.
    platform.fetch?.(url.replace(/^ws/i, "http"), { mode: "no-cors", cache: "no-store", credentials: "omit" }).then(
      () => this.#reportBlocked(),
      () => {},
    );
  }

  #reportBlocked(): void {
    const { state } = this.#connection;
    const reason =
      "The server replies over HTTP, but not over WebSockets. A proxy, a firewall or large cookies may be the cause.";
    if (state === "connecting") this.#client.changeState({ state, previous: state, code: "websocket_blocked", reason });
  }
}
