import { memberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { InvocationReport } from "../../../../local/services/lambda/runtime/pool.js";
import { putRow } from "../rows.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";

/**
 * Agents join, leave, ask for presence and renew it. The notifier finds gone connections, and enqueues connections that
 * do not take posts.
 */
export const usePresence = async (
  { system, allowed, leaveBehind, takeNothing, disconnectGuardRan, nextRun }: Tools,
  wire: Wire,
): Promise<void> => {
  await allowed(wire.subscribe("rooms/1"));
  expect(
    await allowed(wire.request({ action: "presence", channel: "/meta/presence", data: { channel: "rooms/1" } })),
  ).toMatchObject({ successful: true });
  const data = { presentChannels: ["rooms/1"] };
  // Half of this lease is over: an earlier renewal is not stored.
  const age = async (): Promise<void> => {
    const mine = (await system.rows()).find(({ pk }) => pk === "p#rooms/1")!;
    await putRow(system.running, { ...mine, l: String(Number(mine["l"]) - 60_000) });
  };
  await age();
  expect(await allowed(wire.request({ action: "ping", channel: "/meta/ping", data }))).toMatchObject({
    successful: true,
  });
  await age();
  const beaten = nextRun("HeartbeatFunction");
  wire.send({ action: "heartbeat", channel: "/meta/ping", uuid: "beat", data });
  await beaten;
  const left = await leaveBehind("rooms/1");
  const { wire: deaf, takeAll } = await takeNothing("rooms/1");
  await allowed(disconnectGuardRan(left));
  const enqueued = nextRun("DeliverFunction");
  const other = await allowed(system.connect());
  await allowed(other.subscribe("rooms/1"));
  await enqueued;
  takeAll();
  await allowed(deaf.until(() => deaf.received.some(({ channel }) => channel === "/meta/presence"), "who came"));
  await allowed(wire.unsubscribe("rooms/1"));
  // While a run is scheduled, a join or a leave does not start another one. So each step waits for its run.
  const isRun = ({ functionId, event }: InvocationReport): boolean =>
    functionId.startsWith("PushItAnnounce") &&
    (event as { channels?: string[] }).channels?.includes("rooms/quiet") === true;
  const ran = (times: number): Promise<unknown> =>
    allowed(system.invoked((all) => all.filter(isRun).length >= times, "a run of the notifier"));
  await allowed(wire.subscribe("rooms/quiet"));
  await ran(1);
  await allowed(wire.unsubscribe("rooms/quiet"));
  await ran(2);
  const leaver = await allowed(system.connect());
  await allowed(leaver.subscribe("rooms/quiet"));
  await ran(3);
  await leaver.close();
  await ran(4);
  // A channel that has had no members for a while.
  await putRow(system.running, { pk: "o#0", sk: "rooms/old", w: "1", ttl: "9999999999" });
  // A member that has left without a notification.
  const ended = { ...memberKey("rooms/old", "gone"), c: "gone", u: "gone", s: "1", l: "1", ttl: "9999999999" };
  await putRow(system.running, ended);
  await allowed(system.running.runSchedules());
  expect((await system.rows()).filter(({ c }) => c === "gone")).toEqual([]);
};
