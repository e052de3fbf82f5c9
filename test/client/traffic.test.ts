import type { PushItError } from "../../client/src/errors.js";
import type { Socket } from "../../client/src/platform/platform.js";
import { freshId } from "../../client/src/id.js";
import type { Request } from "../../client/src/request.js";
import type { Core } from "../../client/src/parts.js";
import { addTraffic, type Traffic } from "../../client/src/traffic.js";
import { FakePlatform } from "./support/fake-platform.js";
import { settled } from "./support/setup.js";

interface Sent {
  action: string;
  uuid: string;
  data?: { channels?: string[] };
  messages?: { uuid: string; data: unknown }[];
}

const make = (options: { queueLimit?: number; ready?: boolean } = {}) => {
  const host = new FakePlatform();
  const texts: string[] = [];
  const traffic = { url: "", host, queueLimit: options.queueLimit ?? 1_000 } as unknown as Core;
  addTraffic(traffic);
  traffic._socket = { send: (text: string) => texts.push(text), close: () => {} } as unknown as Socket;
  traffic._ready = options.ready ?? true;
  return { host, traffic, texts, sent: () => texts.map((text) => JSON.parse(text) as Sent) };
};

const publish = (traffic: Traffic, data: unknown, action: "publish" | "send" = "publish") => {
  const uuid = freshId();
  const settle = jest.fn<void, [PushItError?, unknown?]>();
  const request: Request = {
    _action: action,
    _lane: action === "send" ? uuid : "",
    _uuid: uuid,
    _channel: "a",
    _json: JSON.stringify({ channel: "a", uuid, data }),
    _settle: settle,
  };
  traffic._add(request);
  return { uuid, settle, code: () => settle.mock.calls[0]?.[0]?.code };
};

const subscribe = (traffic: Traffic, channel: string, action: "subscribe" | "unsubscribe" = "subscribe") => {
  const settle = jest.fn<void, [PushItError?]>();
  traffic._add({
    _action: action,
    _lane: " " + channel,
    _uuid: freshId(),
    _channel: channel,
    _json: JSON.stringify(channel),
    _settle: settle,
  });
  return { settle, code: () => settle.mock.calls[0]?.[0]?.code };
};

const succeed = (traffic: Traffic, uuid: string): void =>
  traffic._answer({ channel: "/meta/successful", uuid, successful: true });

