import WebSocket from "ws";
import type { PublishResult, PushItError } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, QUIET, reconnected, subscribed } from "../support/recorded.js";
import type { Peer } from "../support/scripted-server.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

const SESSION = /^push-it\.session\.[\w-]{22}$/;

const isPublication = ({ action }: { action: string }): boolean => action === "publish";
const publications = (peer: Peer): number => peer.frames.all.filter(isPublication).length;
const fail = (peer: Peer, uuid: string, code: string): void =>
  peer.send({ channel: "/meta/error", uuid, successful: false, code, error: "Busy." });

describe("the session", () => {
  it("has a secret of one client, which each connection offers", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const next = await reconnected(bench, pushIt, peer);
    const secrets = [peer, next].map(({ protocols }) => protocols.filter((protocol) => SESSION.test(protocol)));
    expect(secrets[0]).toHaveLength(1);
    expect(secrets[1]).toEqual(secrets[0]);
    const other = await bench.connected();
    expect(other.peer.protocols).not.toContain(secrets[0]![0]);
  });
});

describe("a publication on a channel with history", () => {
  it("in flight at a connection loss is sent again before later ones", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const published = new Mailbox<PublishResult>();
    const first = pushIt.publish({ channel: "a", data: 1 }, undefined, published.put);
    const frame = await peer.frames.take();
    pushIt.publish({ channel: "a", data: 2 });
    const next = await reconnected(bench, pushIt, peer);
    pushIt.publish({ channel: "a", data: 3 });
    pushIt.on("error", () => {});
    const again = await next.frames.find(isPublication);
    expect(again.messages!.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect(again.messages![0]).toMatchObject({ uuid: frame.uuid, channel: "a" });
    next.send({ channel: "/meta/successful", uuid: first, successful: true, position: at(11) });
    expect(await published.take()).toEqual({ uuid: first });
    expect(published.all).toHaveLength(1);
  });

  it("is not sent again if it is ephemeral", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const failed = pushIt.channel("a").publish(1, { ephemeral: true });
    const { uuid, ...frame } = await peer.frames.take();
    expect(frame).toEqual({ action: "publish", channel: "a", data: 1, ephemeral: true });
    fail(peer, uuid, "unavailable");
    await expect(failed).rejects.toMatchObject({ code: "unavailable" });
    bench.platform.advance(10_000);
    await arrived(pushIt, peer);
    expect(publications(peer)).toBe(1);
  });

  it.each(["unavailable", "channel_busy"] as const)("with %s is sent again later; later ones wait", async (code) => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    const { uuid } = await peer.frames.take();
    pushIt.publish({ channel: "a", data: 2 }, errors.put);
    fail(peer, uuid, code);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    // Chance is 0.5, and the bound is at most 2 seconds.
    bench.platform.advance(1_000);
    await settled();
    expect(await peer.frames.take()).toMatchObject({ messages: [{ uuid, data: 1 }, { data: 2 }] });
    expect(errors.waiting).toBe(0);
  });

  it("without a reply is sent again; a late reply counts", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const published = new Mailbox<PublishResult>();
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
    expect(publications(peer)).toBe(2);
  });

  it("fails once 5 minutes are over", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    const start = bench.platform.now;
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    while (!errors.waiting) {
      bench.platform.advance(1_000);
      await arrived(pushIt, peer);
    }
    expect(await errors.take()).toMatchObject({ code: "timeout", channel: "a" });
    expect(bench.platform.now - start).toBeGreaterThanOrEqual(300_000);
    expect(bench.platform.now - start).toBeLessThan(335_000);
    expect(publications(peer)).toBeGreaterThan(5);
  });

  it("survives an outage of one minute", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const outcomes = new Mailbox<unknown>();
    const uuid = pushIt.publish({ channel: "a", data: 1 }, outcomes.put, outcomes.put);
    await peer.frames.take();
    bench.server.refuse = 503;
    peer.socket.terminate();
    while (pushIt.state === "connected") await settled();
    for (let second = 0; second < 60; second++) {
      bench.platform.advance(1_000);
      await settled();
    }
    expect(outcomes.waiting).toBe(0);
    bench.server.refuse = undefined;
    while (!bench.server.peers.waiting) {
      bench.platform.advance(1_000);
      await settled();
    }
    const next = await bench.server.peers.take();
    await next.frames.find(isPublication);
    next.send({ channel: "/meta/successful", uuid, successful: true, position: at(11) });
    expect(await outcomes.take()).toEqual({ uuid });
  });

  it("fails at once when the reply is final", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    const uuid = pushIt.publish({ channel: "a", data: 2 }, errors.put);
    await peer.frames.take();
    fail(peer, uuid, "uuid_reused");
    expect(await errors.take()).toMatchObject({ code: "uuid_reused" });
  });

  it("fails when the application disconnects, also while it waits", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    const { uuid } = await peer.frames.take();
    fail(peer, uuid, "unavailable");
    await arrived(pushIt, peer);
    pushIt.disconnect();
    expect(await errors.take()).toMatchObject({ code: "closed" });
  });

  it("is recognised by its reply, also without a subscription", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const outcomes = new Mailbox<unknown>();
    const uuid = pushIt.publish({ channel: "b", data: 1 }, outcomes.put, outcomes.put);
    await peer.frames.take();
    peer.send({ channel: "/meta/successful", uuid, successful: true, position: at(4) });
    await outcomes.take();
    pushIt.publish({ channel: "b", data: 2 }, outcomes.put);
    await peer.frames.take();
    const next = await reconnected(bench, pushIt, peer);
    expect(await next.frames.take()).toMatchObject({ channel: "b", data: 2 });
    expect(outcomes.waiting).toBe(0);
  });

  it("is retried again after rate_limited", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    for (const code of ["unavailable", "rate_limited"] as const) {
      const { uuid } = await peer.frames.take();
      fail(peer, uuid, code);
      await arrived(pushIt, peer);
      bench.platform.advance(10_000);
    }
    expect(await peer.frames.take()).toMatchObject({ action: "publish", data: 1 });
    expect(errors.waiting).toBe(0);
  });

  it("is not sent again after a sleep longer than the server remembers", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    await peer.frames.take();
    bench.platform.sleep(3_600_000);
    for (let looks = 0; looks < 20 && !errors.waiting; looks += 1) {
      bench.platform.advance(1_000);
      await settled();
    }
    expect(errors.waiting).toBe(1);
    expect(publications(peer)).toBe(1);
  });

  it("is not sent again when the sleep was during an outage", async () => {
    let isOffline = false;
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        if (isOffline) throw new Error("there is no network");
        super(url, protocols);
      }
    }
    const { pushIt, peer } = await subscribed(bench, { ...QUIET, WebSocket: Socket });
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    await peer.frames.take();
    isOffline = true;
    peer.socket.terminate();
    while (pushIt.state === "connected") await settled();
    // It is queued again by now. Then the computer sleeps, and wakes up with a network.
    for (let second = 0; second < 15; second++) {
      bench.platform.advance(1_000);
      await settled();
    }
    isOffline = false;
    bench.platform.sleep(3_600_000);
    const next = await bench.server.peers.take();
    for (let looks = 0; looks < 20 && !errors.waiting; looks += 1) {
      await settled();
      bench.platform.advance(100);
    }
    expect(errors.waiting).toBe(1);
    expect(publications(next)).toBe(0);
  });
});

