import type { Position } from "push-it-client";

/**
 * The state of a channel since the connection was lost.
 * - `away`: not subscribed again yet.
 * - `recovering`: missed messages are arriving.
 * - `recovered`: all missed messages have arrived.
 * - `incomplete`: some missed messages are no longer available.
 * - `missed`: the channel has no history, so the messages published meanwhile are lost.
 */
export type RecoveryStatus = "away" | "recovering" | "recovered" | "incomplete" | "missed";

/** The recovery of one channel. */
export interface ChannelRecovery {
  readonly channel: string;
  status: RecoveryStatus;
  /** The number of recovered messages. */
  count: number;
  /** The offsets of the first and the last of them. */
  first?: number;
  last?: number;
  /** Why not all of them. */
  code?: string | undefined;
}

/** The recovery of all channels since the connection was lost; times in milliseconds since 1970. */
export interface RecoveryReport {
  readonly lostAt: number;
  /** Since when there is a connection again. */
  backAt?: number | undefined;
  readonly channels: readonly Readonly<ChannelRecovery>[];
}

/** A channel, with the state that shows when it has caught up. */
interface Tracked extends ChannelRecovery {
  /** The position of the last message before the loss. */
  offset: number;
  /** The newest that there was when it was subscribed again. */
  newest?: number;
}

/** Tracks the SDK's events after a lost connection, and reports the recovery. It does not control anything. */
export class Recovery {
  readonly #channels = new Map<string, Tracked>();
  #lostAt: number | undefined;
  #backAt: number | undefined;

  /** `undefined` if no connection was lost. */
  get report(): RecoveryReport | undefined {
    if (this.#lostAt === undefined) return undefined;
    const channels = [...this.#channels.values()].map(({ offset: _, newest: __, ...told }) => told);
    return { lostAt: this.#lostAt, backAt: this.#backAt, channels };
  }

  /**
   * The connection is lost.
   * @param channels the subscriptions, with the SDK's positions in them
   */
  lost(at: number, channels: readonly { channel: string; position?: Position | undefined }[]): void {
    // A second loss before the recovery is complete belongs to the same outage.
    if (!this.#unfinished) {
      this.#lostAt = at;
      this.#channels.clear();
    }
    this.#backAt = undefined;
    for (const { channel, position } of channels) {
      const { newest: _, ...known } = this.#channels.get(channel) ?? {
        channel,
        count: 0,
        offset: position?.offset ?? 0,
      };
      this.#channels.set(channel, { ...known, status: "away" });
    }
  }

  /** There is a connection again. */
  back(at: number): void {
    if (this.#lostAt !== undefined) this.#backAt ??= at;
  }

  /**
   * Handles the SDK's `subscribed`. Returns whether to request the newest message, which marks the end of the recovery.
   */
  subscribed({
    channel,
    recovered,
    code,
  }: {
    channel: string;
    recovered?: boolean | undefined;
    code?: string | undefined;
  }): boolean {
    const tracked = this.#channels.get(channel);
    if (!tracked) return false;
    if (recovered === false) Object.assign(tracked, { status: "incomplete", code });
    else if (tracked.status === "away") tracked.status = recovered ? "recovering" : "missed";
    return tracked.status === "recovering";
  }

  /** Handles a message. Returns whether it had been missed. */
  message(channel: string, offset: number | undefined): boolean {
    const tracked = this.#channels.get(channel);
    if (tracked?.status !== "recovering" || offset === undefined) return false;
    tracked.count++;
    tracked.first ??= offset;
    tracked.last = offset;
    this.#settle(tracked);
    return true;
  }

  /** Sets the newest message; `undefined` if it is unknown. */
  newest(channel: string, offset: number | undefined): void {
    const tracked = this.#channels.get(channel);
    if (tracked?.status !== "recovering") return;
    tracked.newest = offset ?? 0;
    this.#settle(tracked);
  }

  /** The channel is not wanted any more. */
  left(channel: string): void {
    this.#channels.delete(channel);
  }

  /** Whether the recovery is complete. */
  end(): void {
    this.#lostAt = this.#backAt = undefined;
    this.#channels.clear();
  }

  get #unfinished(): boolean {
    return [...this.#channels.values()].some(({ status }) => status === "away" || status === "recovering");
  }

  #settle(tracked: Tracked): void {
    if (tracked.newest !== undefined && (tracked.last ?? tracked.offset) >= tracked.newest)
      tracked.status = "recovered";
  }
}