describe("publications", () => {
  it("of one turn share a frame", async () => {
    const { traffic, sent } = make();
    for (const data of [1, 2, 3]) publish(traffic, data);
    await settled();
    expect(sent().map(({ messages }) => messages?.map(({ data }) => data))).toEqual([[1, 2, 3]]);
  });

  it("have one frame in flight; what gathers meanwhile goes as the next, in order", async () => {
    const { traffic, sent } = make();
    const first = publish(traffic, 0);
    await settled();
    for (let data = 1; data <= 30; data++) publish(traffic, data);
    await settled();
    expect(sent()).toHaveLength(1);

    succeed(traffic, first.uuid);
    await settled();
    const second = sent()[1]!.messages!;
    expect(second.map(({ data }) => data)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));

    for (const { uuid } of second.slice(1)) succeed(traffic, uuid);
    await settled();
    expect(sent()).toHaveLength(2);
    succeed(traffic, second[0]!.uuid);
    await settled();
    expect(sent()[2]!.messages!.map(({ data }) => data)).toEqual([26, 27, 28, 29, 30]);
  });

  it("go on after one that timed out", async () => {
    const { host, traffic, sent } = make();
    const first = publish(traffic, 1);
    await settled();
    const second = publish(traffic, 2);
    host.advance(29_000);
    await settled();
    expect(sent()).toHaveLength(1);
    host.advance(1_000);
    await settled();
    expect(first.code()).toBe("timeout");
    expect(second.code()).toBe("timeout");

    publish(traffic, 3);
    await settled();
    expect(sent()).toHaveLength(2);
  });

  it("have their timeout once in the queue and once for the answer", async () => {
    const { host, traffic, sent } = make({ ready: false });
    const { settle, code } = publish(traffic, 1);
    host.advance(25_000);
    traffic._ready = true;
    traffic._flush();
    await settled();
    expect(sent()).toHaveLength(1);
    host.advance(29_999);
    expect(settle).not.toHaveBeenCalled();
    host.advance(1);
    expect(code()).toBe("timeout");
  });

  it("wait for a connection, but not for ever, and are not sent after they timed out", async () => {
    const { host, traffic, texts } = make({ ready: false });
    const { code } = publish(traffic, 1);
    host.advance(30_000);
    expect(code()).toBe("timeout");
    traffic._ready = true;
    traffic._flush();
    await settled();
    expect(texts).toEqual([]);
  });

  it("are refused when too many wait", () => {
    const { traffic } = make({ ready: false, queueLimit: 2 });
    const codes = [1, 2, 3].map((data) => publish(traffic, data)).map(({ code }) => code());
    expect(codes).toEqual([undefined, undefined, "queue_full"]);
    expect(subscribe(traffic, "b").code()).toBeUndefined();
  });

  it("are refused before the wire when they cannot fit a frame, and spare the others", async () => {
    const { traffic, texts } = make();
    const tooLarge = publish(traffic, "x".repeat(33_000));
    const wide = publish(traffic, "ö".repeat(16_400));
    const fits = publish(traffic, "ö".repeat(16_000));
    await settled();
    expect([tooLarge.code(), wide.code(), fits.code()]).toEqual(["too_large", "too_large", undefined]);
    expect(texts).toHaveLength(1);
    expect(Buffer.byteLength(texts[0]!)).toBeLessThanOrEqual(32_768);
  });

  it("whose answer is an error fail with its code, reason and uuid, and touch no other", async () => {
    const { traffic } = make();
    const [bad, good] = [publish(traffic, 1), publish(traffic, 2)];
    await settled();
    traffic._answer({ channel: "/meta/error", uuid: bad.uuid, successful: false, error: "No.", code: "denied" });
    traffic._answer({ channel: "/meta/successful", uuid: good.uuid, successful: true, data: { channel: "other" } });
    expect(bad.settle.mock.calls[0]![0]).toMatchObject({ code: "denied", message: "No.", channel: "a", uuid: bad.uuid });
    expect(good.settle).toHaveBeenCalledWith(undefined, { channel: "other" });
  });
});

describe("messages that are only sent", () => {
  it("need no answer and wait for none", async () => {
    const { traffic, sent, host } = make();
    publish(traffic, 0);
    await settled();
    const one = publish(traffic, 1, "send");
    const two = publish(traffic, 2, "send");
    await settled();
    expect(sent()[1]).toMatchObject({ action: "send", messages: [{ data: 1 }, { data: 2 }] });
    host.advance(60_000);
    expect([one.code(), two.code()]).toEqual([undefined, undefined]);
    expect(one.settle).toHaveBeenCalledTimes(1);
  });
});

