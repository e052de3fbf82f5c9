import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosClient } from "./client.js";
import type { Journal, Page } from "./journal.js";
import { NO_STATE, possibleStates, type StateKey, stateKey, viewOf } from "./member-states.js";
import { STATE_CHANNEL } from "./policy.js";
import { POLL_MS } from "./settle-phase.js";
import { isLive, type Item, type TableView } from "./table.js";
import type { Violation } from "./violation.js";

/** How often a final change is tried. */
const MAX_ATTEMPTS = 10;

/** Of the users in turn, one removes its state and one leaves. The third keeps its state. */
const ENDINGS = 3;

/**
 * How often the states are changed until all events have arrived. A worker on a busy machine may deliver an event to a
 * connection that a rotation has closed.
 */
const ROUNDS = 2;

/** A difference between two views of a state. */
export interface WrongState extends Required<Pick<Violation, "what" | "who" | "channel">> {
  /** Identifies the view and the member, whatever their states are. */
  key: string;
}

/** The newest state among some rows: that of the connection which set or removed it last. */
const newestState = (rows: readonly Item[]): StateKey => {
  const [newest] = rows
    .filter(({ sa }) => sa !== undefined)
    .sort((one, other) => Number(other["sa"]?.N) - Number(one["sa"]?.N));
  const state = newest?.["S"]?.S;
  return state === undefined ? NO_STATE : stateKey(JSON.parse(state));
};

const groupBy = <T>(all: readonly T[], keyOf: (each: T) => string | undefined): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each) ?? "";
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
};

/** Whether a page received an event of a member with one of these states. */
const hasEvent = ({ entries }: Page, user: string, states: readonly StateKey[]): boolean =>
  entries.some((each) => each.is === "member" && each.user === user && states.includes(stateKey(each.state)));

/** The parts of a run that the check at rest compares. */
interface StatesAtRest {
  journal: Pick<Journal, "owner">;
  clients: readonly ChaosClient[];
  /** Reads the rows of the members. */
  rows(): Promise<readonly Item[]>;
  /** The users whose states the events must have shown to all; left out: events were lost. */
  shown?: readonly string[];
}

/**
 * Compares the states at one moment. The clients' calls, the table, the lists that the clients read, and the events that
 * they received must agree. A view can only be right while the table is.
 */
export const stateErrors = async ({ journal, clients, rows, shown = [] }: StatesAtRest): Promise<WrongState[]> => {
  const present = (await rows()).filter(isLive);
  const ofClients = groupBy(present, ({ c }) => journal.owner(c?.S ?? ""));
  const ofUsers = groupBy(present, ({ n }) => n?.S);
  const members = clients.filter((each) => each.isDesired(STATE_CHANNEL));
  const wrong = (name: string, verb: string, what: string, user = ""): WrongState => ({
    who: name,
    channel: STATE_CHANNEL,
    what: `${name} ${verb} ${what}`,
    key: `${name} ${verb} ${user}`,
  });
  const unsettled = new Map<string, WrongState>();
  for (const { who, page } of members) {
    const [stored, possible] = [newestState(ofClients.get(who.name) ?? []), possibleStates(page, STATE_CHANNEL)];
    const what = `the state ${stored} in the table, and not ${[...possible].join(" or ")}`;
    if (!possible.has(stored)) unsettled.set(who.user, wrong(who.name, "has", what));
  }
  const compare = (name: string, verb: string, users: Iterable<string>, view: ReadonlyMap<string, StateKey>) =>
    [...users].flatMap((user) => {
      const own = ofUsers.get(user);
      const [seen = "no member", stored] = [view.get(user), own ? newestState(own) : "no member"];
      if (seen === stored && !unsettled.has(user)) return [];
      return [wrong(name, verb, `the state ${seen} of ${user}, and the table has ${stored}`, user)];
    });
  const ofViews = await Promise.all(
    members.map(async (client) => {
      const { name } = client.who;
      const read = await client.readMembers(STATE_CHANNEL);
      if (!read) return [wrong(name, "cannot read", "the members")];
      const states = new Map(read.map(({ user, state }) => [user, stateKey(state)]));
      return [
        ...compare(name, "reads", new Set([...states.keys(), ...ofUsers.keys()]), states),
        ...compare(name, "was shown", shown, viewOf(client.page, STATE_CHANNEL)),
      ];
    }),
  );
  const unseen = shown.filter((user) => {
    const own = members.filter(({ who }) => who.user === user);
    const states = own.flatMap(({ page }) => [...possibleStates(page, STATE_CHANNEL)]);
    const isNew = states.every((state) => state !== NO_STATE) && states.length > 0;
    return isNew && !members.some(({ page }) => hasEvent(page, user, states));
  });
  const ofEvents = unseen.map((user) => wrong(user, "was shown", "to no client with its new state"));
  return [...unsettled.values(), ...ofEvents, ...ofViews.flat()];
};

/**
 * Checks again and again until each view has been right once. Connections come to their end meanwhile, so that hardly
 * ever all are right at once.
 * @param ms maximum time, in milliseconds
 * @returns the views that were never right
 */
export const neverRight = async (check: () => Promise<WrongState[]>, ms: number): Promise<WrongState[]> => {
  const until = performance.now() + ms;
  let rest = await check();
  while (rest.length > 0 && performance.now() < until) {
    await sleep(POLL_MS);
    const still = new Map((await check()).map((each) => [each.key, each]));
    rest = rest.flatMap(({ key }) => still.get(key) ?? []);
  }
  return rest;
};

const retry = async (act: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) if (await act()) return;
};

/**
 * Checks the states of members at rest, in three steps. The first one is how the faults left them. Then each member sets
 * a state. Then some members remove theirs or leave.
 * @param ms how long a view may be wrong, in milliseconds
 */
export const checkStatesAtRest = async (
  journal: Pick<Journal, "owner">,
  clients: readonly ChaosClient[],
  table: Pick<TableView, "members">,
  ms: number,
): Promise<Violation[]> => {
  const rows = (): Promise<Item[]> => table.members(STATE_CHANNEL);
  const byUser = groupBy(
    clients.filter((each) => each.isDesired(STATE_CHANNEL)),
    ({ who }) => who.user,
  );
  const shown = [...byUser.keys()];
  const check = async (how: Partial<StatesAtRest>): Promise<Violation[]> => {
    const rest = await neverRight(() => stateErrors({ journal, clients, rows, ...how }), ms);
    return rest.map(({ what, who, channel }): Violation => ({ wrong: "wrongState", what, who, channel }));
  };
  const groups = [...byUser.values()];
  const set = async (own: readonly ChaosClient[]): Promise<void> => {
    for (const client of own) await retry(() => client.setState(STATE_CHANNEL));
  };
  const checkRounds = async (change: (own: readonly ChaosClient[], index: number) => Promise<void>) => {
    let rest: Violation[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(groups.map(change));
      rest = await check({ shown });
      if (rest.length === 0) break;
    }
    return rest;
  };
  return [
    ...(await check({})),
    ...(await checkRounds(set)),
    ...(await checkRounds(async (own, index) => {
      if (index % ENDINGS !== 1) await set(own);
      await end(own, index % ENDINGS);
    })),
  ];
};

/** Ends the states of one user's clients. */
const end = async (clients: readonly ChaosClient[], how: number): Promise<void> => {
  for (const client of clients) {
    if (how === 0) await retry(() => client.removeState(STATE_CHANNEL));
    if (how !== 1) continue;
    client.baseSubscriptions.delete(STATE_CHANNEL);
    for (const each of client.components) if (each.name === STATE_CHANNEL) client.unmount(each);
  }
};
