import { memberKey } from "../../lambdas/aws/dynamodb/keys.js";
import { memberPlace } from "../../lambdas/presence/members.js";
import type { PresencePage } from "../../protocol/index.js";
import { ask, ping, presenceEvent, presenceEvents, presencePage } from "./support/presence.js";
import { GRACE, usePresenceSystem } from "./support/presence-system.js";
import { leaveGap } from "./support/permissions/histories.js";
import { deleteRow, putRow } from "./support/rows.js";
import type { TestSystem } from "./support/system.js";

describe("a channel with presence", () => {
  const { arrive, memberRow, rowsOf, minute, system: running } = usePresenceSystem();
  let system: TestSystem;
  beforeAll(() => void (system = running()));

  it("reports the present agents, and notifies its subscribers of changes", async () => {
    const ada = await arrive("ada", "rooms/1");
    const bob = await arrive("bob");
    expect((await bob.wire.subscribe("rooms/1")).data).toEqual({ channel: "rooms/1", presenceIntervalMs: 60_000 });
    expect(await presenceEvent(ada.wire, "rooms/1", "joined", bob.agent)).toEqual({
      channel: "rooms/1",
      joined: bob.me,
      at: expect.any(Number),
    });
    expect(await presencePage(ada.wire, "rooms/1")).toEqual({
      channel: "rooms/1",
      count: 2,
      members: expect.arrayContaining([ada.me, bob.me]),
    });
    await bob.wire.unsubscribe("rooms/1");
    const { at } = await presenceEvent(ada.wire, "rooms/1", "left", bob.agent);
    expect(at).toBeGreaterThan((await presenceEvent(ada.wire, "rooms/1", "joined", bob.agent)).at);
    expect(await presencePage(ada.wire, "rooms/1")).toMatchObject({ count: 1, members: [ada.me] });
    const carl = await arrive("carl", "rooms/1");
    await presenceEvent(ada.wire, "rooms/1", "joined", carl.agent);
    await carl.wire.close();
    await presenceEvent(ada.wire, "rooms/1", "left", carl.agent);
  });

  it("notifies wildcard subscribers, which are not present themselves", async () => {
    const watcher = await arrive("watcher", "rooms/*");
    const ada = await arrive("ada", "rooms/2");
    await presenceEvent(watcher.wire, "rooms/2", "joined", ada.agent);
    expect(await presencePage(watcher.wire, "rooms/2")).toEqual({ channel: "rooms/2", count: 1, members: [ada.me] });
  });

  it("has every agent that any guard has subscribed", async () => {
    const ada = await arrive("ada", "rooms/3");
    const guest = await system.connect({ credentials: { user: "guest", join: "rooms/3" } });
    const { agent } = (await guest.ping()).data as { agent: string };
    await presenceEvent(ada.wire, "rooms/3", "joined", agent);
    const bob = await arrive("bob");
    await bob.wire.publish("rooms/3", "bring me");
    await presenceEvent(ada.wire, "rooms/3", "joined", bob.agent);
    expect(await presencePage(bob.wire, "rooms/3")).toMatchObject({ count: 3 });
  });

  it("is refused to agents that may not subscribe to the channel itself", async () => {
    const { wire } = await arrive("ada");
    expect(await ask(wire, "rooms/closed")).toMatchObject({
      channel: "/meta/presence",
      successful: false,
      code: "denied",
      error: "Closed.",
      data: { channel: "rooms/closed" },
    });
    expect(await ask(wire, "plain")).toMatchObject({ successful: false, code: "no_presence" });
    expect(await ask(wire, "rooms/*")).toMatchObject({ successful: false, code: "no_presence" });
    expect(await ask(wire, "/meta/user")).toMatchObject({ successful: false, code: "reserved_channel" });
    expect(await wire.request({ action: "presence", channel: "/meta/presence", data: {} })).toMatchObject({
      channel: "/meta/presence",
      code: "bad_frame",
    });
  });

  it("lets a guard read a history before its decision", async () => {
    const { wire } = await arrive("ada");
    await leaveGap(system, "past/gap");
    expect(await ask(wire, "rooms/past")).toMatchObject({ successful: true, data: { count: 0 } });
  });

  it("reports its members in pages if one frame cannot hold them", async () => {
    const { wire, connectionId } = await arrive("ada", "rooms/4");
    const mine = await memberRow("rooms/4", connectionId);
    const others = Array.from({ length: 200 }, (_, at) => String(at).padStart(22, "0"));
    for (const u of others)
      await putRow(system.running, {
        ...mine,
        ...memberKey("rooms/4", memberPlace({ uuid: u }), u),
        c: u,
        u,
        i: JSON.stringify("x".repeat(250)),
      });
    // The next run of the notifier stores how many there are.
    await minute();
    const agents: string[] = [];
    let pages = 0;
    let after: string | undefined;
    do {
      const page = (await ask(wire, "rooms/4", after)).data as unknown as PresencePage;
      expect(page.count).toBe(201);
      agents.push(...page.members.map(({ agent }) => agent));
      after = page.more;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBeGreaterThan(1);
    expect(agents).toHaveLength(201);
    expect(new Set(agents).size).toBe(201);
    expect(await ask(wire, "rooms/4", "x".repeat(65))).toMatchObject({ successful: false, code: "bad_frame" });
    for (const u of others)
      await deleteRow(system.running, { ...mine, ...memberKey("rooms/4", memberPlace({ uuid: u }), u) });
  });

  it("refuses pings that say so too often, and no others", async () => {
    const { wire, agent } = await arrive("ada", "rooms/9");
    /** One after the other, so that they run in one environment: each counts for itself. */
    const codes = async (times: number, present?: string[]): Promise<unknown[]> => {
      const all: unknown[] = [];
      while (all.length < times) all.push((await ping(wire, present)).code);
      return all;
    };
    expect(new Set(await codes(30, ["rooms/9"]))).toEqual(new Set([undefined, "rate_limited"]));
    expect(new Set(await codes(30))).toEqual(new Set([undefined]));
    expect(await presencePage(wire, "rooms/9")).toMatchObject({ members: [{ agent }] });
  });

  it("notifies again when an agent is renewed with other info", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/10"), await arrive("bob", "rooms/10")];
    await presenceEvent(ada.wire, "rooms/10", "joined", bob.agent);
    await bob.wire.request({
      action: "refresh",
      channel: "/meta/refresh",
      data: { credentials: { user: "bob", info: "busy" } },
    });
    await ada.wire.until(
      () => presenceEvents(ada.wire, "rooms/10").find(({ joined }) => joined?.info === "busy"),
      "who bob is now",
    );
  });

  it("removes an agent whose subscription the server API ended", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/11"), await arrive("bob", "rooms/11")];
    await presenceEvent(ada.wire, "rooms/11", "joined", bob.agent);
    const request = { version: 1, unsubscribe: { userId: "bob" }, channel: "rooms/11" };
    expect(await system.running.invoke(system.functionOf("PushItPublisher"), request)).toMatchObject({ ok: true });
    await presenceEvent(ada.wire, "rooms/11", "left", bob.agent);
  });

  it("sends the last message as well if the channel has `latest`", async () => {
    const { wire } = await arrive("ada");
    await wire.publish("rooms/latest", "news");
    expect((await wire.subscribe("rooms/latest")).data).toMatchObject({
      channel: "rooms/latest",
      presenceIntervalMs: 60_000,
      latest: { data: "news" },
    });
  });

  it("leaves no row when everybody has gone and a while is over", async () => {
    const { wire, connectionId } = await arrive("ada", "rooms/12");
    await wire.close();
    await system.disconnected(connectionId);
    await new Promise((resolve) => setTimeout(resolve, GRACE.toMilliseconds()));
    await minute();
    const [left, ...more] = await rowsOf("rooms/12");
    expect([left?.["pk"]?.slice(0, 2), more]).toEqual(["o#", []]);
    await putRow(system.running, { ...left, w: "1" });
    await minute();
    expect(await rowsOf("rooms/12")).toEqual([]);
  });
});
