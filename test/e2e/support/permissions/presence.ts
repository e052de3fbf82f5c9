import { memberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { InvocationReport } from "../../../../local/services/lambda/runtime/pool.js";
import { putRow } from "../rows.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";

/** Who comes and goes is told, asked for and said again; who tells it finds who is gone, and hands on who takes nothing. */
export const attend = async (
  { system, allowed, leaveBehind, takeNothing, told, nextRun }: Tools,
  wire: Wire,
): Promise<void> => {
  await allowed(wire.subscribe("rooms/1"));
  expect(
    await allowed(wire.request({ action: "presence", channel: "/meta/presence", data: { channel: "rooms/1" } })),
  ).toMatchObject({ successful: true });
  // A lease of which half is over: what is said sooner is not noted.
  const mine = (await system.rows()).find(({ pk }) => pk === "p#rooms/1")!;
  await putRow(system.running, { ...mine, l: String(Number(mine["l"]) - 60_000) });
  expect(
    await allowed(wire.request({ action: "ping", channel: "/meta/ping", data: { presentChannels: ["rooms/1"] } })),
  ).toMatchObject({ successful: true });
  const left = await leaveBehind("rooms/1");
  const { wire: deaf, takeAll } = await takeNothing("rooms/1");
  await allowed(told(left));
  const enqueued = nextRun("DeliverFunction");
  const other = await allowed(system.connect());
  await allowed(other.subscribe("rooms/1"));
  await enqueued;
  takeAll();
  await allowed(deaf.until(() => deaf.received.some(({ channel }) => channel === "/meta/presence"), "who came"));
  await allowed(wire.unsubscribe("rooms/1"));
  // Whoever comes or goes while a run is awaited has none begin: so each waits for the other's.
  const isRun = ({ functionId, event }: InvocationReport): boolean =>
    functionId.startsWith("PushItAnnounce") &&
    (event as { channels?: string[] }).channels?.includes("rooms/quiet") === true;
  const ran = (times: number): Promise<unknown> =>
    allowed(system.invoked((all) => all.filter(isRun).length >= times, "a run that tells"));
  await allowed(wire.subscribe("rooms/quiet"));
  await ran(1);
  await allowed(wire.unsubscribe("rooms/quiet"));
  await ran(2);
  const leaver = await allowed(system.connect());
  await allowed(leaver.subscribe("rooms/quiet"));
  await ran(3);
  await leaver.close();
  await ran(4);
  // A channel that nobody is on any more, and has not been for a while.
  await putRow(system.running, { pk: "o#0", sk: "rooms/old", w: "1", ttl: "9999999999" });
  // One who is gone, and of whom nobody has been told.
  const ended = { ...memberKey("rooms/old", "gone"), c: "gone", u: "gone", s: "1", l: "1", ttl: "9999999999" };
  await putRow(system.running, ended);
  await allowed(system.running.runSchedules());
  expect((await system.rows()).filter(({ c }) => c === "gone")).toEqual([]);
};
