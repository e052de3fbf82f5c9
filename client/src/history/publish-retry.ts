import { AMBIGUOUS, hasTrait } from "../../../protocol/codes.js";
import { BoundedMap } from "../bounded-map.js";
import type { Client } from "../client.js";
import { backoff } from "../connection/backoff.js";
import type { RequestCode } from "../errors.js";
import type { Extension } from "../extension.js";
import type { Outcome, Request } from "../requests/request.js";
import type { Recovery } from "./recovery.js";

/**
 * How long after its first attempt a publication may be sent again, in milliseconds. The server recognises it for
 * longer.
 */
const RETRY_WINDOW_MS = 300_000;

/** The longest wait before a publication is sent again, in milliseconds. */
const MAX_RETRY_DELAY_MS = 10_000;

/** For how many channels to remember that they have history. */
const MAX_REMEMBERED = 1_000;

/**
 * Retries publications that may not have succeeded, with the same uuid, on channels that are known to have history.
 * There the server recognises a repetition, except of ephemeral messages. A publication keeps its place in the queue, and later ones wait. So their
 * order stays.
 */
export class PublishRetry implements Extension {
  readonly #client: Client;
  readonly #recovery: Recovery;
  readonly #historyChannels = new BoundedMap<string, true>(MAX_REMEMBERED);

  constructor(client: Client, recovery: Recovery) {
    this.#client = client;
    this.#recovery = recovery;
  }

  onPublished(channel: string, { position }: Outcome): void {
    if (position) this.#historyChannels.set(channel, true);
  }

  retryLater(request: Request, code: RequestCode): boolean {
    const { timers, queue, options } = this.#client;
    const { action, channel, ephemeral, firstSentAt } = request;
    const isSafe = channel !== undefined && (this.#historyChannels.has(channel) || this.#recovery.hasHistory(channel));
    if (action !== "publish" || ephemeral || firstSentAt === undefined || !isSafe || !hasTrait(code, AMBIGUOUS))
      return false;
    request.retryUntil ??= firstSentAt + RETRY_WINDOW_MS;
    if (timers.now() >= request.retryUntil) return false;
    const delay =
      code === "closed" ? 0 : backoff(request.attempts - 1, options.retryBase, MAX_RETRY_DELAY_MS, timers.random(1));
    request.cancelTimer?.();
    request.state = "waiting";
    request.cancelTimer = timers.after(delay, () => {
      request.state = "queued";
      queue.startTimer(request);
      queue.flush();
    });
    return true;
  }

  onReset(): void {
    this.#historyChannels.clear();
  }
}
