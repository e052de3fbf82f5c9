import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

const revokedOn = (channel: string) => ({
  channel: "/meta/unsubscribe",
  successful: true,
  code: "revoked" as const,
  error: "Not yours.",
  data: { channel },
});

describe("the back end", () => {
  it("ends an agent: denied, with its reason, until the application connects", async () => {
    const { pushIt, states, peer } = await bench.connected();
    peer.send({ channel: "/meta/connect", successful: false, code: "revoked", error: "Banned." });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code: "revoked", reason: "Banned." });
    await expect(pushIt.channel("a").publish(1)).rejects.toMatchObject({
      code: "revoked",
      message: "Banned.",
      retryable: false,
    });
    await peer.closed;
    bench.platform.advance(3_600_000);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
  });

  it("ends a subscription: reported once, and not subscribed again", async () => {
    const { pushIt, states, peer } = await bench.connected({ channels: ["a", "b"] });
    await pushIt.channel("a").subscribe();
    const ended = new Promise((resolve) => pushIt.channel("a").on("unsubscribed", resolve));
    peer.send(revokedOn("a"));
    expect(await ended).toMatchObject({
      channel: "a",
      error: { code: "revoked", message: "Not yours.", channel: "a" },
    });
    expect(pushIt.state).toBe("connected");
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["b"] } });
  });

  it("ends a subscription without sending the server anything", async () => {
    const { pushIt, peer } = await bench.connected();
    pushIt.on("error", () => {});
    await pushIt.channel("a").subscribe();
    const ended = new Promise((resolve) => pushIt.on("unsubscribed", resolve));
    peer.send(revokedOn("a"));
    await ended;
    await pushIt.channel("b").publish(1);
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["subscribe", "publish"]);
  });

  it("that ends a subscription is an event, and not an error", async () => {
    const { pushIt, peer } = await bench.connected();
    const error = jest.fn();
    pushIt.on("error", error);
    await pushIt.channel("a").subscribe();
    const ended = new Promise((resolve) => pushIt.on("unsubscribed", resolve));
    peer.send(revokedOn("a"));
    await ended;
    await settled();
    expect(error).not.toHaveBeenCalled();
  });

  it("ends a loop over a subscription with its reason", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    const loop = (async () => {
      for await (const { data } of channel) void data;
    })();
    await new Promise<void>((resolve) => channel.on("subscribed", () => resolve()));
    peer.send(revokedOn("a"));
    await expect(loop).rejects.toMatchObject({ code: "revoked" });
  });

  it("reaches a user without a subscription", async () => {
    const { pushIt, peer } = await bench.connected();
    const received = [
      new Promise((resolve) => pushIt.on("message", resolve)),
      new Promise((resolve) => pushIt.channel("/meta/user").on("message", resolve)),
      new Promise((resolve) => (pushIt.onMessageReceived = (_channel, message) => resolve(message))),
    ];
    peer.send({ channel: "/meta/user", uuid: "u", data: "hello" });
    const message = { channel: "/meta/user", uuid: "u", data: "hello", payload: "hello" };
    expect(await Promise.all(received)).toEqual([message, message, message]);
  });

  it("does not end requests by its own messages", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    peer.send({ channel: "/meta/refresh", successful: true, data: { expiresInMs: 0 } }, revokedOn("a"));
    peer.answer(frame);
    await expect(publication).resolves.toMatchObject({ uuid: frame.uuid });
  });
});
