import WebSocket from "ws";
import { Channel, PushIt, PushItError } from "push-it-client/core";
import * as all from "push-it-client";
import { Mailbox } from "./support/mailbox.js";
import { numbered } from "./support/recorded.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

/** A client of the smaller SDK, and the server's end of its connection. */
const connected = async (options = {}) => {
  const pushIt = new PushIt({ url: bench.server.url, WebSocket, platform: bench.platform, ...options });
  const states = new Mailbox<string>();
  pushIt.on("state", ({ code }) => states.put(code));
  const peer = await bench.server.peers.take();
  while (!pushIt.me) await settled();
  return { pushIt, states, peer };
};

describe("the SDK without history and presence", () => {
  it("publishes, subscribes and receives", async () => {
    const { pushIt, peer } = await connected({ channels: ["a"] });
    const received = new Mailbox<unknown>();
    pushIt.onMessageReceived = (channel, { data }) => received.put([channel, data]);
    const channel = pushIt.channel<number>("b");
    await channel.subscribe();
    const { uuid } = await channel.publish(1);
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    expect(await received.take()).toEqual(["a", 1]);
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["subscribe", "subscribe", "publish"]);
    expect(peer.frames.all[2]).toMatchObject({ uuid });
    pushIt.disconnect();
    await peer.closed;
  });

  it("delivers messages of a history as they arrive, each once", async () => {
    const { pushIt, peer } = await connected({ channels: ["a"] });
    const received = new Mailbox<unknown>();
    pushIt.on("message", ({ data }) => received.put(data));
    peer.send(numbered(7), numbered(5), numbered(7), { channel: "a", epoch: "e1", offset: 8 }, numbered(9));
    expect([await received.take(), await received.take(), await received.take()]).toEqual([7, 5, 9]);
    bench.platform.advance(5_000);
    await settled();
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["subscribe"]);
    pushIt.disconnect();
  });

  it("reconnects, and fails requests in flight", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await connected();
    const lost = expect(pushIt.channel("a").publish(1)).rejects.toMatchObject({ code: "closed" });
    await peer.frames.take();
    peer.socket.terminate();
    await states.find((code) => code === "closed");
    await lost;
    bench.platform.advance(1_000);
    await bench.server.peers.take();
    pushIt.disconnect();
  });

  it("notices a dead network as well", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await connected();
    pushIt.send({ channel: "a", data: 1 });
    await peer.frames.take();
    bench.platform.advance(4_000);
    bench.platform.advance(10_000);
    await states.find((code) => code === "unresponsive");
    pushIt.disconnect();
  });

  it("has the same errors, and channels without history and presence", () => {
    expect([PushItError === all.PushItError, (PushIt as unknown) === all.PushIt]).toEqual([true, false]);
    const channel = new PushIt({
      url: bench.server.url,
      WebSocket,
      platform: bench.platform,
      autoConnect: false,
    }).channel("a");
    expect(channel).toBeInstanceOf(Channel);
    expect(["history", "presence", "position"].filter((name) => name in channel)).toEqual([]);
  });
});
