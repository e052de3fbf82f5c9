import type { Json } from "../../protocol/index.js";
import type { DeliveryModel, Member } from "./delivery-model.js";
import { hasPresence, userOf } from "./policy.js";
import type { Prediction } from "./prediction.js";

/** The changes to an agent's presence on a channel by frames in flight. */
interface Changes {
  /** The wishes of its subscriptions: whether it is a member; `undefined`: as before. */
  subscribe: (boolean | undefined)[];
  unsubscribe: boolean;
  /** The states that it sets, as JSON. */
  states: string[];
  /** A state may be refused, because the agent may not be a member or may be too fast. */
  unsure: boolean;
}

/** The presence of an agent on a channel, as far as it is known. */
interface Standing {
  /** Whether it is a member: both if that is unknown; neither if it is not subscribed. */
  presence: ReadonlySet<boolean>;
  /** Its possible states, as JSON. */
  states: ReadonlySet<string>;
}

/** The JSON of no state. */
const NO_STATE = "null";

const ABSENT: Standing = { presence: new Set(), states: new Set([NO_STATE]) };

const keyOf = ({ key }: Member, channel: string): string => `${key} ${channel}`;

/** Names the member that an agent is one connection of. */
const memberName = ({ key, name }: Member): string => userOf(name) ?? `agent ${key}`;

/** Models which agents are members of channels, and their states. */
export class PresenceModel {
  readonly #standings = new Map<string, Standing>();
  /** By agent and channel. */
  readonly #changes = new Map<number, Map<string, Changes>>();
  /** All states that a member has set on a channel, as JSON. */
  readonly #everSet = new Map<string, Set<string>>();
  readonly #everPresent = new Set<string>();

  constructor(private readonly deliveries: DeliveryModel) {}

  /** Records a frame of an agent before it is sent. @param isLimited whether it may be refused, because the agent is too fast */
  expect(member: Member, { subscribe, unsubscribe, wishes, sets }: Prediction, isLimited: boolean): void {
    for (const channel of subscribe.filter(hasPresence)) {
      const wish = wishes?.get(channel);
      this.#changesOn(member, channel).subscribe.push(wish);
      if (wish !== false) this.#everPresent.add(keyOf(member, channel));
    }
    for (const channel of unsubscribe.filter(hasPresence)) this.#changesOn(member, channel).unsubscribe = true;
    const isMember = sets && this.isMember(member, sets.channel);
    if (!sets || isMember === false) return;
    const state = JSON.stringify(sets.state);
    const changes = this.#changesOn(member, sets.channel);
    changes.states.push(state);
    if (isLimited || isMember === undefined) changes.unsure = true;
    const name = `${memberName(member)} ${sets.channel}`;
    this.#everSet.set(name, (this.#everSet.get(name) ?? new Set()).add(state));
  }

  /** All frames of an agent were answered. */
  settle(member: Member): void {
    for (const [channel, changes] of this.#changes.get(member.key) ?? [])
      this.#standings.set(keyOf(member, channel), settled(this.#of(member, channel), changes));
    this.#changes.delete(member.key);
  }

  /** Whether an agent is a member of a channel; `undefined`: frames in flight decide, or have decided. */
  isMember(member: Member, channel: string): boolean | undefined {
    const { sure, unsure } = this.deliveries.subscriptionsOf(member);
    const { subscribe, unsubscribe } = this.#changes.get(member.key)?.get(channel) ?? { subscribe: [] };
    const isSubscribed = sure.has(channel) || unsure.has(channel) || subscribe.length > 0;
    const presence = withWishes(this.#of(member, channel).presence, subscribe);
    if (!isSubscribed || !presence.has(true)) return false;
    return sure.has(channel) && !unsubscribe && !presence.has(false) ? true : undefined;
  }

  /** Whether an agent may ever have been a member. */
  wasMember(member: Member, channel: string): boolean {
    return this.#everPresent.has(keyOf(member, channel));
  }

  /** The possible states of an agent as JSON, frames in flight included. `null`: none. */
  statesOf(member: Member, channel: string): ReadonlySet<string> {
    const { states } = this.#of(member, channel);
    const changes = this.#changes.get(member.key)?.get(channel);
    return changes ? new Set([...states, ...changes.states, NO_STATE]) : states;
  }

  /** The possible states of the member that an agent belongs to. */
  statesOfMember(member: Member, channel: string): ReadonlySet<string> {
    // The other connections of a user may be of other episodes.
    const isAlone = userOf(member.name) === undefined;
    return isAlone ? this.statesOf(member, channel) : new Set([...this.#past(member, channel), NO_STATE]);
  }

  /** Whether the member that an agent belongs to has ever set a state; `undefined`: any state. */
  everSet(member: Member, channel: string, state: Json | undefined): boolean {
    const past = this.#past(member, channel);
    return state === undefined ? past.size > 0 : past.has(JSON.stringify(state));
  }

  #past(member: Member, channel: string): ReadonlySet<string> {
    return this.#everSet.get(`${memberName(member)} ${channel}`) ?? new Set();
  }

  #of(member: Member, channel: string): Standing {
    return this.#standings.get(keyOf(member, channel)) ?? ABSENT;
  }

  #changesOn(member: Member, channel: string): Changes {
    const all = this.#changes.get(member.key) ?? new Map<string, Changes>();
    this.#changes.set(member.key, all);
    const changes = all.get(channel) ?? { subscribe: [], unsubscribe: false, states: [], unsure: false };
    all.set(channel, changes);
    return changes;
  }
}

/** The possible presence after some of the wishes. A guard's subscription makes only new subscribers members. */
const withWishes = (before: ReadonlySet<boolean>, wishes: Changes["subscribe"]): Set<boolean> => {
  const all = new Set(before);
  for (const wish of wishes) if (wish !== undefined || before.size === 0) all.add(wish ?? true);
  return all;
};

/** The standing after all changes. */
const settled = (before: Standing, { subscribe, unsubscribe, states, unsure }: Changes): Standing => {
  if (unsubscribe && subscribe.length === 0) return ABSENT;
  const wishes = new Set(subscribe.map((wish) => wish ?? (before.presence.size === 0 ? true : undefined)));
  const [only] = wishes;
  const isClear = !unsubscribe && wishes.size === 1 && only !== undefined;
  const presence = isClear ? new Set([only]) : withWishes(before.presence, subscribe);
  if (isClear && !only) return { presence, states: ABSENT.states };
  const mayHaveLeft = unsubscribe || wishes.has(false);
  const mayHaveKept = states.length === 0 || unsure || mayHaveLeft;
  return {
    presence,
    states: new Set([...(mayHaveKept ? before.states : []), ...states, ...(mayHaveLeft ? [NO_STATE] : [])]),
  };
};
