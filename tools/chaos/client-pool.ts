import { ChaosClient, type ClientContext } from "./client.js";
import { CHANNELS, WILDCARDS } from "./channels.js";
import type { Plan } from "./plan.js";
import { LISTENER_GROUPS, maySubscribe } from "./policy.js";
import { pick, randomFor } from "../lib/random.js";

/** Channels of each client that does not publish. */
const CHANNELS_PER_SUBSCRIBER = 4;

/** Clients of one user. */
const CLIENTS_PER_USER = 2;

/** One client in so many is an outsider, who may not read private channels. */
const OUTSIDER_INTERVAL = 4;

/** One client in so many subscribes to a wildcard too. One component in so many uses the callback API. */
const WILDCARD_INTERVAL = 3;
const CALLBACK_INTERVAL = 5;

/** The clients of a run. */
export interface ClientPool {
  /** The publishing clients by name. Each also subscribes to one channel. */
  publishers: ReadonlyMap<string, ChaosClient>;
  all: readonly ChaosClient[];
}

/** Connects all clients, with subscriptions that depend on the seed. */
export const connectAll = (context: ClientContext, plan: Plan): ClientPool => {
  const random = randomFor(context.seed, "clients");
  const names = CHANNELS.map(({ name }) => name);
  const join = (name: string, index: number, channels: Iterable<string>): ChaosClient => {
    const who = {
      name,
      user: `${name[0]}-user${Math.floor(index / CLIENTS_PER_USER)}`,
      listenerGroup: index % LISTENER_GROUPS,
      insider: index % OUTSIDER_INTERVAL !== OUTSIDER_INTERVAL - 1,
    };
    const client = new ChaosClient(context, who, index % 2 === 0);
    // Outsiders try to subscribe to private channels too.
    for (const channel of [...channels, ...names.filter((each) => !maySubscribe(each, who))])
      client.baseSubscriptions.add(channel);
    if (index % WILDCARD_INTERVAL === 0)
      client.baseSubscriptions.add(
        pick(
          random,
          WILDCARDS.filter((each) => maySubscribe(each, who)),
        ),
      );
    for (const each of client.baseSubscriptions)
      client.mount(each, random() < 1 / CALLBACK_INTERVAL ? "callbacks" : "handle");
    return client;
  };
  const some = (first: string): Set<string> => {
    const found = new Set([first]);
    while (found.size < CHANNELS_PER_SUBSCRIBER) found.add(pick(random, names));
    return found;
  };
  const publishers = new Map([...plan.keys()].map((name, index) => [name, join(name, index, [pick(random, names)])]));
  // In turn, so that each channel has a subscriber.
  const subscribers = Array.from({ length: context.profile.subscribers }, (_, index) =>
    join(`s${index}`, index, some(names[index % names.length]!)),
  );
  return { publishers, all: [...publishers.values(), ...subscribers] };
};
