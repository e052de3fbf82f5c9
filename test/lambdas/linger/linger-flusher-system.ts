import { flush } from "../../../lambdas/linger/linger-flusher.js";
import type { FlushTask } from "../../../lambdas/linger/linger.js";
import type { Message } from "../../../protocol/index.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

/** A channel whose messages gather for 250 ms. */
export const CHANNEL = "busy/1";
/** Its subscriber, who publishes as well. */
export const agent = agentOf("c1");
/** A message whose data is its id. */
export const outgoing = (uuid: string): Message => messageOf(CHANNEL, uuid, uuid);

/** A system with one subscriber, whose flushers run when the test says so. */
export const systemOf = async (options: { latest?: true } = {}) => {
  const system = fanOutSystem({ channels: { "busy/*": { lingerMs: 250, ...options } } });
  await system.store.with(agent, CHANNEL);
  let chance = 0;
  system.clock.random = () => (chance += 0.001234567);
  return system;
};
/** What `systemOf` makes. */
export type System = Awaited<ReturnType<typeof systemOf>>;

/** Publishes messages in one frame. */
export const post = (system: System, ...uuids: string[]) => publish(system, agent, uuids.map(outgoing));
/** The ids of what the subscriber received, in order. */
export const received = (system: System): string[] =>
  (system.connections.received("c1") as Message[]).map(({ uuid }) => uuid);
const inTime = () => 300_000;
/** Runs a flusher. */
export const run = (system: System, task: FlushTask, remainingMs = inTime) => flush(system, task, remainingMs);
/** Runs what was to run, and what that leads to. */
export const runAll = async (system: System): Promise<void> => {
  for (let task = system.tasks.shift(); task; task = system.tasks.shift()) await run(system, task);
};
/** Neither a message waits, nor is a lease there. */
export const expectNothingLeft = ({ lingering }: System): void =>
  expect([[...lingering.log.keys()], [...lingering.leases.keys()]]).toEqual([[], []]);
