import type { PresenceEvent } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, replay } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

/** A client that is subscribed to `a`, which has presence. */
const attending = async () => {
  bench.server.automatic = false;
  const { pushIt, peer } = await bench.connected({ channels: ["a"] });
  replay(peer, await peer.frames.take(), { presenceIntervalMs: 40_000 });
  await arrived(pushIt, peer);
  return { pushIt, peer };
};

/** What the server tells of somebody who came or went. */
const told = (what: "joined" | "left", agent: string, at: number, channel = "a") => ({
  channel: "/meta/presence",
  uuid: `${what}${agent}${at}`,
  data: { channel, [what]: { agent, info: { name: agent } }, at },
});

describe("presence", () => {
  it("tells who comes and goes, each once, and of two about one agent the later", async () => {
    const { pushIt, peer } = await attending();
    const events: [string, PresenceEvent][] = [];
    for (const event of ["join", "leave"] as const) pushIt.channel("a").on(event, (member) => events.push([event, member]));
    peer.send(told("joined", "x", 5), told("joined", "x", 5), told("left", "y", 7), told("joined", "y", 6), told("left", "x", 9));
    peer.send(told("joined", "x", 1, "b"));
    await arrived(pushIt, peer);
    const member = (agent: string) => ({ channel: "a", agent, info: { name: agent } });
    expect(events).toEqual([["join", member("x")], ["leave", member("y")], ["leave", member("x")]]);
  });

  it("is kept: pings say where the agent is, and where it is not any more it subscribes again", async () => {
    const { pushIt, peer } = await attending();
    const again = new Mailbox<object>();
    pushIt.on("subscribed", again.put);
    bench.platform.advance(40_000);
    const ping = await peer.frames.take();
    expect(ping).toMatchObject({ action: "ping", data: { presentChannels: ["a"] } });
    peer.send({ channel: "/meta/ping", uuid: ping.uuid, successful: true, data: { absentChannels: ["a"] } });
    replay(peer, await peer.frames.take(), { presenceIntervalMs: 40_000 });
    // It may have missed messages.
    expect(await again.take()).toEqual({ channel: "a" });
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(400_000);
    await settled();
    expect(peer.frames.waiting).toBe(0);
  });

  it("tells who is there, page by page", async () => {
    const { pushIt, peer } = await attending();
    const present = pushIt.channel("a").presence();
    const first = await peer.frames.take();
    expect(first).toMatchObject({ action: "presence", channel: "/meta/presence", data: { channel: "a" } });
    peer.send({ channel: "/meta/presence", uuid: first.uuid, successful: true, data: { channel: "a", count: 2, members: [{ agent: "x" }], more: "x" } });
    const second = await peer.frames.take();
    expect(second.data).toEqual({ channel: "a", after: "x" });
    peer.send({ channel: "/meta/presence", uuid: second.uuid, successful: true, data: { channel: "a", count: 2, members: [{ agent: "y", userId: "u" }] } });
    expect(await present).toEqual({ count: 2, members: [{ agent: "x" }, { agent: "y", userId: "u" }] });
  });

  it("may be none", async () => {
    const { pushIt, peer } = await attending();
    const refused = expect(pushIt.channel("b").presence()).rejects.toMatchObject({ code: "no_presence", channel: "b" });
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/presence", uuid, successful: false, code: "no_presence", error: "None.", data: { channel: "b" } });
    await refused;
  });
});
