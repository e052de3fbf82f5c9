import { Duration } from "aws-cdk-lib";
import { memberKey } from "../../lambdas/aws/dynamodb/keys.js";
import type { PresencePage, Member } from "../../protocol/index.js";
import { ask, ping, presenceEvent, presenceEvents, presencePage } from "./support/presence.js";
import { leaveGap } from "./support/permissions/histories.js";
import { connectionOf, deleteRow, putRow } from "./support/rows.js";
import { TestSystem } from "./support/system.js";

const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      const { user, info = user, join } = agent.credentials ?? {};
      if (join) agent.subscribe(join);
      agent.connected({ userId: user, info });
    },
    async onSubscriptionRequest(channel, agent) {
      if (channel.name === "rooms/past") {
        const past = await agent.channel("past/gap").history({ since: { epoch: "e1", offset: 0 } });
        const none = await agent.channel("past/new").history();
        if (past.position.offset !== 1 || none.messages.length > 0) return agent.subscriptionDenied(channel, "Not read.");
      }
      if (channel.name === "rooms/closed") agent.subscriptionDenied(channel, "Closed.");
      else agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      if (message.data === "bring me") agent.subscribe(channel.name);
      channel.publish(message);
      agent.publicationSuccess(message);
    },
    async onMessageReceived(channel, agent, message) { if (message.data !== "secret") agent.deliver(channel, message); },
  };
