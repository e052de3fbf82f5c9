import { livenessKey, memberKey } from "../../lambdas/aws/dynamodb/keys.js";
import { memberPlace } from "../../lambdas/presence/members.js";
import { ping, presenceEvent, presenceEvents, presencePage } from "./support/presence.js";
import { GRACE, usePresenceSystem } from "./support/presence-system.js";
import { eventually } from "./support/eventually.js";
import { deleteRow, putRow } from "./support/rows.js";
import type { TestSystem } from "./support/system.js";

describe("the members of a channel whose connections end", () => {
  const { arrive, memberRow, silence, age, minute, faults, system: running } = usePresenceSystem();
  let system: TestSystem;
  beforeAll(() => void (system = running()));

  it("is right one check after a lost $disconnect, and notifies", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/5"), await arrive("bob", "rooms/5")];
    await presenceEvent(ada.wire, "rooms/5", "joined", bob.agent);
    faults.forgotten.add(bob.connectionId);
    await bob.wire.close();
    await eventually(() => !system.running.connections.includes(bob.connectionId), "the end of the connection");
    expect(await presencePage(ada.wire, "rooms/5")).toMatchObject({ count: 2 });
    await age(ada.connectionId, bob.connectionId);
    await minute();
    await presenceEvent(ada.wire, "rooms/5", "left", bob.agent);
    expect(await presencePage(ada.wire, "rooms/5")).toMatchObject({ count: 1, members: [ada.me] });
    // The member's row is deleted after the event.
    const rows = async () => (await system.rows()).filter((row) => JSON.stringify(row).includes(bob.connectionId));
    await eventually(async () => (await rows()).length === 0, "the end of all rows");
    expect(await ada.wire.ping()).toMatchObject({ successful: true });
  });

  it("is right if a connection stays open and sends no heartbeats", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/13"), await arrive("bob", "rooms/13")];
    await presenceEvent(ada.wire, "rooms/13", "joined", bob.agent);
    // A busy machine needs seconds for a check. A unit test has the exact bound.
    await silence(bob.connectionId, Date.now() - 90_000);
    await minute();
    expect(await presencePage(ada.wire, "rooms/13")).toMatchObject({ count: 2 });
    await silence(bob.connectionId, Date.now() - 121_000);
    await minute();
    await presenceEvent(ada.wire, "rooms/13", "left", bob.agent);
    // Its client is back: it is still subscribed, and is asked to subscribe again.
    expect((await ping(bob.wire, ["rooms/13"])).data).toMatchObject({ absentChannels: ["rooms/13"] });
    await bob.wire.subscribe("rooms/13");
    await ada.wire.until(
      () => presenceEvents(ada.wire, "rooms/13").filter(({ joined }) => joined?.agent === bob.agent).length === 2,
      "that bob is back",
    );
  });

  it("has one member for all connections of a user", async () => {
    const ada = await arrive("ada", "rooms/14");
    const [first, second] = [await arrive("bob", "rooms/14"), await arrive("bob", "rooms/14")];
    await presenceEvent(ada.wire, "rooms/14", "joined", first.agent);
    expect(await presencePage(ada.wire, "rooms/14")).toMatchObject({
      count: 2,
      members: expect.arrayContaining([{ ...first.me, connections: [first.agent, second.agent] }]),
    });
    await first.wire.close();
    await system.disconnected(first.connectionId);
    await minute();
    expect(await presencePage(ada.wire, "rooms/14")).toMatchObject({
      members: expect.arrayContaining([{ ...first.me, connections: [second.agent] }]),
    });
    await second.wire.close();
    await presenceEvent(ada.wire, "rooms/14", "left", first.agent);
    expect(presenceEvents(ada.wire, "rooms/14").filter(({ at }) => at > 0)).toHaveLength(3);
  });

  it("announces nothing about a user that returns within the grace", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/15"), await arrive("bob", "rooms/15")];
    await presenceEvent(ada.wire, "rooms/15", "joined", bob.agent);
    await bob.wire.close();
    await system.disconnected(bob.connectionId);
    const again = await arrive("bob", "rooms/15");
    await new Promise((resolve) => setTimeout(resolve, 2 * GRACE.toMilliseconds()));
    await minute();
    expect(presenceEvents(ada.wire, "rooms/15").filter(({ left }) => left)).toEqual([]);
    expect(await presencePage(ada.wire, "rooms/15")).toMatchObject({
      members: expect.arrayContaining([{ ...bob.me, connections: [again.agent] }]),
    });
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
    const { t: _at, f: _as, d: _digest, ...mine } = { ...(await memberRow("rooms/7", ada.connectionId)) };
    const keyOf = (id: string) => memberKey("rooms/7", memberPlace({ uuid: id }), id);
    await putRow(system.running, { ...mine, ...keyOf("came"), c: "came", u: "came" });
    await putRow(system.running, { ...mine, ...keyOf("went"), c: "went", u: "went", g: String(Date.now() - 5_000) });
    await minute();
    await presenceEvent(ada.wire, "rooms/7", "joined", "came");
    await presenceEvent(ada.wire, "rooms/7", "left", "went");
    await deleteRow(system.running, { ...mine, ...keyOf("came") });
  });

  it("renews members by their pings, and asks others to subscribe again", async () => {
    const ada = await arrive("ada", "rooms/8");
    const heartbeatAt = async (): Promise<number> => {
      const { pk, sk } = livenessKey(ada.connectionId);
      return Number((await system.rows()).find((each) => each.pk === pk && each.sk === sk)?.["h"]);
    };
    await age(ada.connectionId);
    const before = await heartbeatAt();
    const { data } = await ping(ada.wire, ["rooms/8", "plain", "rooms/9"]);
    expect(data).toMatchObject({ agent: ada.agent, absentChannels: ["rooms/9"] });
    expect(await heartbeatAt()).toBeGreaterThan(before);
    await age(ada.connectionId);
    ada.wire.send({ action: "heartbeat", channel: "/meta/ping", uuid: "h1", data: { presentChannels: ["rooms/8"] } });
    await system.invoked((all) => all.some(({ event }) => JSON.stringify(event).includes('\\"h1\\"')), "the heartbeat");
    expect(await heartbeatAt()).toBeGreaterThan(before);
    expect(ada.wire.received.filter(({ uuid }) => uuid === "h1")).toEqual([]);
    const beat = { action: "heartbeat", channel: "/meta/ping", data: { presentChannels: ["rooms/9"] } };
    expect((await ada.wire.request(beat)).data).toMatchObject({ absentChannels: ["rooms/9"], heartbeats: true });
    for (const present of ["rooms/8", [1], Array.from({ length: 101 }, () => "rooms/8"), null]) {
      expect(await ping(ada.wire, present)).toMatchObject({
        channel: "/meta/ping",
        successful: false,
        code: "bad_frame",
      });
    }
  });
});
