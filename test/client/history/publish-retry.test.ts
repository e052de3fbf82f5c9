import type { PushItError, Published } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, reconnected, subscribed } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
/** No pings: nobody would answer them. */
const QUIET = { checkInterval: 1e9, pingInterval: 1e9 };

const SESSION = /^push-it\.session\.[\w-]{22}$/;

describe("the session", () => {
  it("has a secret that each connection offers, and no other client", async () => {
    const { peer } = await subscribed(bench, QUIET);
    const next = await reconnected(bench, peer);
    const secrets = [peer, next].map(({ protocols }) => protocols.filter((protocol) => SESSION.test(protocol)));
    expect(secrets[0]).toHaveLength(1);
    expect(secrets[1]).toEqual(secrets[0]);
    const other = await bench.connected();
    expect(other.peer.protocols).not.toContain(secrets[0]![0]);
  });
});

describe("a publication on a channel with history", () => {
  it("that was in flight when the connection broke is sent again, as the same one, before those behind it", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const published = new Mailbox<Published>();
    const first = pushIt.publish({ channel: "a", data: 1 }, undefined, published.put);
    const frame = await peer.frames.take();
    pushIt.publish({ channel: "a", data: 2 });
    const next = await reconnected(bench, peer);
    pushIt.publish({ channel: "a", data: 3 });
    const again = await next.frames.find(({ action }) => action === "publish");
    expect(again.messages!.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect(again.messages![0]).toMatchObject({ uuid: frame.uuid, channel: "a" });
    next.send({ channel: "/meta/successful", uuid: first, successful: true, position: at(11) });
    expect(await published.take()).toEqual({ uuid: first });
    expect(published.all).toHaveLength(1);
  });

  it.each(["unavailable", "channel_busy"] as const)("that is answered with %s is sent again after a while, and what is behind it waits", async (code) => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    const { uuid } = await peer.frames.take();
    pushIt.publish({ channel: "a", data: 2 }, errors.put);
    peer.send({ channel: "/meta/error", uuid, successful: false, code, error: "Busy." });
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    // Chance is 0.5, and the bound 2 seconds.
    bench.platform.advance(1_000);
    await settled();
    expect(await peer.frames.take()).toMatchObject({ messages: [{ uuid, data: 1 }, { data: 2 }] });
    expect(errors.waiting).toBe(0);
  });

  it("that API Gateway failed or that nobody answered is sent again; a late answer counts", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const published = new Mailbox<Published>();
    const uuid = pushIt.publish({ channel: "a", data: 1 }, undefined, published.put);
    await peer.frames.take();
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    await arrived(pushIt, peer);
    bench.platform.advance(1_000);
    await peer.frames.take();
    bench.platform.advance(30_000);
    peer.send({ channel: "/meta/successful", uuid, successful: true, position: at(11) });
    expect(await published.take()).toEqual({ uuid });
    bench.platform.advance(10_000);
    await arrived(pushIt, peer);
    expect(peer.frames.all.filter(({ action }) => action === "publish")).toHaveLength(2);
  });

  it("fails once 5 minutes are over, and at once where the answer is final", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    const start = bench.platform.now;
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    let sent = 0;
    for (; !errors.waiting; bench.platform.advance(1_000), await settled()) sent = peer.frames.all.filter(({ action }) => action === "publish").length;
    expect(await errors.take()).toMatchObject({ code: "timeout", channel: "a" });
    expect(bench.platform.now - start).toBeGreaterThan(300_000);
    expect(bench.platform.now - start).toBeLessThan(335_000);
    expect(sent).toBeGreaterThan(5);
    const { uuid } = await peer.frames.find(({ action }) => action === "publish");
    pushIt.publish({ channel: "a", data: 2, uuid }, errors.put);
    peer.send({ channel: "/meta/error", uuid, successful: false, code: "uuid_reused", error: "Other data." });
    expect(await errors.take()).toMatchObject({ code: "uuid_reused" });
  });

  it("fails where the application disconnects, also while it waits to be sent again", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/error", uuid, successful: false, code: "unavailable", error: "Busy." });
    await arrived(pushIt, peer);
    pushIt.disconnect();
    expect(await errors.take()).toMatchObject({ code: "closed" });
  });

  it("is known by its answers, also to who is not subscribed", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const outcomes = new Mailbox<unknown>();
    const uuid = pushIt.publish({ channel: "b", data: 1 }, outcomes.put, outcomes.put);
    await peer.frames.take();
    peer.send({ channel: "/meta/successful", uuid, successful: true, position: at(4) });
    await outcomes.take();
    pushIt.publish({ channel: "b", data: 2 }, outcomes.put);
    await peer.frames.take();
    const next = await reconnected(bench, peer);
    expect(await next.frames.take()).toMatchObject({ channel: "b", data: 2 });
    expect(outcomes.waiting).toBe(0);
  });
});

describe("on other channels", () => {
  it("a publication that was in flight fails, and what was not sent is sent once", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "plain", data: 1 }, errors.put);
    await peer.frames.take();
    pushIt.publish({ channel: "plain", data: 2 }, errors.put);
    const next = await reconnected(bench, peer);
    expect(await errors.take()).toMatchObject({ code: "closed" });
    expect(await next.frames.find(({ action }) => action === "publish")).toMatchObject({ data: 2 });
    expect(errors.waiting).toBe(0);
  });
});
