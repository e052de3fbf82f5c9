import { newId } from "../../../client/src/platform/id.js";
import type { Outcome } from "../../../client/src/requests/request.js";
import { RequestQueue } from "../../../client/src/requests/request-queue.js";
import { FakeInternals, FakeTransport } from "../support/fake-internals.js";
import { settled } from "../support/setup.js";

const make = () => {
  const client = new FakeInternals();
  const transport = new FakeTransport();
  const queue = new RequestQueue(client);
  queue.transport = transport;
  const publish = (data: unknown) => {
    const onEnd = jest.fn<void, [Outcome]>();
    const uuid = newId();
    queue.enqueue({
      action: "publish",
      orderingKey: " ",
      uuid,
      channel: "a",
      payload: JSON.stringify({ channel: "a", uuid, data }),
      onEnd,
    });
    return { uuid, onEnd, code: () => onEnd.mock.calls[0]?.[0].error?.code };
  };
  const subscribe = (channel: string) => {
    const onEnd = jest.fn<void, [Outcome]>();
    queue.enqueue({
      action: "subscribe",
      orderingKey: " " + channel,
      uuid: newId(),
      channel,
      payload: JSON.stringify(channel),
      onEnd,
    });
    return { onEnd, code: () => onEnd.mock.calls[0]?.[0].error?.code };
  };
  return { client, platform: client.platform, transport, queue, publish, subscribe, sent: () => transport.frames };
};

describe("API Gateway's own error frames", () => {
  it.each([
    ["Internal server error", "internal"],
    ["Too Many Requests", "throttled"],
    ["Limit exceeded", "throttled"],
    ["Forbidden", "unknown_action"],
  ])("%s is %s, for the only frame in flight", async (text, code) => {
    const { queue, transport, publish } = make();
    const both = [publish(1), publish(2)];
    await settled();
    queue.handleGatewayError(text, transport);
    expect(both.map((publication) => publication.code())).toEqual([code, code]);
  });

  it("are ignored when several frames are in flight, or none", async () => {
    const { queue, transport, publish, subscribe } = make();
    queue.handleGatewayError("Internal server error", transport);
    const publication = publish(1);
    const subscription = subscribe("b");
    await settled();
    queue.handleGatewayError("Internal server error", transport);
    expect([publication.code(), subscription.code()]).toEqual([undefined, undefined]);
  });

  it("do not affect queued requests", async () => {
    const { queue, transport, publish, sent } = make();
    publish(1);
    await settled();
    const next = publish(2);
    queue.handleGatewayError("Internal server error", transport);
    await settled();
    expect(next.code()).toBeUndefined();
    expect(sent()[1]).toMatchObject({ data: 2 });
  });

  it("do not affect frames of another connection", async () => {
    const { queue, publish } = make();
    const publication = publish(1);
    await settled();
    queue.handleGatewayError("Internal server error", new FakeTransport());
    expect(publication.code()).toBeUndefined();
  });

  it("find the frame in flight while another request waits to be resent", async () => {
    const { client, queue, transport, publish, subscribe } = make();
    client.extensions.push({
      retryLater: (request, code) => {
        if (code !== "unavailable") return false;
        request.state = "waiting";
        return true;
      },
    });
    const paused = publish(1);
    await settled();
    queue.handleReply({ channel: "/meta/error", uuid: paused.uuid, successful: false, code: "unavailable" }, transport);
    const subscription = subscribe("b");
    await settled();
    queue.handleGatewayError("Internal server error", transport);
    expect([paused.code(), subscription.code()]).toEqual([undefined, "internal"]);
  });
});

