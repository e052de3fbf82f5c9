import type { Position } from "push-it-client";

/**
 * What became of a channel since the connection was lost.
 * - `away`: not subscribed again yet.
 * - `recovering`: what was missed is being told.
 * - `recovered`: all of it was.
 * - `incomplete`: some of it cannot be had any more.
 * - `missed`: nothing is kept, so what was published meanwhile is missed.
 */
export type RecoveryStatus = "away" | "recovering" | "recovered" | "incomplete" | "missed";

/** What became of one channel. */
export interface ChannelRecovery {
  readonly channel: string;
  status: RecoveryStatus;
  /** How many messages were told late. */
  count: number;
  /** The offsets of the first and the last of them. */
  first?: number;
  last?: number;
  /** Why not all of them. */
  code?: string | undefined;
}

/** What became of all channels since the connection was lost; times in milliseconds since 1970. */
export interface RecoveryReport {
  readonly lostAt: number;
  /** Since when there is a connection again. */
  backAt?: number | undefined;
  readonly channels: readonly Readonly<ChannelRecovery>[];
}

/** A channel with what is needed to know when it has caught up. */
interface Tracked extends ChannelRecovery {
  /** Everything up to here was told before the loss. */
  offset: number;
  /** The newest that there was when it was subscribed again. */
  newest?: number;
}

/** Follows what the SDK tells after a lost connection, and says what came back. It decides nothing. */
export class Recovery {
  readonly #channels = new Map<string, Tracked>();
  #lostAt: number | undefined;
  #backAt: number | undefined;

  /** `undefined` as long as nothing was lost. */
  get report(): RecoveryReport | undefined {
    if (this.#lostAt === undefined) return undefined;
    const channels = [...this.#channels.values()].map(({ offset: _, newest: __, ...told }) => told);
    return { lostAt: this.#lostAt, backAt: this.#backAt, channels };
  }

  /**
   * The connection is lost.
   * @param channels what was subscribed, and where the SDK was there
   */
  lost(at: number, channels: readonly { channel: string; position?: Position | undefined }[]): void {
    // One that is lost again before everything came back is still the same absence.
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

  /** The SDK's `subscribed`. Gives whether the newest message should be asked for: it tells when all has come. */
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

  /** A message was told. Gives whether it had been missed. */
  message(channel: string, offset: number | undefined): boolean {
    const tracked = this.#channels.get(channel);
    if (tracked?.status !== "recovering" || offset === undefined) return false;
    tracked.count++;
    tracked.first ??= offset;
    tracked.last = offset;
    this.#settle(tracked);
    return true;
  }

  /** What the newest message was; `undefined` where nobody knows. */
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

  /** Nothing is being waited for any more. */
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
