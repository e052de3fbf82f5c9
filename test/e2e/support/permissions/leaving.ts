import { Meta, SUBPROTOCOL_DENIED, RENEWAL_GRACE_SECONDS } from "../../../../protocol/index.js";
import { putRow } from "../rows.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";

/** An agent that its guard subscribes to more than it may have is none. */
export const askTooMuch = async ({ system, allowed }: Tools): Promise<void> =>
  expect((await allowed(system.connect({ credentials: "greedy" }))).protocol).toBe(SUBPROTOCOL_DENIED);

/** A denied connection gets its denial, and is closed, when it asks. */
export const askDenied = async (
  { system, allowed }: Tools,
  action: "connect" | "ping" | "heartbeat",
): Promise<void> => {
  const wire = await allowed(system.connect({ credentials: "nobody" }));
  wire.send({ action, channel: action === "connect" ? Meta.connect : Meta.ping, uuid: "1" });
  await allowed(wire.ended());
  expect(wire.received).toContainEqual(expect.objectContaining({ successful: false, code: "denied" }));
};

/** An agent that should have been renewed long ago. */
const outlive = async ({ system, allowed }: Tools): Promise<{ wire: Wire; connectionId: string }> => {
  const wire = await allowed(system.connect());
  const { connectionId } = await allowed(system.connectionOf(wire));
  const row = (await system.rows()).find(({ pk, sk }) => pk === `a#${connectionId}` && sk === "agent");
  await putRow(system.running, { ...row, x: String(Date.now() - 1_000 * 2 * RENEWAL_GRACE_SECONDS) });
  return { wire, connectionId };
};

/** Such an agent gets `expired` for any request, and is closed. */
export const askTooLate = async (tools: Tools, action: string): Promise<void> => {
  const { wire } = await outlive(tools);
  wire.send({ action, channel: `/meta/${action}`, uuid: "1", data: {} });
  await tools.allowed(wire.ended());
  expect(wire.received).toContainEqual(expect.objectContaining({ successful: false, code: "expired" }));
};

/** An agent that is renewed, and then may not stay. */
export const renewAndDeny = async ({ system, allowed }: Tools): Promise<void> => {
  const wire = await allowed(system.connect());
  const refresh = { action: "refresh", channel: "/meta/refresh" };
  expect(await allowed(wire.request(refresh))).toMatchObject({ successful: true });
  expect(await allowed(wire.request({ ...refresh, data: { credentials: "nobody" } }))).toMatchObject({
    code: "denied",
  });
  await allowed(wire.ended());
};

/** An agent whose renewal died before it reached the row of its subscription. */
const renewHalf = async ({
  system,
  allowed,
}: Tools): Promise<{ connectionId: string; isWhole: () => Promise<boolean> }> => {
  const wire = await allowed(system.connect());
  expect(await allowed(wire.subscribe("half"))).toMatchObject({ successful: true });
  const { connectionId } = await allowed(system.connectionOf(wire));
  const rowOf = async () => (await system.rows()).find(({ pk, sk }) => pk === "c#half" && sk === connectionId);
  const row = await rowOf();
  await putRow(system.running, { ...row, ttl: String(Number(row?.["ttl"]) - 60) });
  await putRow(system.running, {
    ...row,
    pk: `a#${connectionId}`,
    sk: "s#half",
    ttl: String(Number(row?.["ttl"]) - 60),
  });
  return { connectionId, isWhole: async () => (await rowOf())?.["ttl"] === row?.["ttl"] };
};

/** A registration is left of each: one connection is too old, one's agent was not renewed, one's was not all the way. */
export const sweep = async (tools: Tools): Promise<void> => {
  const { system, allowed, lose, disconnectGuardRan } = tools;
  const wire = await allowed(system.connect());
  const [old, late, half] = [await allowed(system.connectionOf(wire)), await outlive(tools), await renewHalf(tools)];
  lose(old.connectionId);
  await putRow(system.running, { pk: "r#0", sk: `0000000001#${old.connectionId}`, ttl: "9999999999" });
  for (const { connectionId } of [late, half]) {
    await putRow(system.running, { pk: "r#0", sk: `0000000001#${connectionId}`, ttl: "9999999999", e: "9999999999" });
  }
  await allowed(system.running.runSchedules());
  await allowed(Promise.all([wire.ended(), late.wire.ended(), disconnectGuardRan(old.connectionId)]));
  expect(await half.isWhole()).toBe(true);
};
