import type { Extension } from "../extension.js";
import type { ConnectionPart, Internals } from "../internals.js";
import { listen } from "../platform/platform.js";

/** How often to check the clock, in milliseconds. */
const TICK_MS = 10_000;

/** How late a check may be, in milliseconds. A later one means that this process was frozen. */
const FROZEN_MS = 5_000;

/**
 * The same in a hidden page of a browser that announces a freeze. Such browsers wake a hidden page only once a minute.
 */
const THROTTLED_MS = 65_000;

/** A page that becomes visible checks the connection if the last frame is older than this, in milliseconds. */
const RECENT_MS = 30_000;

/** Longer than any page is hidden, in milliseconds. A suspension ends when the page becomes visible. */
const UNTIL_SEEN_MS = 1e9;

/**
 * Reacts to changes of the page or app: frozen, online or offline, hidden or visible. After a freeze, the SDK checks
 * the connection before it sends anything else. If the application wants that, a page that is hidden for long
 * disconnects.
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
        // The old connection may not work on this network.
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

  /** Checks the clock at an interval, until the client is disconnected. */
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

  /** Whether the last check is later than a throttled timer explains. */
  #wasFrozen(): boolean {
    const isThrottled = this.#wasHidden && this.#client.options.platform.document?.onfreeze !== undefined;
    return this.#client.timers.now() - this.#tickDueAt > (isThrottled ? THROTTLED_MS : FROZEN_MS);
  }

  /** The page or app has become hidden or visible. */
  #onVisibilityChanged(isHidden: boolean | undefined): void {
    const { timers, options } = this.#client;
    this.#cancelSuspension?.();
    this.#wasHidden ||= isHidden ?? false;
    if (!isHidden) this.#onReturned();
    // A client that is disconnected stays disconnected.
    else if (options.suspendWhenHidden)
      this.#cancelSuspension = timers.after(options.suspendWhenHidden, () =>
        this.#connection.lose("suspended", "", UNTIL_SEEN_MS),
      );
  }

  /** The process runs again, or the page has become visible. */
  #onReturned(wasFrozen = this.#wasFrozen()): void {
    const { timers } = this.#client;
    const { transport } = this.#connection;
    this.#connection.reconnectNow();
    if (wasFrozen) this.#connection.doubt("frozen");
    else if (transport && timers.now() - transport.lastReceivedAt > RECENT_MS) this.#connection.ping();
  }
}
