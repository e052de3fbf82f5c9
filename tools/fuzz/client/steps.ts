import { hasHistory, hasPresence, PRESENCE_CHANNELS, PUBLIC_CHANNELS, WALK_HISTORY_LIMIT } from "./channels.js";
import type { Command, Kind } from "./commands.js";
import type { Publication } from "./publication.js";
import { FAILURE_NAMES } from "./server/frame-outcome.js";
import { INVALID_POSITIONS, channelAt, itemAt, publishChannelAt } from "./settings.js";
import type { Simulation } from "./simulation.js";

const CALLERS = ["client", "A", "B"] as const;
const TIMES = [0, 5, 40, 300, 1_000, 3_000, 8_000, 15_000, 31_000, 62_000, 100_000, 310_000, 610_000];
/** How many of the newest messages a subscription on a channel with history asks for. */
const LAST = [0, 0, 1, 3, 100];
const LOSSES = [0, 10, 500, 5_000];
const CODES = ["denied", "too_many_subscriptions", "guard_timeout"];
const ACTIONS = [undefined, "subscribe", "unsubscribe", "publish", "ping", "history", "refresh", "heartbeat", "state"];
const CONNECTION_CODES = ["denied", "guard_failed", "too_many_agents", "unavailable"];

/** Runs one command. */
type Step = (world: Simulation, command: Command) => void | Promise<void>;

/** The options of a subscription of a walk. */
interface SubscribeExtras {
  since?: unknown;
  /** How many of the newest messages; 0: none. */
  last?: number;
  /** Whether it has a token, whose function fails for a while if the server is in trouble. */
  hasToken?: boolean;
  /** `false`: it only observes. */
  present?: boolean;
}

const subscribe = (
  world: Simulation,
  channel: string,
  face: string,
  { since, last = 0, hasToken, present = true }: SubscribeExtras = {},
): void => {
  const { oracle } = world;
  const ask = oracle.requests.begin("subscribe", channel, face);
  const token = async (): Promise<never> => {
    if (world.server.policy.trouble > 0 && world.chance.happens(0.2)) throw new Error("no token");
    return oracle.tokens.make(channel) as never;
  };
  const options = {
    ...(since !== undefined && { since: since as never }),
    ...(last > 0 && { last }),
    ...(hasToken && { token }),
    ...(!present && { present }),
  };
  // From a position that recovers, the object needs no newest messages.
  ask.last = last;
  const waitsSince = oracle.requests.subscribingSince(channel);
  if (last > 0) oracle.last.begins(channel, face, since === undefined ? last : 0, waitsSince);
  if (hasToken) oracle.tokens.holds(channel, face);
  oracle.states.subscribes(channel, face, present);
  world.call(ask, () => {
    if (face === "client") world.client.subscribe(channel, ...world.callbacks(ask), options);
    else world.follow(ask, world.handle(channel, face).subscribe(options));
  });
};

const unsubscribe = (world: Simulation, channel: string, face: string): void => {
  const { oracle } = world;
  const ask = oracle.requests.begin("unsubscribe", channel, face);
  oracle.last.ends(channel, face);
  oracle.tokens.leaves(channel, oracle.subscriptions.holderOf(channel, face));
  oracle.states.unsubscribes(channel);
  world.call(ask, () => {
    if (face === "client") world.client.unsubscribe(channel, ...world.callbacks(ask));
    else world.follow(ask, world.handle(channel, face).unsubscribe());
  });
};

/** Publishes with the client under test. */
export const publish = (world: Simulation, channel: string, echo: boolean, face: string, uuid?: string): void => {
  const { oracle } = world;
  const publication: Publication = oracle.messages.started({ channel, own: true, echo, session: "" });
  publication.covers = [];
  const ask = oracle.requests.begin("publish", channel, face, publication);
  const data = { n: publication.n };
  if (uuid !== undefined) publication.uuid = uuid;
  world.call(ask, () => {
    const [failed, succeeded] = world.callbacks(ask);
    const message = { channel, data, ...(uuid !== undefined && { uuid }), ...(!echo && { echo }) };
    if (face === "client") publication.uuid = world.client.publish(message, failed, succeeded);
    else world.follow(ask, world.handle(channel, face).publish(data, echo ? undefined : { echo }));
  });
};

