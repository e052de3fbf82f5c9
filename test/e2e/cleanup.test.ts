import { putRow, type Row } from "./support/rows.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const GUARDS = `
  export default {
    onDisconnect(agent) { console.warn({ event: "disconnect guard", who: agent.credentials }); },
  };
`;

/** API Gateway's errors in this file: connections that it calls gone, and connections whose $disconnect it forgets. */
const faults = { gone: new Set<string>(), twice: new Map<string, number>(), forgotten: new Set<string>() };

/** Whether this post meets a 410. */
const isGone = (connectionId: string): boolean => {
  const left = faults.twice.get(connectionId) ?? 0;
  if (left > 0) faults.twice.set(connectionId, left - 1);
  return left > 0 || faults.gone.has(connectionId);
};

describe("cleaning up", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      faults: {
        beforePost: (connectionId) => (isGone(connectionId) ? "gone" : undefined),
        dropDisconnect: (connectionId) => faults.forgotten.has(connectionId),
      },
    });
  });
  afterAll(() => system.close());

  const rowsAbout = async (connectionId: string): Promise<Row[]> =>
    (await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId));

  /** How often `onDisconnect` ran for this agent. */
  const disconnectsOf = (who: string): number =>
    system.logs.filter(({ message }) => message.includes("disconnect guard") && message.includes(who)).length;

  /** Makes a connection's subscriber rows say that it is a minute older than it is. */
  const age = async (connectionId: string): Promise<void> => {
    const rows = (await system.rows()).filter(({ sk }) => sk === connectionId);
    for (const row of rows) await putRow(system.running, { ...row, ttl: String(Number(row["ttl"]) - 60) });
  };

  const sweep = async (): Promise<void> => {
    for (const result of await system.running.runSchedules()) expect(result).toMatchObject({ ok: true });
  };

  const subscribed = async (
    who: string,
    channel: string,
  ): Promise<{ wire: Wire; connectionId: string; connectedAt: number }> => {
    const wire = await system.connect({ credentials: who });
    await wire.subscribe(channel);
    return { wire, ...(await system.connectionOf(wire)) };
  };

  it("removes a gone subscriber with a lost $disconnect, and calls onDisconnect once", async () => {
    const { wire, connectionId } = await subscribed("lost-1", "lost");
    faults.forgotten.add(connectionId);
    await age(connectionId);
    await wire.close();
    const publisher = await system.connect({ credentials: "publisher" });
    expect(await rowsAbout(connectionId)).not.toEqual([]);
    expect(disconnectsOf("lost-1")).toBe(0);
    expect(await publisher.publish("lost", 1)).toMatchObject({ successful: true });
    expect(await rowsAbout(connectionId)).toEqual([]);
    expect(disconnectsOf("lost-1")).toBe(1);
  });

  it("closes the socket after a wrong 410, so that its SDK reconnects", async () => {
    const { wire, connectionId } = await subscribed("wronged", "wrong");
    await age(connectionId);
    faults.gone.add(connectionId);
    const publisher = await system.connect({ credentials: "publisher" });
    await publisher.publish("wrong", 1);
    expect((await wire.ended()).code).toBe(1000);
    await system.disconnected(connectionId);
    expect(await rowsAbout(connectionId)).toEqual([]);
    expect(disconnectsOf("wronged")).toBe(1);
  });

  it("retries after a 410 of a young connection, and removes nothing", async () => {
    const { wire, connectionId } = await subscribed("young", "youth");
    faults.twice.set(connectionId, 2);
    const publisher = await system.connect({ credentials: "publisher" });
    expect(await publisher.publish("youth", 1)).toMatchObject({ successful: true });
    await wire.message(1);
    expect(faults.twice.get(connectionId)).toBe(0);
    expect(wire.closed).toBeUndefined();
    expect(disconnectsOf("young")).toBe(0);
  });

  it("retries a young socket through workers after a 410, and delivers there", async () => {
    const { wire, connectionId } = await subscribed("unreachable", "nobody");
    faults.gone.add(connectionId);
    const publisher = await system.connect({ credentials: "publisher" });
    expect(await publisher.publish("nobody", 1)).toMatchObject({ successful: true });
    expect(await rowsAbout(connectionId)).not.toEqual([]);
    faults.gone.delete(connectionId);
    await wire.message(1);
    expect(wire.closed).toBeUndefined();
    expect(disconnectsOf("unreachable")).toBe(0);
  });

  it("sweeps an overdue agent: closes it, removes its rows, calls onDisconnect once", async () => {
    const { wire, connectionId } = await subscribed("overdue", "sweep");
    const registration = (await rowsAbout(connectionId)).find(({ pk }) => pk?.startsWith("r#"));
    expect(registration).toBeDefined();
    await putRow(system.running, { pk: "r#0", sk: `0000000001#${connectionId}`, ttl: "9999999999" });
    await sweep();
    expect((await wire.ended()).code).toBe(1000);
    await system.disconnected(connectionId);
    await sweep();
    expect(await rowsAbout(connectionId)).toEqual([]);
    expect(disconnectsOf("overdue")).toBe(1);
  });

  it("leaves agents alone whose time has not come", async () => {
    const { wire } = await subscribed("in-time", "stay");
    await sweep();
    expect((await wire.ping()).successful).toBe(true);
  });

  it("ignores rows past their time, which DynamoDB deletes days late", async () => {
    const { wire, connectionId } = await subscribed("expired", "expiry");
    const row = (await rowsAbout(connectionId)).find(({ pk }) => pk === "c#expiry");
    await putRow(system.running, { ...row, ttl: String(Math.floor(Date.now() / 1000) - 1) });
    await wire.publish("expiry", 1);
    await wire.ping();
    expect(wire.messages()).toEqual([]);
  });

  it("finishes what a Lambda left that died right after its claim", async () => {
    const { wire, connectionId, connectedAt } = await subscribed("half", "halves");
    const before = await rowsAbout(connectionId);
    await wire.close();
    await system.disconnected(connectionId);
    // As if it had died: everything but the agent's own row is there again.
    for (const row of before) if (row["sk"] !== "agent") await putRow(system.running, row);
    await putRow(system.running, { pk: "r#3", sk: `0000000002#${connectionId}`, ttl: "9999999999" });
    await sweep();
    const left = await rowsAbout(connectionId);
    expect(left.filter(({ pk }) => !pk?.startsWith("r#"))).toEqual([]);
    expect(connectedAt).toBeGreaterThan(0);
    expect(disconnectsOf("half")).toBe(1);
  });

  it("removes all rows of a connection however it ends", async () => {
    const { wire, connectionId } = await subscribed("cut", "ends");
    wire.socket.terminate();
    await system.disconnected(connectionId);
    expect(await rowsAbout(connectionId)).toEqual([]);
    expect(disconnectsOf("cut")).toBe(1);
  });

  it("calls onDisconnect once when several Lambdas notice at the same time", async () => {
    const { wire, connectionId, connectedAt } = await subscribed("many-notice", "crowd");
    const event = { requestContext: { connectionId, connectedAt, routeKey: "$disconnect", eventType: "DISCONNECT" } };
    await Promise.all(Array.from({ length: 5 }, () => system.invokeRoute("$disconnect", event)));
    await wire.close();
    await system.disconnected(connectionId);
    expect(await rowsAbout(connectionId)).toEqual([]);
    expect(disconnectsOf("many-notice")).toBe(1);
  });

  it("leaves nothing of a subscribe that loses the race against $disconnect", async () => {
    for (let trial = 0; trial < 30; trial += 1) {
      const { wire, connectionId } = await subscribed(`racer-${trial}`, "race/start");
      for (let at = 0; at < 3; at += 1) {
        wire.send({ action: "subscribe", channel: "/meta/subscribe", uuid: `r${at}`, data: { channel: `race/${at}` } });
      }
      await wire.close();
      await system.disconnected(connectionId);
      const subscribes = await system.invoked((all) => {
        const mine = all.filter(
          ({ event }) => JSON.stringify(event).includes(connectionId) && JSON.stringify(event).includes('"subscribe"'),
        );
        return mine.length >= 4 && mine;
      }, "all subscribe frames");
      expect(subscribes.length).toBeGreaterThanOrEqual(4);
      expect(await rowsAbout(connectionId)).toEqual([]);
    }
  });
});
