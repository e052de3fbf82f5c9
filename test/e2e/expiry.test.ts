import { Meta } from "../../protocol/index.js";
import { expire, GUARDS_THAT_VOUCH, OVER } from "./support/expiry.js";
import { putRow, type Row } from "./support/rows.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const HOUR = 3_600_000;

describe("an agent that has to be renewed", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({ guards: GUARDS_THAT_VOUCH, props: { limits: { subscriptionsPerAgent: 3 } } });
  });
  afterAll(() => system.close());

  const refresh = (wire: Wire, credentials?: object) =>
    wire.request({
      action: "refresh",
      channel: Meta.refresh,
      ...(credentials && { data: { credentials: credentials as never } }),
    });

  const rowsOf = async (connectionId: string): Promise<Row[]> =>
    (await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId));

  const connected = async (
    credentials: object,
    ...channels: string[]
  ): Promise<{ wire: Wire; connectionId: string }> => {
    const wire = await system.connect({ credentials: credentials as never });
    for (const channel of channels) expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
    return { wire, connectionId: (await system.connectionOf(wire)).connectionId };
  };

  const expectGone = async ({ wire, connectionId }: { wire: Wire; connectionId: string }): Promise<void> => {
    expect((await wire.ended()).code).toBe(1000);
    await system.disconnected(connectionId);
    expect(await rowsOf(connectionId)).toEqual([]);
  };

  const sweep = async (): Promise<void> => {
    for (const result of await system.running.runSchedules()) expect(result).toMatchObject({ ok: true });
  };

  describe("and asks in time", () => {
    it("stays, with what the guard says now: credentials, info, time and subscriptions", async () => {
      const { wire, connectionId } = await connected({ user: "ada", forMs: 5_000 }, "renewed/a");
      const answer = await refresh(wire, { user: "ada", forMs: HOUR, subscribe: "renewed/b" });
      expect(answer).toMatchObject({ channel: "/meta/refresh", successful: true });
      const { expiresInMs } = answer.data as { expiresInMs: number };
      expect(expiresInMs).toBeGreaterThan(HOUR - 60_000);
      expect(expiresInMs).toBeLessThanOrEqual(HOUR);
      const ends = (await rowsOf(connectionId))
        .filter(({ pk, sk }) => pk?.startsWith("c#") || sk?.startsWith("s#"))
        .map(({ ttl }) => ttl);
      // Two rows for each of two channels and of the user.
      expect(ends).toHaveLength(6);
      expect(new Set(ends).size).toBe(1);
      expect(Number(ends[0])).toBeGreaterThan((Date.now() + HOUR / 2) / 1000);
      for (const channel of ["renewed/a", "renewed/b"]) {
        await wire.publish(channel, channel);
        expect(await wire.message(channel)).toMatchObject({ channel });
      }
    });

    it("is renewed for all guards after the cache of a warm Lambda", async () => {
      const { wire } = await connected({ user: "bea", forMs: 5_000 });
      expect((await wire.publish("cached", 1)).data).toEqual({ user: "bea", renewed: false });
      await refresh(wire, { user: "bea", forMs: HOUR });
      expect((await wire.ping()).data).toMatchObject({ expiresInMs: expect.any(Number) as number });
    });

    it("keeps its subscriptions when the sweep comes past its old time", async () => {
      const before = await connected({ user: "cyd", forMs: 5_000 }, "kept");
      await refresh(before.wire, { user: "cyd", forMs: HOUR });
      const [row] = (await rowsOf(before.connectionId)).filter(({ pk }) => pk?.startsWith("r#"));
      await putRow(system.running, { ...row, sk: `0000000001#${before.connectionId}` });
      await sweep();
      expect((await rowsOf(before.connectionId)).filter(({ sk }) => sk?.startsWith("0000000001"))).toEqual([]);
      await before.wire.publish("kept", "still");
      expect(await before.wire.message("still")).toBeDefined();
    });

    it("may be renewed from no end to an end and back", async () => {
      const { wire } = await connected({ user: "dan" });
      expect((await wire.ping()).data).not.toHaveProperty("expiresInMs");
      expect((await refresh(wire, { user: "dan", forMs: HOUR })).data).toHaveProperty("expiresInMs");
      expect((await refresh(wire, { user: "dan" })).data).not.toHaveProperty("expiresInMs");
    });
  });

  describe("and asks, but", () => {
    it("is denied, notified, removed and closed, and onDisconnect runs once", async () => {
      const before = await connected({ user: "eve", forMs: HOUR }, "eves");
      const { agent } = (await before.wire.ping()).data as { agent: string };
      expect(await refresh(before.wire, { verdict: "deny" })).toEqual({
        channel: "/meta/refresh",
        uuid: expect.any(String) as string,
        successful: false,
        code: "denied",
        error: "Suspended.",
      });
      await expectGone(before);
      expect(system.logs.filter(({ message }) => message.includes("told") && message.includes(agent))).toHaveLength(1);
    });

    it("would become another user's: denied and closed", async () => {
      const before = await connected({ user: "fay", forMs: HOUR });
      expect(await refresh(before.wire, { user: "eve", forMs: HOUR })).toMatchObject({
        successful: false,
        code: "denied",
      });
      await expectGone(before);
    });

    it.each([
      ["guard_failed", { verdict: "throw" }],
      ["too_many_subscriptions", { user: "gil", forMs: HOUR, subscribe: "gil/4" }],
      ["too_large", { user: "gil", pad: "x".repeat(5_000) }],
    ])("gets %s: it stays what it was", async (code, credentials) => {
      const { wire, connectionId } = await connected({ user: "gil", forMs: HOUR }, "gil/1", "gil/2", "gil/3");
      const rows = await rowsOf(connectionId);
      const answer = await refresh(wire, credentials);
      expect(answer).toMatchObject({ channel: "/meta/refresh", successful: false, code });
      expect(JSON.stringify(answer)).not.toContain("secret detail");
      expect(await rowsOf(connectionId)).toEqual(rows);
      expect((await wire.publish("gil/1", code)).successful).toBe(true);
    });

    it.each([
      { data: "text" },
      { data: [1] },
      { channel: "/meta/ping" },
      { channel: "/meta/refresh", uuid: "no uuid" },
    ])("malformed (%j): bad_frame, and the guard is not asked", async (more) => {
      const { wire, connectionId } = await connected({ user: "hal", forMs: HOUR });
      const rows = await rowsOf(connectionId);
      wire.send({ action: "refresh", channel: "/meta/refresh", uuid: "malformed", ...more });
      await wire.until(() => wire.received.find(({ code }) => code === "bad_frame"), "bad_frame");
      expect(await rowsOf(connectionId)).toEqual(rows);
    });

    it("leaves meanwhile: nothing of it comes back", async () => {
      const { wire, connectionId } = await connected({ user: "ian", forMs: HOUR }, "ians");
      const renewals = system.invocations.length;
      wire.send({
        action: "refresh",
        channel: "/meta/refresh",
        uuid: "late",
        data: { credentials: { user: "ian", forMs: HOUR, subscribe: "ians/2", waitMs: 500 } },
      });
      await wire.close();
      await system.disconnected(connectionId);
      await system.invoked(
        (all) =>
          all
            .slice(renewals)
            .some(
              ({ event }) =>
                (event as { requestContext?: { routeKey?: string } }).requestContext?.routeKey === "refresh",
            ),
        "the renewal",
      );
      expect(await rowsOf(connectionId)).toEqual([]);
    });

    it("was denied the connection to begin with: the denial is repeated", async () => {
      const wire = await system.connect({ credentials: { verdict: "deny" } });
      expect(await refresh(wire, { user: "jon" })).toMatchObject({
        channel: "/meta/connect",
        successful: false,
        code: "denied",
      });
    });
  });

  describe("and does not ask", () => {
    it("gets `renew` with its next reply, and is served for another minute", async () => {
      const { wire, connectionId } = await connected({ user: "kim", forMs: 5_000, subscribe: "kims" });
      await expire(system, connectionId, 1_000);
      expect(await wire.subscribe("kims/2")).toMatchObject({ successful: true });
      const ask = await wire.until(
        () => wire.received.find(({ channel, uuid }) => channel === "/meta/refresh" && uuid === undefined),
        "being asked",
      );
      expect(ask).toMatchObject({ successful: true });
      expect((ask.data as { expiresInMs: number }).expiresInMs).toBeLessThan(0);
      await wire.publish("kims", "served");
      expect(await wire.message("served")).toBeDefined();
    });

    const frames: [string, object][] = [
      ["ping", { channel: "/meta/ping" }],
      ["connect", { channel: "/meta/connect" }],
      ["subscribe", { channel: "/meta/subscribe", data: { channel: "lee/2" } }],
      ["unsubscribe", { channel: "/meta/unsubscribe", data: { channel: "lee" } }],
      ["publish", { channel: "lee", data: 1 }],
      ["refresh", { channel: "/meta/refresh", data: { credentials: { user: "lee", forMs: HOUR } } }],
      ["nonsense", {}],
    ];
    it.each(frames)("and then gets `expired` and is closed at its next frame: %s", async (action, frame) => {
      const other = await connected({ user: "max" }, "lee", "lee/2");
      const before = await connected({ user: "lee", forMs: 5_000, subscribe: "lee" });
      await expire(system, before.connectionId, OVER);
      expect(await before.wire.request({ action, ...frame })).toMatchObject({
        channel: "/meta/refresh",
        successful: false,
        code: "expired",
      });
      await expectGone(before);
      expect(other.wire.messages()).toEqual([]);
    });

    it("and sends: is notified and closed, although `send` has no reply", async () => {
      const before = await connected({ user: "ned", forMs: 5_000 }, "neds");
      await expire(system, before.connectionId, OVER);
      before.wire.send({ action: "send", channel: "neds", uuid: "s", data: 1 });
      await before.wire.until(() => before.wire.received.find(({ code }) => code === "expired"), "expired");
      await expectGone(before);
    });

    it("is notified and closed by the next publication, without its message", async () => {
      const publisher = await connected({ user: "oda" }, "odas");
      const before = await connected({ user: "pam", forMs: 5_000 }, "odas");
      await expire(system, before.connectionId, OVER);
      expect((await publisher.wire.publish("odas", "not for Pam")).successful).toBe(true);
      await expectGone(before);
      expect(before.wire.received).toContainEqual(
        expect.objectContaining({ channel: "/meta/refresh", code: "expired" }),
      );
      expect(before.wire.received).not.toContainEqual(expect.objectContaining({ uuid: undefined, successful: true }));
      expect(before.wire.messages()).toEqual([]);
      await publisher.wire.message("not for Pam");
    });

    it("is notified and closed by the sweep", async () => {
      const before = await connected({ user: "quin", forMs: 5_000 }, "quins");
      await expire(system, before.connectionId, OVER);
      await sweep();
      await expectGone(before);
      expect(before.wire.received).toContainEqual(
        expect.objectContaining({ channel: "/meta/refresh", code: "expired" }),
      );
    });
  });

  describe("and is in a Lambda's cache", () => {
    it("is not served from there past its time", async () => {
      const before = await connected({ user: "rae", forMs: 3_000 }, "raes");
      const warm = await before.wire.publish("raes", "warm");
      expect(warm.successful).toBe(true);
      const told = (await before.wire.ping()).data as { expiresInMs: number };
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, told.expiresInMs) + 50));
      // The Lambda that has it in its cache would serve it for 60 seconds.
      await expire(system, before.connectionId, OVER);
      expect(await before.wire.publish("raes", "too late")).toMatchObject({ successful: false, code: "expired" });
      await expectGone(before);
      expect(before.wire.messages().map(({ data }) => data)).toEqual(["warm"]);
    });
  });
});