describe("on a dead network", () => {
  it("a publication is sent again by the next connection", async () => {
    const { pushIt, peer, states } = await subscribed(bench, { checkInterval: 1e12, pingInterval: 1e12 });
    const published = new Mailbox<PublishResult>();
    const uuid = pushIt.publish({ channel: "a", data: 1 }, undefined, published.put);
    await peer.frames.take();
    bench.platform.advance(4_000);
    bench.platform.advance(10_000);
    await states.find(({ code }) => code === "unresponsive");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    expect(await next.frames.find(isPublication)).toMatchObject({ uuid, data: 1 });
    next.send({ channel: "/meta/successful", uuid, successful: true, position: at(11) });
    expect(await published.take()).toEqual({ uuid });
  });
});

describe("on other channels", () => {
  it("a publication in flight fails; a queued one is sent once", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "plain", data: 1 }, errors.put);
    await peer.frames.take();
    pushIt.publish({ channel: "plain", data: 2 }, errors.put);
    const next = await reconnected(bench, pushIt, peer);
    expect(await errors.take()).toMatchObject({ code: "closed" });
    expect(await next.frames.find(isPublication)).toMatchObject({ data: 2 });
    expect(errors.waiting).toBe(0);
  });

  it("a stored position does not prove that a channel has history", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ since: { plain: at(5) }, ...QUIET });
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "plain", data: 1 }, errors.put);
    await peer.frames.take();
    const next = await reconnected(bench, pushIt, peer);
    expect(await errors.take()).toMatchObject({ code: "closed" });
    await arrived(pushIt, next);
    expect(publications(next)).toBe(0);
  });

  it("a stored position has no effect once the channel is subscribed", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["plain"], ...QUIET });
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    void pushIt.channel("plain").subscribe({ since: at(5) });
    await arrived(pushIt, peer);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "plain", data: 1 }, errors.put);
    await peer.frames.take();
    await reconnected(bench, pushIt, peer);
    expect(await errors.take()).toMatchObject({ code: "closed" });
  });

  it("send is never retried, also with history", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    pushIt.send({ channel: "a", data: 1 });
    await peer.frames.take();
    const next = await reconnected(bench, pushIt, peer);
    await next.frames.take();
    await arrived(pushIt, next);
    expect(next.frames.all.map(({ action }) => action)).toEqual(["subscribe"]);
  });
});