/** The `since` of the application: none, the stored position, an invalid one, or an older one. */
const sinceOf = (world: Simulation, channel: string, index: number): unknown => {
  const stored = world.stored.get(channel);
  if (index < 20 || (!stored && index < 28)) return undefined;
  if (index >= 28) return itemAt(INVALID_POSITIONS, index);
  return index < 24 ? stored : { ...stored, offset: Math.max(0, stored!.offset - (index - 23)) };
};

/** Two or more opposite calls in one turn. */
const oppositeCalls: Step = (world, { a, b, c }) => {
  const channel = channelAt(a);
  const one = itemAt(CALLERS, b);
  const two = c % 3 === 0 ? itemAt(CALLERS, b + 1) : one;
  const calls = itemAt(["us", "su", "sus", "usu", "usus"], c);
  [...calls].forEach((call, index) =>
    (call === "s" ? subscribe : unsubscribe)(world, channel, index % 2 === 0 ? one : two),
  );
};

const ask: Step = (world, { a, b }) => {
  const channel = channelAt(a);
  if (channel.endsWith("*") || channel.length > 100) return;
  if (b % 3 === 0) {
    const asked = world.oracle.requests.begin("history", channel, "client");
    world.call(asked, () =>
      world.follow(asked, world.handle(channel, "A").history({ limit: WALK_HISTORY_LIMIT, reverse: b % 2 === 0 })),
    );
  } else if (b % 3 === 1) {
    const asked = world.oracle.requests.begin("refresh", channel, "client");
    world.call(asked, () => world.follow(asked, world.client.refreshCredentials()));
  } else {
    const asked = world.oracle.requests.begin("presence", channel, "client");
    world.call(asked, () => world.follow(asked, world.handle(channel, "A").presence()));
  }
};

const setState: Step = (world, { a, b, c }) => {
  const channel = hasPresence(channelAt(a)) ? channelAt(a) : itemAt(PRESENCE_CHANNELS, a);
  const state = b % 5 === 4 ? null : { own: b * 32 + c };
  const ask = world.oracle.requests.begin("state", channel, "client");
  ask.state = JSON.stringify(state);
  world.call(ask, () => world.follow(ask, world.handle(channel, itemAt(["A", "B"], b)).presence.set(state)));
};

const deny: Step = ({ server: { policy } }, { a, b, c }) => {
  const what = itemAt(
    [
      "deniedSubscriptions",
      "deniedUnsubscriptions",
      "deniedPublications",
      "deniedSubscriptions",
      "deniedStates",
    ] as const,
    b,
  );
  const channel = what === "deniedPublications" ? publishChannelAt(a) : channelAt(a);
  if (policy[what].has(channel)) policy[what].delete(channel);
  else policy[what].set(channel, itemAt(CODES, c));
};

