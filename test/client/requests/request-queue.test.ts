import type { PushItError } from "../../../client/src/errors.js";
import { newId } from "../../../client/src/platform/id.js";
import type { Outcome } from "../../../client/src/requests/request.js";
import { RequestQueue } from "../../../client/src/requests/request-queue.js";
import { FakeInternals, FakeTransport } from "../support/fake-internals.js";
import { settled } from "../support/setup.js";

const make = ({ queueLimit = 1_000, isConnected = true } = {}) => {
  const client = new FakeInternals({ queueLimit });
  const transport = new FakeTransport();
  const queue = new RequestQueue(client);
  if (isConnected) queue.transport = transport;
  return { client, platform: client.platform, transport, queue, sent: () => transport.frames };
};

/** A request's outcome, as far as it is known. */
const outcomeOf = (onEnd: jest.Mock<void, [Outcome]>) => ({
  onEnd,
  error: (): PushItError | undefined => onEnd.mock.calls[0]?.[0].error,
  code: (): string | undefined => onEnd.mock.calls[0]?.[0].error?.code,
});

const publish = (
  queue: RequestQueue,
  data: unknown,
  action: "publish" | "send" = "publish",
  uuid = newId(),
  channel = "a",
) => {
  const onEnd = jest.fn<void, [Outcome]>();
  queue.enqueue({
    action,
    orderingKey: action === "send" ? uuid : " ",
    uuid,
    channel,
    payload: JSON.stringify({ channel, uuid, data }),
    onEnd,
  });
  return { uuid, ...outcomeOf(onEnd) };
};

const subscribe = (queue: RequestQueue, channel: string, action: "subscribe" | "unsubscribe" = "subscribe") => {
  const onEnd = jest.fn<void, [Outcome]>();
  const request = queue.enqueue({
    action,
    orderingKey: " " + channel,
    uuid: newId(),
    channel,
    payload: JSON.stringify(channel),
    onEnd,
  });
  return { request, ...outcomeOf(onEnd) };
};

describe("publications", () => {
  it("of one turn share a frame", async () => {
    const { queue, sent } = make();
    for (const data of [1, 2, 3]) publish(queue, data);
    await settled();
    expect(sent().map(({ messages }) => messages?.map(({ data }) => data))).toEqual([[1, 2, 3]]);
  });

  it("have one frame in flight; later ones gather, in order", async () => {
    const { queue, transport, sent } = make();
    const succeed = (uuid: string): boolean =>
      queue.handleReply({ channel: "/meta/successful", uuid, successful: true }, transport);
    const first = publish(queue, 0);
    await settled();
    for (let data = 1; data <= 30; data++) publish(queue, data);
    await settled();
    expect(sent()).toHaveLength(1);

    succeed(first.uuid);
    await settled();
    const second = sent()[1]!.messages!;
    expect(second.map(({ data }) => data)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));

    for (const { uuid } of second.slice(1)) succeed(uuid);
    await settled();
    expect(sent()).toHaveLength(2);
    succeed(second[0]!.uuid);
    await settled();
    expect(sent()[2]!.messages!.map(({ data }) => data)).toEqual([26, 27, 28, 29, 30]);
  });

  it("continue after a timeout", async () => {
    const { platform, queue, sent } = make();
    const first = publish(queue, 1);
    await settled();
    const second = publish(queue, 2);
    platform.advance(29_000);
    await settled();
    expect(sent()).toHaveLength(1);
    platform.advance(1_000);
    await settled();
    expect([first.code(), second.code()]).toEqual(["timeout", "timeout"]);

    publish(queue, 3);
    await settled();
    expect(sent()).toHaveLength(2);
  });

  it("have their timeout once in the queue and once for the reply", async () => {
    const { platform, queue, transport, sent } = make({ isConnected: false });
    const { onEnd, code } = publish(queue, 1);
    platform.advance(25_000);
    queue.transport = transport;
    queue.flush();
    await settled();
    expect(sent()).toHaveLength(1);
    platform.advance(29_999);
    expect(onEnd).not.toHaveBeenCalled();
    platform.advance(1);
    expect(code()).toBe("timeout");
  });

  it("have different errors for a missing reply and a missing connection", async () => {
    const { platform, queue } = make();
    const { error } = publish(queue, 1);
    await settled();
    const waiting = publish(queue, 2);
    platform.advance(30_000);
    expect(error()!.message).toBe("No reply in time.");
    expect(waiting.error()!.message).toBe("Not sent in time.");
  });

  it("are not sent after they timed out without a connection", async () => {
    const { platform, queue, transport } = make({ isConnected: false });
    const { code } = publish(queue, 1);
    platform.advance(30_000);
    expect(code()).toBe("timeout");
    queue.transport = transport;
    queue.flush();
    await settled();
    expect(transport.texts).toEqual([]);
  });

  it("fail with the number when too many are open", () => {
    const { queue } = make({ isConnected: false, queueLimit: 2 });
    const all = [1, 2, 3].map((data) => publish(queue, data));
    expect(all.map(({ code }) => code())).toEqual([undefined, undefined, "queue_full"]);
    expect(all[2]!.error()!.message).toBe("2 requests are open already (queueLimit).");
    expect(subscribe(queue, "b").code()).toBeUndefined();
  });

  it("fail with their size when no frame can hold them", async () => {
    const { queue, transport } = make();
    const tooLarge = publish(queue, "x".repeat(100_000 - 20 - 32 - 2));
    const wide = publish(queue, "ö".repeat(16_400));
    const fits = publish(queue, "ö".repeat(16_000));
    await settled();
    expect([tooLarge.code(), wide.code(), fits.code()]).toEqual(["too_large", "too_large", undefined]);
    expect(tooLarge.error()!.message).toMatch(
      /^The request has [\d]{2,3},\d{3} bytes of JSON, but at most 32,639 are allowed\.$/,
    );
    expect(transport.texts).toHaveLength(1);
    expect(Buffer.byteLength(transport.texts[0]!)).toBeLessThanOrEqual(32_768);
  });

  it("fail with code, reason and uuid of their own reply only", async () => {
    const { queue, transport } = make();
    const [bad, good] = [publish(queue, 1), publish(queue, 2)];
    await settled();
    queue.handleReply(
      { channel: "/meta/error", uuid: bad.uuid, successful: false, error: "No.", code: "denied" },
      transport,
    );
    queue.handleReply(
      { channel: "/meta/successful", uuid: good.uuid, successful: true, data: { channel: "other" } },
      transport,
    );
    expect(bad.error()).toMatchObject({ code: "denied", message: "No.", channel: "a", uuid: bad.uuid });
    expect(good.onEnd).toHaveBeenCalledWith({ data: { channel: "other" }, position: undefined, transport });
  });

  it("of one uuid on two channels have a reply each", async () => {
    const { queue, transport, sent } = make();
    const one = publish(queue, 1, "publish", "same", "a");
    const two = publish(queue, 2, "publish", "same", "b");
    await settled();
    expect(sent()).toHaveLength(1);
    queue.handleReply({ channel: "/meta/successful", uuid: "same", successful: true }, transport);
    await settled();
    expect(sent()[1]).toMatchObject({ channel: "b" });
    queue.handleReply({ channel: "/meta/error", uuid: "same", successful: false, code: "denied" }, transport);
    expect([one.onEnd.mock.calls.length, one.code(), two.code()]).toEqual([1, undefined, "denied"]);
  });
});