describe("subscriptions", () => {
  it("of several channels share a frame, each with its own answer", async () => {
    const { traffic, sent } = make();
    const [a, b] = [subscribe(traffic, "a"), subscribe(traffic, "b")];
    await settled();
    const { uuid, data } = sent()[0]!;
    expect(data).toEqual({ channels: ["a", "b"] });
    traffic._answer({ channel: "/meta/subscribe", uuid, successful: true, data: { channel: "b" } });
    traffic._answer({
      channel: "/meta/subscribe",
      uuid,
      successful: false,
      code: "denied",
      error: "No.",
      data: { channel: "a" },
    });
    expect(b.settle).toHaveBeenCalledWith(undefined, { channel: "b" });
    expect(a.code()).toBe("denied");
  });

  it("of one channel are in flight one after the other, of others at once", async () => {
    const { traffic, sent } = make();
    subscribe(traffic, "a");
    await settled();
    subscribe(traffic, "a", "unsubscribe");
    subscribe(traffic, "b");
    publish(traffic, 1);
    await settled();
    expect(sent().map(({ action }) => action)).toEqual(["subscribe", "subscribe", "publish"]);
    traffic._answer({ channel: "/meta/subscribe", uuid: sent()[0]!.uuid, successful: true, data: { channel: "a" } });
    await settled();
    expect(sent()[3]).toMatchObject({ action: "unsubscribe", data: { channels: ["a"] } });
  });

  it("all fail when the answer to their frame names no channel", async () => {
    const { traffic, sent } = make();
    const both = [subscribe(traffic, "a"), subscribe(traffic, "b")];
    await settled();
    traffic._answer({ channel: "/meta/subscribe", uuid: sent()[0]!.uuid, successful: false, code: "bad_frame" });
    expect(both.map(({ code }) => code())).toEqual(["bad_frame", "bad_frame"]);
  });
});

describe("answers without a uuid", () => {
  it("are for the one frame that waits: the server could not read it", async () => {
    const { traffic } = make();
    const both = [publish(traffic, 1), publish(traffic, 2)];
    await settled();
    traffic._answer({ channel: "/meta/error", successful: false, code: "bad_frame", error: "Nested too deep." });
    expect(both.map(({ code }) => code())).toEqual(["bad_frame", "bad_frame"]);
  });
});

describe("API Gateway's own error frames", () => {
  it.each([
    ["Internal server error", "internal"],
    ["Too Many Requests", "throttled"],
    ["Limit exceeded", "throttled"],
    ["Forbidden", "unknown_action"],
  ])("%s is %s, for the one frame that waits", async (text, code) => {
    const { traffic } = make();
    const both = [publish(traffic, 1), publish(traffic, 2)];
    await settled();
    traffic._gatewayError(text);
    expect(both.map((publication) => publication.code())).toEqual([code, code]);
  });

  it("are nobody's when several frames wait, or none", async () => {
    const { traffic } = make();
    traffic._gatewayError("Internal server error");
    const publication = publish(traffic, 1);
    const subscription = subscribe(traffic, "b");
    await settled();
    traffic._gatewayError("Internal server error");
    expect([publication.code(), subscription.code()]).toEqual([undefined, undefined]);
  });

  it("do not touch what has not been sent", async () => {
    const { traffic, sent } = make();
    publish(traffic, 1);
    await settled();
    const next = publish(traffic, 2);
    traffic._gatewayError("Internal server error");
    await settled();
    expect(next.code()).toBeUndefined();
    expect(sent()[1]).toMatchObject({ data: 2 });
  });
});

describe("a lost connection", () => {
  it("fails what is in flight and keeps what waits for the next", async () => {
    const { traffic, sent } = make();
    const first = publish(traffic, 1);
    await settled();
    const second = publish(traffic, 2);
    traffic._ready = false;
    traffic._fell();
    await settled();
    expect([first.code(), second.code()]).toEqual(["closed", undefined]);
    traffic._ready = true;
    traffic._flush();
    await settled();
    expect(sent()).toHaveLength(2);
    expect(sent()[1]).toMatchObject({ data: 2 });
  });

  it("that is given up fails everything, and what is asked afterwards, with its code", async () => {
    const { traffic, host } = make();
    const first = publish(traffic, 1);
    await settled();
    const second = publish(traffic, 2);
    traffic._ready = false;
    traffic._stopped = ["denied", "Members only."];
    traffic._fell();
    const third = publish(traffic, 3);
    for (const { settle } of [first, second, third])
      expect(settle.mock.calls).toEqual([
        [expect.objectContaining({ code: "denied", message: "Members only." }), undefined],
      ]);
    expect(host.timers).toBe(0);
  });
});