describe("a lost connection", () => {
  it("fails requests in flight and keeps queued ones", async () => {
    const { queue, transport, publish, sent } = make();
    const first = publish(1);
    await settled();
    const second = publish(2);
    queue.transport = undefined;
    queue.failInFlight(transport);
    await settled();
    expect([first.code(), second.code()]).toEqual(["closed", undefined]);
    queue.transport = transport;
    queue.flush();
    await settled();
    expect(sent()).toHaveLength(2);
    expect(sent()[1]).toMatchObject({ data: 2 });
  });

  it("that is final fails queued requests with its code", async () => {
    const { queue, transport, publish, platform } = make();
    const first = publish(1);
    await settled();
    const second = publish(2);
    queue.transport = undefined;
    queue.stopped = { code: "denied", reason: "Members only." };
    queue.failInFlight(transport);
    queue.failAll();
    const third = publish(3);
    for (const { onEnd } of [first, second, third]) expect(onEnd).toHaveBeenCalledTimes(1);
    // It may have been published.
    expect(first.code()).toBe("closed");
    for (const { onEnd } of [second, third])
      expect(onEnd.mock.calls[0]![0].error).toMatchObject({ code: "denied", message: "Members only." });
    expect(platform.timers).toBe(0);
  });

  it("does not affect requests in flight on another one", async () => {
    const { queue, publish } = make();
    const publication = publish(1);
    await settled();
    queue.failInFlight(new FakeTransport());
    expect(publication.code()).toBeUndefined();
  });
});

describe("a frame with too many", () => {
  const tooMany = (queue: RequestQueue, transport: FakeTransport, uuid: string): boolean =>
    queue.handleReply(
      { channel: "/meta/subscribe", uuid, successful: false, code: "too_many", error: "At most 3." },
      transport,
    );

  it("is halved and sent again until it fits", async () => {
    const { queue, transport, subscribe, sent } = make();
    const all = Array.from({ length: 8 }, (_, index) => subscribe(`c${index}`));
    await settled();
    tooMany(queue, transport, sent()[0]!.uuid);
    await settled();
    expect(
      sent()
        .slice(1)
        .map(({ data }) => data!.channels!.length),
    ).toEqual([4, 4]);
    for (const { uuid } of sent().slice(1)) tooMany(queue, transport, uuid);
    await settled();
    expect(
      sent()
        .slice(3)
        .map(({ data }) => data!.channels!.length),
    ).toEqual([2, 2, 2, 2]);
    expect(all.map(({ code }) => code())).toEqual(Array(8).fill(undefined));
    // The limit that was found counts from now on.
    expect(queue.limits.channelsPerFrame).toBe(2);
  });

  it("of messages is halved as well, in order", async () => {
    const { queue, transport, publish, sent } = make();
    const all = [1, 2, 3, 4].map(publish);
    await settled();
    queue.handleReply({ channel: "/meta/error", uuid: all[0]!.uuid, successful: false, code: "too_many" }, transport);
    for (const { uuid } of all.slice(1))
      queue.handleReply({ channel: "/meta/error", uuid, successful: false, code: "too_many" }, transport);
    await settled();
    expect(sent()[1]!.messages!.map(({ data }) => data)).toEqual([1, 2]);
    for (const { uuid } of all.slice(0, 2))
      queue.handleReply({ channel: "/meta/successful", uuid, successful: true }, transport);
    await settled();
    expect(sent()[2]!.messages!.map(({ data }) => data)).toEqual([3, 4]);
    expect(all.map(({ code }) => code())).toEqual(Array(4).fill(undefined));
  });

  it("fails if it has only one request", async () => {
    const { queue, transport, subscribe, sent } = make();
    const { code } = subscribe("a");
    await settled();
    tooMany(queue, transport, sent()[0]!.uuid);
    expect(code()).toBe("too_many");
  });
});

describe("the logger", () => {
  it("receives actions, channels and ids, but no data", async () => {
    const { client, publish, subscribe } = make();
    publish("secret");
    subscribe("b");
    await settled();
    expect(client.logged.map(([what, action]) => [what, action])).toEqual([
      ["sent", "publish"],
      ["sent", "subscribe"],
    ]);
    expect(JSON.stringify(client.logged)).not.toContain("secret");
  });
});