`;

/** Connections that API Gateway calls gone, and connections whose `$disconnect` it forgets. */
const faults = { gone: new Set<string>(), forgotten: new Set<string>() };

const LEASE = Duration.seconds(20);

describe("a channel with presence", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: {
        channels: {
          "rooms/*": { presence: true },
          "rooms/latest": { presence: true, latest: true },
          "past/*": { history: {} },
        },
        presenceLease: LEASE,
        wildcards: ["rooms/*"],
      },
      faults: {
        beforePost: (connectionId) => (faults.gone.has(connectionId) ? "gone" : undefined),
        dropDisconnect: (connectionId) => faults.forgotten.has(connectionId),
      },
    });
  });
  afterAll(() => system.close());

  const arrive = async (user: string, ...channels: string[]) => {
    const wire = await system.connect({ credentials: { user } });
    const { agent } = (await wire.ping()).data as { agent: string };
    for (const channel of channels) expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
    const me: Member = { agent, userId: user, info: user };
    return { wire, me, agent, connectionId: connectionOf(await system.rows(), agent).connectionId };
  };

  const memberRow = async (channel: string, connectionId: string) =>
    (await system.rows()).find(({ pk, c }) => pk === `p#${channel}` && c === connectionId);

  const rowsOf = async (channel: string) =>
    (await system.rows()).filter(({ pk, sk }) => pk === `p#${channel}` || (pk?.startsWith("o#") && sk === channel));

  /** Lets the lease of one agent on a channel be over, or end at another time. */
  const silence = async (channel: string, connectionId: string, until = Date.now() - 1): Promise<void> =>
    putRow(system.running, { ...(await memberRow(channel, connectionId)), l: String(until) });

  const minute = async (): Promise<void> => {
    for (const result of await system.running.runSchedules()) expect(result).toMatchObject({ ok: true });
  };

  it("reports the present agents, and notifies its subscribers of changes", async () => {
    const ada = await arrive("ada", "rooms/1");
    const bob = await arrive("bob");
    expect((await bob.wire.subscribe("rooms/1")).data).toEqual({ channel: "rooms/1", presenceIntervalMs: 10_000 });
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
        ...memberKey("rooms/4", u),
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
    for (const u of others) await deleteRow(system.running, { ...mine, ...memberKey("rooms/4", u) });
  });

  it("is right one lease after a lost $disconnect, and notifies then", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/5"), await arrive("bob", "rooms/5")];
    await presenceEvent(ada.wire, "rooms/5", "joined", bob.agent);
    faults.forgotten.add(bob.connectionId);
    await bob.wire.close();
    expect(await presencePage(ada.wire, "rooms/5")).toMatchObject({ count: 2 });
    await silence("rooms/5", bob.connectionId);
    expect(await presencePage(ada.wire, "rooms/5")).toMatchObject({ count: 1, members: [ada.me] });
    expect(presenceEvents(ada.wire, "rooms/5").some(({ left }) => left)).toBe(false);
    await minute();
    await presenceEvent(ada.wire, "rooms/5", "left", bob.agent);
    expect(await memberRow("rooms/5", bob.connectionId)).toBeUndefined();
  });

  it("removes an agent after a wrong 410 until it connects again", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/6"), await arrive("bob", "rooms/6")];
    await presenceEvent(ada.wire, "rooms/6", "joined", bob.agent);
    const row = (await system.rows()).find(({ pk, sk }) => pk === "c#rooms/6" && sk === bob.connectionId);
    await putRow(system.running, { ...row, ttl: String(Number(row?.["ttl"]) - 60) });
    faults.gone.add(bob.connectionId);
    await ada.wire.publish("rooms/6", 1);
    await bob.wire.ended();
    await presenceEvent(ada.wire, "rooms/6", "left", bob.agent);
    const again = await arrive("bob", "rooms/6");
    await presenceEvent(ada.wire, "rooms/6", "joined", again.agent);
    expect(await presencePage(ada.wire, "rooms/6")).toMatchObject({ count: 2 });
  });

  it("notifies in the next run if a Lambda died before", async () => {
    const ada = await arrive("ada", "rooms/7");
    await presenceEvent(ada.wire, "rooms/7", "joined", ada.agent);
    const mine = { ...(await memberRow("rooms/7", ada.connectionId)) };
    const { t: _announced, ...notAnnounced } = mine;
    await putRow(system.running, { ...notAnnounced, ...memberKey("rooms/7", "came"), c: "came", u: "came" });
    await putRow(system.running, {
      ...mine,
      ...memberKey("rooms/7", "went"),
      c: "went",
      u: "went",
      g: String(Date.now()),
    });
    await minute();
    await presenceEvent(ada.wire, "rooms/7", "joined", "came");
    await presenceEvent(ada.wire, "rooms/7", "left", "went");
    await deleteRow(system.running, { ...mine, ...memberKey("rooms/7", "came") });
  });

  it("renews members by their pings, and asks others to subscribe again", async () => {
    const ada = await arrive("ada", "rooms/8");
    const until = async (): Promise<number> => Number((await memberRow("rooms/8", ada.connectionId))?.["l"]);
    const fresh = await until();
    const { data } = await ping(ada.wire, ["rooms/8", "plain", "rooms/9"]);
    expect(data).toMatchObject({ agent: ada.agent, absentChannels: ["rooms/9"] });
    expect(await until()).toBe(fresh);
    const half = fresh - LEASE.toMilliseconds() / 2;
    await silence("rooms/8", ada.connectionId, half);
    await ping(ada.wire, ["rooms/8"]);
    expect(await until()).toBeGreaterThan(half);
    expect((await ping(ada.wire, ["rooms/8"])).data).not.toHaveProperty("absentChannels");
    await silence("rooms/8", ada.connectionId);
    await minute();
    expect((await ping(ada.wire, ["rooms/8"])).data).toMatchObject({ absentChannels: ["rooms/8"] });
    await ada.wire.subscribe("rooms/8");
    expect((await ping(ada.wire, ["rooms/8"])).data).not.toHaveProperty("absentChannels");
    for (const present of ["rooms/8", [1], Array.from({ length: 101 }, () => "rooms/8"), null]) {
      expect(await ping(ada.wire, present)).toMatchObject({
        channel: "/meta/ping",
        successful: false,
        code: "bad_frame",
      });
    }
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
      presenceIntervalMs: 10_000,
      latest: { data: "news" },
    });
  });

  it("leaves no row when everybody has gone and a while is over", async () => {
    const { wire, connectionId } = await arrive("ada", "rooms/12");
    await wire.close();
    await system.disconnected(connectionId);
    await minute();
    const [left, ...more] = await rowsOf("rooms/12");
    expect([left?.["pk"]?.slice(0, 2), more]).toEqual(["o#", []]);
    await putRow(system.running, { ...left, w: "1" });
    await minute();
    expect(await rowsOf("rooms/12")).toEqual([]);
  });
});
