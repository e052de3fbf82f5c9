import { flush } from "../../../lambdas/linger/linger-flusher.js";
import type { FlushTask } from "../../../lambdas/linger/linger.js";
import type { Message } from "../../../protocol/index.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

/** A channel whose messages gather for 250 ms. */
export const CHANNEL = "busy/1";
/** Its subscriber, which publishes as well. */
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
/** The result of `systemOf`. */
export type System = Awaited<ReturnType<typeof systemOf>>;

/** Publishes messages in one frame. */
export const post = (system: System, ...uuids: string[]) => publish(system, agent, uuids.map(outgoing));
/** The ids of the messages that the subscriber received, in order. */
export const received = (system: System): string[] =>
  (system.connections.received("c1") as Message[]).map(({ uuid }) => uuid);
const inTime = () => 300_000;
/** Runs a flusher. */
export const run = (system: System, task: FlushTask, remainingMs = inTime) => flush(system, task, remainingMs);
/** Runs all flushers that were started, and the flushers that these start in turn. */
export const runAll = async (system: System): Promise<void> => {
  for (let task = system.tasks.shift(); task; task = system.tasks.shift()) await run(system, task);
};
/** Expects that neither a message nor a lease is left. */
export const expectNothingLeft = ({ lingering }: System): void =>
  expect([[...lingering.log.keys()], [...lingering.leases.keys()]]).toEqual([[], []]);
