import type { Extension } from "../extension.js";
import type { ConnectionPart, Internals } from "../internals.js";
import { listen } from "../platform/platform.js";

/** How often to look at the clock, in milliseconds. */
const TICK_MS = 10_000;

/** How late a look may be, in milliseconds, before it means that this process was frozen. */
const FROZEN_MS = 5_000;

/**
 * The same in a hidden page of a browser that announces a freeze. Such browsers wake a hidden page once a minute, which
 * is no freeze.
 */
const THROTTLED_MS = 65_000;

/** How recently the server must have sent something, in milliseconds, so that a page that is seen again does not ask. */
const RECENT_MS = 30_000;

/** Longer than any page is hidden, in milliseconds: what ends a suspension is that the page is seen. */
const UNTIL_SEEN_MS = 1e9;

/**
 * Follows the page or app: a freeze, the network, the background. After a freeze the server is asked before anything else
 * is sent. A page that is hidden for long gives up its connection, if the application wants that.
 */
export class PageLifecycle implements Extension {
  readonly #client: Internals;
  readonly #connection: ConnectionPart;
  #tickDueAt = Infinity;
  #wasHidden = false;
  #cancelTick: (() => void) | undefined;
  #cancelSuspension: (() => void) | undefined;
  #removals: (() => void)[] = [];

  constructor(client: Internals, connection: ConnectionPart) {
    this.#client = client;
    this.#connection = connection;
  }

  onConnecting(): void {
    const { platform, appState } = this.#client.options;
    const subscription = appState?.addEventListener("change", (state) => this.#onVisibilityChanged(state !== "active"));
    this.#removals = [
      () => subscription?.remove(),
      listen(platform, "online", () => {
        this.#connection.reconnectNow();
        // What came by the network before says nothing about this one.
        this.#connection.ping();
      }),
      listen(platform, "offline", () => this.#connection.doubt("offline")),
      listen(platform, "pageshow", ({ persisted }) => {
        // Otherwise the page is shown for the first time.
        if (persisted) this.#onReturned(true);
      }),
      listen(platform.document, "resume", () => this.#onReturned(true)),
      listen(platform, "visibilitychange", () => this.#onVisibilityChanged(platform.document?.hidden)),
    ];
    this.#onVisibilityChanged(platform.document?.hidden);
    this.#tick();
  }

  onDisconnected(): void {
    if (this.#client.isActive) return;
    this.#cancelTick?.();
    this.#cancelSuspension?.();
    for (const remove of this.#removals) remove();
  }

  /** Looks at the clock again and again, as long as the client is to be connected. */
  #tick(): void {
    const { timers } = this.#client;
    this.#cancelTick?.();
    this.#wasHidden = this.#client.options.platform.document?.hidden ?? false;
    this.#tickDueAt = timers.now() + TICK_MS;
    this.#cancelTick = timers.after(TICK_MS, () => {
      if (this.#wasFrozen()) this.#onReturned(true);
      this.#tick();
    });
  }

  /** Whether the last look is later than a throttled timer explains. */
  #wasFrozen(): boolean {
    const isThrottled = this.#wasHidden && this.#client.options.platform.document?.onfreeze !== undefined;
    return this.#client.timers.now() - this.#tickDueAt > (isThrottled ? THROTTLED_MS : FROZEN_MS);
  }

  /** The page or app was hidden, or is seen. */
  #onVisibilityChanged(isHidden: boolean | undefined): void {
    const { timers, options } = this.#client;
    this.#cancelSuspension?.();
    this.#wasHidden ||= isHidden ?? false;
    if (!isHidden) this.#onReturned();
    // A client that is not connected, and does not try, stays as it is.
    else if (options.suspendWhenHidden)
      this.#cancelSuspension = timers.after(options.suspendWhenHidden, () =>
        this.#connection.lose("suspended", "", UNTIL_SEEN_MS),
      );
  }

  /** The process runs again, or the page is seen. */
  #onReturned(wasFrozen = this.#wasFrozen()): void {
    const { timers } = this.#client;
    const { transport } = this.#connection;
    this.#connection.reconnectNow();
    if (wasFrozen) this.#connection.doubt("frozen");
    else if (transport && timers.now() - transport.lastReceivedAt > RECENT_MS) this.#connection.ping();
  }
}
