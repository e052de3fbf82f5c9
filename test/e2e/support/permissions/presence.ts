import { memberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { memberPlace } from "../../../../lambdas/presence/members.js";
import type { InvocationReport } from "../../../../local/services/lambda/runtime/pool.js";
import { putRow } from "../rows.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";

/** The schedule finds a member whose `$disconnect` was lost, and a member that is silent. */
const checkMembers = async ({ system, allowed, lose, disconnectGuardRan }: Tools): Promise<void> => {
  const [closed, silent] = [await allowed(system.connect()), await allowed(system.connect())];
  const ids: string[] = [];
  for (const wire of [closed, silent]) {
    expect(await allowed(wire.subscribe("rooms/lost"))).toMatchObject({ successful: true });
    ids.push((await allowed(system.connectionOf(wire))).connectionId);
  }
  const [lost = ""] = ids;
  lose(lost);
  await closed.close();
  const rows = (await system.rows()).filter(({ pk, sk = "" }) => pk?.startsWith("b#") && ids.includes(sk));
  for (const row of rows)
    await putRow(system.running, { ...row, h: row["sk"] === lost ? String(Date.now() - 60_000) : "1" });
  await allowed(system.running.runSchedules());
  await allowed(disconnectGuardRan(lost));
  expect((await system.rows()).filter(({ pk, sk = "" }) => pk?.startsWith("b#") && ids.includes(sk))).toEqual([]);
};

/**
 * Agents join, leave, ask for presence and renew it. The notifier finds gone connections, and enqueues connections that
 * do not take posts.
 */
export const usePresence = async (tools: Tools, wire: Wire): Promise<void> => {
  const { system, allowed, leaveBehind, takeNothing, disconnectGuardRan, nextRun } = tools;
  await allowed(wire.subscribe("rooms/1"));
  expect(
    await allowed(wire.request({ action: "presence", channel: "/meta/presence", data: { channel: "rooms/1" } })),
  ).toMatchObject({ successful: true });
  const state = { action: "state", channel: "/meta/presence", data: { channel: "rooms/1", state: "here" } };
  expect(await allowed(wire.request(state))).toMatchObject({ successful: true });
  const isChanged = ({ data: event }: { data?: unknown }): boolean =>
    (event as { changed?: unknown } | undefined)?.changed !== undefined;
  await allowed(wire.until(() => wire.received.some(isChanged), "its own state"));
  // A reader's delivery guard decides about the state.
  await allowed(wire.request({ action: "presence", channel: "/meta/presence", data: { channel: "rooms/1" } }));
  const data = { presentChannels: ["rooms/1"] };
  expect(await allowed(wire.request({ action: "ping", channel: "/meta/ping", data }))).toMatchObject({
    successful: true,
  });
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
  const ended = { c: "gone", u: "gone", s: "1", g: "1", ttl: "9999999999" };
  await putRow(system.running, { ...memberKey("rooms/old", memberPlace({ uuid: "gone" }), "gone"), ...ended });
  await checkMembers(tools);
  expect((await system.rows()).filter(({ c }) => c === "gone")).toEqual([]);
};
