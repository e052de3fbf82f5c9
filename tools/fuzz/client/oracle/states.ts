import type { PushItError } from "../adapter.js";
import type { Fail } from "./fail.js";
import type { Subscriptions } from "./subscriptions.js";

/** The state on one channel that the application has set, as far as it knows. */
interface OwnState {
  /** The state as JSON, `null` without one. */
  state: string;
  /** Whether it is certain: no error has left it open. */
  isSure: boolean;
}

const NONE = "null";

/** Checks that the server has the state that the application has set, unless the application knows better. */
export class States {
  readonly #states = new Map<string, OwnState>();
  /** Whether a holder wants to be a member, by channel and holder. */
  readonly #members = new Map<string, boolean>();

  constructor(
    readonly subscriptions: Subscriptions,
    readonly fail: Fail,
  ) {}

  /** The application subscribes, as a member or not. */
  subscribes(channel: string, holder: string, isMember: boolean): void {
    this.#members.set(`${channel} ${holder}`, isMember);
    this.#doubts(channel);
  }

  /** The application unsubscribes. */
  unsubscribes(channel: string): void {
    this.#doubts(channel);
  }

  /** A call that sets a state, as JSON, has ended. */
  ended(channel: string, state: string, error: PushItError | undefined): void {
    const own = this.#of(channel);
    if (!error) Object.assign(own, { state, isSure: this.isMember(channel) });
    else if (error.retryable) own.isSure = false;
  }

  /** An event reports an error about the channel, perhaps that the state could not be set again. */
  failed(channel: string): void {
    this.#of(channel).isSure = false;
  }

  /** The client has left the channel. */
  leaves(channel: string): void {
    Object.assign(this.#of(channel), { state: NONE, isSure: true });
  }

  /** The server has forgotten all states. */
  doubtsAll(): void {
    for (const own of this.#states.values()) own.isSure = false;
  }

  /** The application has called `reset`. */
  forget(): void {
    for (const channel of this.#states.keys()) this.leaves(channel);
  }

  /** Whether the application wants to be a member. */
  isMember(channel: string): boolean {
    return [...this.subscriptions.of(channel).holders].some(
      (holder) => this.#members.get(`${channel} ${holder}`) ?? true,
    );
  }

  /** Checks the state that the server has in the end. */
  settled(channel: string, state: unknown): void {
    const own = this.#of(channel);
    if (own.isSure && this.isMember(channel) && own.state !== JSON.stringify(state))
      this.fail(
        "states",
        `the application has set ${own.state} on ${channel}, and the server has ${JSON.stringify(state)}`,
      );
  }

  #of(channel: string): OwnState {
    const own = this.#states.get(channel) ?? { state: NONE, isSure: true };
    this.#states.set(channel, own);
    return own;
  }

  /** Without a member the state ends, unless one comes back in time. */
  #doubts(channel: string): void {
    const own = this.#of(channel);
    if (own.state !== NONE && !this.isMember(channel)) own.isSure = false;
  }
}
