import { Mailbox } from "../support/mailbox.js";
import { Bench } from "../support/setup.js";

const bench = Bench.use();

describe("what arrives", () => {
  it("twice or out of order is delivered once, over reconnections", async () => {
    bench.server.automatic = false;
    const { pushIt, peer, states } = await bench.connected();
    const received = new Mailbox<unknown>();
    pushIt.on("subscribed", ({ channel }) => received.put(channel));
    pushIt.on("message", ({ payload, offset }) => received.put([payload, offset]));
    pushIt.subscribe("a");
    const latest = { uuid: "u5", data: "five", offset: 5 };
    peer.answer(await peer.frames.take(), { successful: true, data: { channel: "a", latest } });
    expect([await received.take(), await received.take()]).toEqual(["a", ["five", 5]]);
    peer.send(
      { channel: "a", ...latest },
      { channel: "a", uuid: "u4", data: "four", offset: 4 },
      { channel: "a", uuid: "u6", data: "six", offset: 6 },
    );
    expect(await received.take()).toEqual(["six", 6]);

    peer.socket.terminate();
    await states.find(({ retryIn }) => retryIn !== undefined);
    pushIt.connect();
    const next = await bench.server.peers.take();
    next.answer(await next.frames.take(), {
      successful: true,
      data: { channel: "a", latest: { uuid: "u6", data: "six", offset: 6 } },
    });
    next.send({ channel: "a", uuid: "u7", data: "seven", offset: 7 });
    expect([await received.take(), await received.take()]).toEqual(["a", ["seven", 7]]);
  });

  it("with a known uuid is dropped on a plain channel", async () => {
    const { pushIt, peer } = await bench.connected();
    const received = new Mailbox<unknown>();
    pushIt.on("message", ({ data }) => received.put(data));
    peer.send(
      { channel: "a", uuid: "u1", data: "first" },
      { channel: "a", uuid: "u1", data: "second" },
      { channel: "b", uuid: "u1", data: "another channel" },
    );
    expect([await received.take(), await received.take()]).toEqual(["first", "another channel"]);
  });

  it("as a guard's result is not a message", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const received = new Mailbox<unknown>();
    pushIt.on("message", ({ payload }) => received.put(payload));
    pushIt.publish({ channel: "a", data: 1 });
    peer.answer(await peer.frames.take(), {
      successful: true,
      data: { channel: "a", latest: { uuid: "x", data: "fake", offset: 1 } },
    });
    peer.send({ channel: "a", uuid: "u1", data: "real" });
    expect(await received.take()).toBe("real");
  });

  it("empty, broken or unknown is ignored", async () => {
    const { pushIt, peer } = await bench.connected();
    const received = new Mailbox<unknown>();
    pushIt.on("message", ({ data }) => received.put(data));
    for (const text of ["", "not json", "null", "17", "[]", "[null,[[]]]", "{}", '{"message":1}', '{"channel":7}'])
      peer.socket.send(text);
    peer.socket.send('{"channel":"/meta/news","uuid":"x","successful":true}');
    peer.socket.send('{"channel":"/meta/successful","uuid":"nobody\'s","successful":true}');
    peer.socket.send('{"message":"Internal server error","connectionId":"nobody waits","requestId":"r"}');
    peer.socket.send(Buffer.from([1, 2, 3]));
    peer.send({ channel: "a", uuid: "u1", data: 1, unknown: true }, { channel: "a", uuid: "u2", data: 2 });
    expect([await received.take(), await received.take()]).toEqual([1, 2]);
  });

  it("without a uuid does not end a request", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    for (const text of ["{}", '{"message":1}', "[{},{}]"]) peer.socket.send(text);
    peer.answer(frame);
    await expect(publication).resolves.toMatchObject({ uuid: frame.uuid });
  });

  it("after the client has disconnected is ignored", async () => {
    const { pushIt, peer } = await bench.connected();
    const received = jest.fn();
    pushIt.on("message", received);
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    pushIt.disconnect();
    await peer.closed;
    expect(received).not.toHaveBeenCalled();
  });
});
