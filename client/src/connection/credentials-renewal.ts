import type { Internals } from "../internals.js";
import { encodeCredentials } from "./handshake.js";

/** An agent that expires later than this, in milliseconds, is not renewed, because no connection lasts so long. */
const FAR_AWAY_MS = 1e9;

/** Gets the application's credentials, and renews the agent with them before it expires. */
export class CredentialsRenewal {
  /** The application's credentials, or the function that returns them. */
  credentials: unknown;
  readonly #client: Internals;
  readonly #refresh: (data: { credentials: unknown }) => Promise<void>;
  #cancel: (() => void) | undefined;
  #isRenewing = false;

  /** @param refresh sends the `refresh` request, and rejects with a `PushItError` */
  constructor(client: Internals, refresh: (data: { credentials: unknown }) => Promise<void>) {
    this.credentials = client.options.credentials;
    this.#client = client;
    this.#refresh = refresh;
  }

  /** Gets the application's credentials for an attempt to connect or to renew. */
  async get(): Promise<unknown> {
    return typeof this.credentials === "function" ? await (this.credentials as () => unknown)() : this.credentials;
  }

  /** Renews the agent now. Rejects with a `PushItError`, or with the error of the application's function. */
  async renew(): Promise<void> {
    const credentials = await this.get();
    encodeCredentials(credentials);
    this.#isRenewing = true;
    await this.#refresh({ credentials }).finally(() => (this.#isRenewing = false));
  }

  /** Plans a renewal, a random time before the agent expires. Credentials that are not a function cannot be renewed. */
  schedule(expiresInMs: number): void {
    const { timers, options } = this.#client;
    // Each reply of the server carries the time left. One renewal at a time is enough.
    if (this.#isRenewing && expiresInMs <= 0) return;
    // A browser wakes a hidden tab only once a minute, and the server waits for a minute. So half of the time is always
    // left for that.
    const lead = Math.min(options.retryCap, expiresInMs / 5) / 2;
    if (expiresInMs < FAR_AWAY_MS && typeof this.credentials === "function")
      this.#scheduleIn(expiresInMs - lead - timers.random(lead));
  }

  /** Cancels the scheduled renewal. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #scheduleIn(milliseconds: number): void {
    const { timers, options } = this.#client;
    this.cancel();
    const cancel = timers.after(milliseconds, () => {
      this.renew().catch(() => {
        // Unless the server has sent another time meanwhile, or the agent is gone.
        if (this.#cancel === cancel) this.#scheduleIn(timers.random(options.retryCap));
      });
    });
    this.#cancel = cancel;
  }
}