describe("messages that are only sent", () => {
  it("need no reply and wait for none", async () => {
    const { queue, sent, platform } = make();
    publish(queue, 0);
    await settled();
    const one = publish(queue, 1, "send");
    const two = publish(queue, 2, "send");
    await settled();
    expect(sent()[1]).toMatchObject({ action: "send", messages: [{ data: 1 }, { data: 2 }] });
    platform.advance(60_000);
    expect([one.code(), two.code()]).toEqual([undefined, undefined]);
    expect(one.onEnd).toHaveBeenCalledTimes(1);
  });
});

describe("subscriptions", () => {
  it("of several channels share a frame, each with its own reply", async () => {
    const { queue, transport, sent } = make();
    const [a, b] = [subscribe(queue, "a"), subscribe(queue, "b")];
    await settled();
    const { uuid, data } = sent()[0]!;
    expect(data).toEqual({ channels: ["a", "b"] });
    queue.handleReply({ channel: "/meta/subscribe", uuid, successful: true, data: { channel: "b" } }, transport);
    queue.handleReply(
      { channel: "/meta/subscribe", uuid, successful: false, code: "denied", error: "No.", data: { channel: "a" } },
      transport,
    );
    expect(b.onEnd).toHaveBeenCalledWith(expect.objectContaining({ data: { channel: "b" } }));
    expect(a.code()).toBe("denied");
  });

  it("of one channel follow each other, of others go at once", async () => {
    const { queue, transport, sent } = make();
    subscribe(queue, "a");
    await settled();
    subscribe(queue, "a", "unsubscribe");
    subscribe(queue, "b");
    publish(queue, 1);
    await settled();
    expect(sent().map(({ action }) => action)).toEqual(["subscribe", "subscribe", "publish"]);
    queue.handleReply(
      { channel: "/meta/subscribe", uuid: sent()[0]!.uuid, successful: true, data: { channel: "a" } },
      transport,
    );
    await settled();
    expect(sent()[3]).toMatchObject({ action: "unsubscribe", data: { channels: ["a"] } });
  });

  it("all fail when the reply to their frame names no channel", async () => {
    const { queue, transport, sent } = make();
    const both = [subscribe(queue, "a"), subscribe(queue, "b")];
    await settled();
    queue.handleReply(
      { channel: "/meta/subscribe", uuid: sent()[0]!.uuid, successful: false, code: "bad_frame" },
      transport,
    );
    expect(both.map(({ code }) => code())).toEqual(["bad_frame", "bad_frame"]);
  });

  it("accept a reply whose channel name the server has cut", async () => {
    const { queue, transport, sent } = make();
    const name = "x".repeat(200);
    const long = subscribe(queue, name);
    await settled();
    queue.handleReply(
      {
        channel: "/meta/subscribe",
        uuid: sent()[0]!.uuid,
        successful: false,
        code: "bad_channel",
        data: { channel: name.slice(0, 130) },
      },
      transport,
    );
    expect(long.code()).toBe("bad_channel");
  });

  it("can be withdrawn before they are sent", async () => {
    const { queue, sent, platform } = make();
    const { request, onEnd } = subscribe(queue, "a");
    queue.withdraw(request);
    await settled();
    expect([sent(), onEnd.mock.calls, platform.timers]).toEqual([[], [], 0]);
  });
});

describe("replies without a uuid", () => {
  it("are for the only frame in flight", async () => {
    const { queue, transport } = make();
    const both = [publish(queue, 1), publish(queue, 2)];
    await settled();
    queue.handleReply(
      { channel: "/meta/error", successful: false, code: "bad_frame", error: "Nested too deep." },
      transport,
    );
    expect(both.map(({ code }) => code())).toEqual(["bad_frame", "bad_frame"]);
  });
});