const STEPS: Record<Kind, Step> = {
  advance: (world, { a }) => world.advance(itemAt(TIMES, a)),
  subscribe: (world, { a, b, c, salt }) => {
    const channel = channelAt(a);
    const caller = itemAt(CALLERS, b);
    // The listeners of the client itself would receive messages again: they check that each comes once.
    const last = caller === "client" ? 0 : LAST[salt % LAST.length]!;
    subscribe(world, channel, caller, {
      ...(hasHistory(channel) && { since: sinceOf(world, channel, c), last }),
      hasToken: (salt >> 8) % 2 === 1,
      present: (salt >> 9) % 4 > 0,
    });
  },
  unsubscribe: (world, { a, b }) => unsubscribe(world, channelAt(a), itemAt(CALLERS, b)),
  flip: oppositeCalls,
  other: (world, { a, b, c }) => {
    world.oracle.withholds = c >= 29;
    for (let count = 1 + (b % 3); count > 0; count -= 1)
      world.server.publishing.publishByOther(publishChannelAt(a), c === 28 ? "late" : c === 27 ? "never" : undefined);
    world.oracle.withholds = false;
  },
  publish: (world, { a, b, c }) => {
    const echo = c % 4 !== 1;
    if (c === 31) {
      const uuid = `twin${world.oracle.messages.all.length}`;
      publish(world, publishChannelAt(a), echo, "client", uuid);
      const others = PUBLIC_CHANNELS.filter((channel) => channel !== publishChannelAt(a));
      publish(world, itemAt(others, b), echo, "client", uuid);
    } else
      for (let count = 1 + (b % 3); count > 0; count -= 1)
        publish(world, publishChannelAt(a + (b >> 3) * count), echo, "client");
  },
  settle: async (world) => {
    const { policy } = world.server;
    const { trouble, postTrouble } = policy;
    Object.assign(policy, { trouble: 0, postTrouble: 0 });
    await world.advance(20_000);
    Object.assign(policy, { trouble, postTrouble });
  },
  cut: (world, { a, b, c }) => {
    const link = itemAt(world.open, c);
    if (world.open.length > 0) link.cut(itemAt(LOSSES, a), itemAt(LOSSES, b));
  },
  rotate: async (world) => {
    const { length } = world.links;
    const { connectionLifetime } = world.settings.options;
    if (connectionLifetime > 300_000 || world.open.length === 0) return;
    await world.advance(connectionLifetime, () => world.links.length > length && world.links.at(-1)!.open);
  },
  trouble: ({ server }, { a, b, c }) => {
    const action = itemAt(ACTIONS, c);
    for (let count = 1 + (b % 3); count > 0; count -= 1)
      server.orderedFailures.push({ failure: itemAt(FAILURE_NAMES, a), ...(action && { action }) });
  },
  deny,
  freeze: async (world, { a }) => {
    await world.clock.freeze(world.clock.now + itemAt([3_000, 20_000, 70_000, 400_000, 4_000_000], a), world.chance);
    world.oracle.traffic.frozenAt = world.clock.now;
  },
  stall: (world, { a, c }) => {
    const link = itemAt(world.open, c);
    if (link) link.stalledUntil = world.clock.now + itemAt([500, 3_000, 9_000, 12_000], a);
  },
  kill: (world, { c }) => itemAt(world.open, c)?.kill(),
  refuse: ({ server, clock }, { a, b }) => {
    server.policy.refusesUntil = clock.now + itemAt([1_000, 10_000, 60_000, 200_000], a);
    server.policy.hangs = b > 26;
    if (server.policy.hangs) clock.later(60_000, () => (server.policy.hangs = false));
  },
  network: (world, { a, b }) => {
    const online = a % 2 === 1;
    // The page reports offline. The connections are then dead, or not.
    if (!online && b % 2 === 1) for (const link of world.open) link.kill();
    world.platform.online(online);
  },
  limits: ({ server: { policy } }, { a }) => {
    policy.channelsPerFrame = policy.messagesPerFrame = itemAt([25, 3, 1, 2], a);
  },
  revoke: ({ server }, { a, b }) => {
    for (const peer of [...server.peers])
      if (b === 31) server.revoke(peer);
      else server.revokeSubscription(peer, channelAt(a));
  },
  hide: ({ platform }, { a }) => platform.hide(a % 2 === 0),
  damage: ({ server, clock }, { a, b }) => {
    const log = server.log(itemAt(["h/1", "h/2", "h/1", "h/1", "hl/1"], a));
    if (b % 2 === 0) log.expire(clock.now);
    else log.lose();
  },
  ask,
  visit: ({ server }, { a, b, c }) => server.visit(itemAt(PRESENCE_CHANNELS, a), b % 3, c % 2 === 1),
  state: setState,
  release: (world) => world.release(),
  vouch: ({ server, clock }, { a }) => {
    for (const { agent } of server.peers)
      if (agent?.expiresAt !== undefined) agent.expiresAt = clock.now + itemAt([0, 1_000, 20_000, -70_000], a);
  },
  disconnect: ({ client, oracle, clock }) => {
    oracle.requests.stoppedAt = clock.now;
    client.disconnect();
  },
  connect: ({ client, server }, { a }) => {
    if (a === 31) server.policy.deniedConnections = itemAt(CONNECTION_CODES, a);
    else if (a > 20) delete server.policy.deniedConnections;
    if (a % 8 === 7) client.connect({ credentials: () => ({ token: a }) });
    else client.connect();
  },
  reset: (world) => world.reset(),
};

/** Runs a command, advances the time a little, and checks. */
export const runCommand = async (world: Simulation, command: Command): Promise<void> => {
  world.chance.reseed(command.salt);
  world.oracle.note(() => `--- ${JSON.stringify(command)}`);
  await STEPS[command.kind](world, command);
  await world.advance(world.chance.pick([0, 0, 3, 20, 200]));
  world.judge();
};
