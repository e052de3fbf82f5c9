import type { Application, Entry, EntryOf, Page } from "./journal.js";
import { isPermitted, type MemberState } from "./policy.js";

/** A state as a text that can be compared. `NO_STATE`: none. */
export type StateKey = string;

/** The key of a member without a state. */
export const NO_STATE: StateKey = "none";

/** The key of a state. */
export const stateKey = (state: unknown): StateKey => JSON.stringify(state ?? null).replace(/^null$/, NO_STATE);

/** A state that no client may see. */
export interface LeakedState {
  what: string;
  who: string;
  channel: string;
}

/** Finds states that their member did not set before, or that no guard permitted. */
export const leakedStates = (applications: readonly Application[]): LeakedState[] => {
  const known = new Map<StateKey, { user: string; state: MemberState; at: number }>();
  for (const { who, pages } of applications)
    for (const entry of pages.flatMap(({ entries }) => entries))
      if (entry.is === "setState" && entry.state)
        known.set(stateKey(entry.state), { user: who.user, state: entry.state, at: entry.at });
  const wrong = (user: string, state: unknown, at: number): string | undefined => {
    const found = known.get(stateKey(state));
    if (found?.user !== user || found.at > at) return "which this member had not set";
    return isPermitted(found.state) ? undefined : `which no guard permitted (${found.state.do})`;
  };
  return applications.flatMap(({ who, pages }) =>
    pages
      .flatMap(({ entries }) => entries)
      .flatMap((entry) =>
        seenStates(entry).flatMap(({ channel, user, state }): LeakedState[] => {
          const why = wrong(user, state, entry.at);
          if (why === undefined) return [];
          return [{ what: `${who.name} saw the state ${stateKey(state)} of ${user}, ${why}`, who: who.name, channel }];
        }),
      ),
  );
};

const seenStates = (entry: Entry): { channel: string; user: string; state: unknown }[] => {
  if (entry.is === "member") return entry.state === undefined ? [] : [{ ...entry, state: entry.state }];
  if (entry.is !== "members") return [];
  return Object.entries(entry.states).flatMap(([user, state]) =>
    state === undefined ? [] : [{ channel: entry.channel, user, state }],
  );
};

/**
 * The members of a channel with their states, as an application shows them. It begins with the last list that it read,
 * and applies all events since it asked for this list.
 */
export const viewOf = ({ entries }: Pick<Page, "entries">, channel: string): Map<string, StateKey> => {
  const list = entries.findLast(
    (each): each is EntryOf<"members"> => each.is === "members" && each.channel === channel,
  );
  const asked = entries.findLastIndex((each) => each.is === "asked" && each.request === list?.request);
  const view = new Map(Object.entries(list?.states ?? {}).map(([user, state]) => [user, stateKey(state)]));
  for (const entry of entries.slice(asked + 1)) {
    if (entry.is !== "member" || entry.channel !== channel) continue;
    // A state follows a `join` as a `change`.
    if (entry.event === "leave") view.delete(entry.user);
    else view.set(entry.user, stateKey(entry.state));
  }
  return view;
};

/**
 * The states that a client may have on a channel, by its calls. These are the last acknowledged one, and later ones with
 * an unknown outcome. A client that has left the channel has none.
 */
export const possibleStates = ({ entries }: Pick<Page, "entries">, channel: string): Set<StateKey> => {
  const reader = new PossibleStates(channel);
  for (const entry of entries) reader.take(entry);
  return reader.possible;
};

class PossibleStates {
  possible = new Set<StateKey>([NO_STATE]);
  readonly #holders = new Set<number>();
  readonly #subscribing = new Map<number, number>();
  readonly #setting = new Map<number, MemberState | null>();
  /** The last unsubscription without other holders, and the possible states before it. */
  #release: { turn: number; call: number; before: Set<StateKey> } | undefined;

  constructor(private readonly channel: string) {}

  take(entry: Entry): void {
    if ("name" in entry && entry.name !== this.channel) return;
    if (entry.is === "subscribe") this.#subscribes(entry);
    if (entry.is === "unsubscribe") this.#unsubscribes(entry);
    if (entry.is === "setState") this.#setting.set(entry.call, entry.state);
    if (entry.is === "fulfilled") this.#fulfilled(entry);
    if (entry.is === "rejected") this.#rejected(entry);
    if (entry.is !== "unsubscribed") return;
    if (entry.code !== undefined) this.#holders.clear();
    if (this.#holders.size === 0) this.#clear();
  }

  #subscribes({ holder, call, turn }: EntryOf<"subscribe">): void {
    // In the turn of its unsubscription, the two calls cancel out.
    if (this.#holders.size === 0 && this.#release?.turn === turn) this.possible = this.#release.before;
    this.#holders.add(holder);
    this.#subscribing.set(call, holder);
  }

  #unsubscribes({ holder, call, turn }: EntryOf<"unsubscribe">): void {
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return;
    const before = this.#release?.turn === turn ? this.#release.before : this.possible;
    this.#release = { turn, call, before };
    this.possible = new Set([...this.possible, NO_STATE]);
  }

  #fulfilled({ call }: EntryOf<"fulfilled">): void {
    if (this.#setting.has(call)) {
      // A state that an unsubscription may end meanwhile.
      this.possible = new Set([stateKey(this.#setting.get(call)), ...(this.#holders.size === 0 ? [NO_STATE] : [])]);
      this.#setting.delete(call);
    } else if (call === this.#release?.call && this.#holders.size === 0) this.#clear();
  }

  #rejected({ call, code, retryable }: EntryOf<"rejected">): void {
    const holder = this.#subscribing.get(call);
    if (holder !== undefined && !retryable && code !== "superseded") this.#holders.delete(holder);
    if (holder !== undefined && this.#holders.size === 0) this.#clear();
    const state = this.#setting.get(call);
    if (state === undefined) return;
    this.#setting.delete(call);
    // The SDK has dropped the state before this one, and sends this one again after the next subscription.
    if (retryable) this.possible = new Set([...this.possible, NO_STATE]);
    if (retryable && (state === null || isPermitted(state))) this.possible.add(stateKey(state));
    // The server counts the client as absent.
    if (code === "no_presence") this.possible = new Set([...this.possible, NO_STATE]);
  }

  #clear(): void {
    this.possible = new Set([NO_STATE]);
    this.#setting.clear();
  }
}
