import { GUARD_CHANNEL, PRESENCE_CHANNELS, PUBLIC_CHANNELS } from "./channels.js";
import type { Walk } from "./commands.js";
import { drainMicrotasks } from "./clock.js";
import type { Violation } from "./oracle/oracle.js";
import { settingsOf } from "./settings.js";
import { runCommand, publish } from "./steps.js";
import { Simulation } from "./simulation.js";

/** The result of a walk. */
export interface WalkResult {
  steps: number;
  violations: Violation[];
  trace: string[];
}

/** Maximum timers of an idle client. */
const MAX_TIMERS = 8;

/** Maximum listeners on the page: a client adds them once, however often it connects. */
const MAX_LISTENERS = 12;

/** Runs a walk: its commands, a settle phase, and the checks. */
export const walk = async ({ plan, commands }: Walk, tracing = false): Promise<WalkResult> => {
  const world = new Simulation(settingsOf(plan), tracing, plan.salt);
  const { oracle } = world;
  let steps = 0;
  const uncaught = await collectUncaught(async () => {
    try {
      for (const command of commands) {
        steps += 1;
        await runCommand(world, command);
        if (oracle.violations.length > 0) return;
      }
      await settle(world);
      if (oracle.violations.length > 0) return;
      oracle.settled(world.server, world.links, world.client.me);
      await readMembers(world);
      await probe(world);
      if (oracle.violations.length === 0) await disconnect(world);
    } catch (error) {
      oracle.fail("exceptions", error instanceof Error ? (error.stack ?? String(error)) : String(error));
    }
  });
  for (const error of uncaught) oracle.fail("exceptions", `uncaught: ${error}`);
  if (oracle.violations.length > 0) world.client.disconnect();
  await drainMicrotasks();
  return { steps, violations: oracle.violations, trace: world.trace };
};

/** Stops all trouble, and waits until the client is idle. */
const settle = async (world: Simulation): Promise<void> => {
  const { server, platform, client, oracle } = world;
  const { policy } = server;
  oracle.note(() => "--- calm");
  Object.assign(policy, { trouble: 0, postTrouble: 0, refusesUntil: 0, hangs: false });
  policy.deniedSubscriptions.clear();
  policy.deniedUnsubscriptions.clear();
  policy.deniedPublications.clear();
  policy.deniedStates.clear();
  delete policy.deniedConnections;
  server.orderedFailures.length = 0;
  world.chance.reseed(0);
  oracle.calmSince = world.clock.now;
  platform.hide(false);
  platform.online(true);
  for (let round = 0; round < 24; round += 1) {
    if (client.state === "denied" || client.state === "disconnected") client.connect();
    await world.advance(30_000);
    world.judge();
    if (oracle.violations.length > 0 || (round >= 5 && isAtRest(world))) return;
  }
  await world.advance(200_000, () => isAtRest(world));
};

/** Whether the client is idle. */
const isAtRest = ({ oracle, clock, open }: Simulation): boolean =>
  oracle.subscriptions.connected &&
  oracle.requests.open === 0 &&
  open.length === 1 &&
  clock.now - oracle.traffic.busyAt > 20_000;

/** Reads the members of each channel, as an application does, and compares them with the members that the server has. */
const readMembers = async (world: Simulation): Promise<void> => {
  const { oracle, server } = world;
  oracle.note(() => "--- members");
  for (const channel of PRESENCE_CHANNELS) {
    let read: unknown;
    world
      .handle(channel, "A")
      .presence()
      .then(
        ({ count, members }) => (read = { count, members }),
        (error: unknown) => (read = String(error)),
      );
    await world.advance(30_000, () => read !== undefined);
    const members = server.members.list(channel);
    const [is, should] = [JSON.stringify(read), JSON.stringify({ count: members.length, members })];
    if (is !== should) oracle.fail("members", `${channel} has the members ${should}, and the client reads ${is}`);
  }
  if (PRESENCE_CHANNELS.some((channel) => oracle.subscriptions.wants(channel))) await world.advance(MEMBERSHIP_MS);
  oracle.members.settled();
};

/** Publishes on each channel, from the client and from another publisher, to find channels that receive nothing. */
const probe = async (world: Simulation): Promise<void> => {
  const { oracle, server } = world;
  oracle.note(() => "--- probe");
  for (let round = 0; round < 2; round += 1) {
    for (const channel of [...PUBLIC_CHANNELS, GUARD_CHANNEL]) server.publishing.publishByOther(channel);
    await world.advance(2_000);
  }
  for (const channel of PUBLIC_CHANNELS) publish(world, channel, true, "client");
  await world.advance(45_000);
  world.judge();
  oracle.messages.finish();
  oracle.requests.finish();
};

/** Disconnects the client, and checks that no timer, socket or listener stays. */
const disconnect = async (world: Simulation): Promise<void> => {
  const { oracle, clock, platform, client } = world;
  await world.advance(200_000, () => isAtRest(world));
  if (clock.timers > MAX_TIMERS) oracle.fail("growth", `${clock.timers} timers run while the client is at rest`);
  client.disconnect();
  await world.advance(60_000);
  if (clock.timers > 0) oracle.fail("growth", `${clock.timers} timers run after disconnect()`);
  if (world.open.length > 0) oracle.fail("growth", `${world.open.length} sockets are open after disconnect()`);
  if (platform.listeners > MAX_LISTENERS)
    oracle.fail("growth", `the client has ${platform.listeners} listeners on the page`);
};

/** How long a member must stay a member while it does nothing, in milliseconds. */
const MEMBERSHIP_MS = 200_000;

/** How many walks collect errors at the moment. */
let listening = 0;

/** Runs a function. Returns the uncaught exceptions and unhandled rejections meanwhile. */
const collectUncaught = async (run: () => Promise<void>): Promise<string[]> => {
  const errors: string[] = [];
  const note = (error: unknown): void => {
    errors.push(error instanceof Error ? (error.stack ?? String(error)) : String(error));
  };
  const added = listening === 0;
  listening += 1;
  if (added) {
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  }
  try {
    await run();
  } finally {
    listening -= 1;
    if (added) {
      process.off("uncaughtException", note);
      process.off("unhandledRejection", note);
    }
  }
  return errors;
};
