import { answersMatch, isRenewalRequest, allowRaces } from "../../../tools/fuzz/answer-matching.js";
import { predict } from "../../../tools/fuzz/oracle.js";
import {
  CRASHING_CREDENTIALS,
  CRASHING_STATE,
  DENIED_STATE,
  hasFrom,
  hasPresence,
  PASSWORD,
  PRIVATE_CHANNEL,
  RESULT,
  TOKEN,
} from "../../../tools/fuzz/policy.js";

const AGENT = { agent: "a-1" };
const told = (frame: unknown, sender: Parameters<typeof predict>[1] = AGENT) =>
  predict(typeof frame === "string" ? frame : JSON.stringify(frame), sender);
const codes = (frame: unknown): unknown => {
  const { outcome } = told(frame);
  return outcome.kind === "answers" ? outcome.answers.map(({ code }) => code ?? "ok") : outcome.kind;
};
const subscribe = (...channels: string[]) => ({
  action: "subscribe",
  channel: "/meta/subscribe",
  uuid: "u",
  data: { channels },
});
const targets = (...channels: object[]) => ({ ...subscribe(), data: { channels } });
const refresh = (credentials: object) => ({
  action: "refresh",
  channel: "/meta/refresh",
  uuid: "u",
  data: { credentials },
});
const history = (channel: string, how: object = {}) => ({
  action: "history",
  channel: "/meta/history",
  uuid: "u",
  data: { channel, ...how },
});
const presence = (channel: string, how: object = {}) => ({
  action: "presence",
  channel: "/meta/presence",
  uuid: "u",
  data: { channel, ...how },
});
const state = (channel: string, value?: unknown) => ({
  action: "state",
  channel: "/meta/presence",
  uuid: "u",
  data: { channel, state: value },
});
const publish = (channel: string, data: unknown = 1) => ({ action: "publish", channel, uuid: "u", data });

describe("the oracle", () => {
  const cases: [frame: unknown, expected: unknown][] = [
    ["", ["bad_frame"]],
    ["[]", ["bad_frame"]],
    ['{"uuid":"u"}', ["bad_frame"]],
    ['{"action":5,"uuid":"u"}', ["bad_frame"]],
    ['{"action":"$connect","uuid":"u"}', ["unknown_action"]],
    ['{"__proto__":{"action":"ping"}}', ["bad_frame"]],
    [`{"action":"publish","channel":"open/a","uuid":"u","data":${"[".repeat(256)}${"]".repeat(256)}}`, ["bad_frame"]],
    [`{"action":"publish","channel":"open/a","uuid":"u","data":${"[".repeat(255)}${"]".repeat(255)}}`, ["ok"]],
    [{ action: "ping", channel: "/meta/ping", uuid: "u" }, ["ok"]],
    [{ action: "ping", channel: "/meta/connect", uuid: "u" }, ["bad_frame"]],
    [{ action: "heartbeat", channel: "/meta/ping", uuid: "u" }, ["ok"]],
    [{ action: "heartbeat", channel: "/meta/heartbeat", uuid: "u" }, ["bad_frame"]],
    [{ action: "heartbeat", channel: "/meta/ping", uuid: "u", data: { positions: null } }, ["bad_frame"]],
    [refresh({ pass: PASSWORD }), ["ok"]],
    [refresh({ pass: CRASHING_CREDENTIALS }), ["guard_failed"]],
    [refresh({ pass: PASSWORD, pad: "x".repeat(4_096) }), ["too_large"]],
    [refresh({ pass: "x" }), ["denied"]],
    [{ action: "refresh", channel: "/meta/refresh", uuid: "u" }, ["denied"]],
    [{ action: "refresh", channel: "/meta/refresh", uuid: "u", data: null }, ["bad_frame"]],
    [{ action: "refresh", channel: "/meta/ping", uuid: "u" }, ["bad_frame"]],
    [
      subscribe("open/a", "denied/a", "throws/a", "/meta/x", "a b", "other/*"),
      ["ok", "denied", "guard_failed", "reserved_channel", "bad_channel", "wildcard"],
    ],
    [subscribe("news/*", "news/sport/*", PRIVATE_CHANNEL), ["ok", "denied", "denied"]],
    [subscribe("open/a", "open/a"), ["ok"]],
    [subscribe(...Array.from({ length: 26 }, () => "open/a")), ["too_many"]],
    [publish("open/a"), ["ok"]],
    [publish("open/*"), ["wildcard"]],
    [{ action: "ping", channel: "/meta/ping", uuid: "u", data: { positions: null } }, ["bad_frame"]],
    [history("kept/a"), ["ok"]],
    [history("kept/a", { since: { epoch: "e", offset: 0 }, limit: 100, reverse: true }), ["ok"]],
    ...[
      { limit: 0 },
      { limit: 101 },
      { limit: 1.5 },
      { limit: null },
      { reverse: 1 },
      { since: null },
      { since: { epoch: "e", offset: -1 } },
    ].map((odd): [unknown, unknown] => [history("kept/a", odd), ["bad_frame"]]),
    [history("drop/a"), ["denied"]],
    [history("throws/kept/a"), ["guard_failed"]],
    [history("open/a"), ["no_history"]],
    [history("kept/a/*"), ["no_history"]],
    [history("/meta/x"), ["reserved_channel"]],
    [presence("rooms/a"), ["ok"]],
    [presence("rooms/a", { after: 1 }), ["bad_frame"]],
    [presence("drop/a"), ["denied"]],
    [presence("kept/a"), ["no_presence"]],
    [
      { action: "publish", messages: [publish("kept/a"), publish("kept/a"), publish("kept/a", 2)] },
      ["ok", "ok", "uuid_reused"],
    ],
    [publish("kept/a", "x".repeat(31_690)), ["too_large"]],
    [publish("staged/a"), ["denied"]],
    [
      `{"action":"publish","channel":"open/a","uuid":"u","data":[${Array.from({ length: 1_600 }, () => "1e20").join()}]}`,
      ["too_large"],
    ],
    [{ action: "publish", messages: [publish("open/a"), { channel: "open/b" }] }, ["bad_frame", "bad_frame"]],
    [{ ...publish("open/a"), action: "send" }, "silence"],
    [subscribe("gated/a/locked", "gated/a/b/locked", "gated/a/*", "gated/a/b/*"), ["ok", "ok", "denied", "denied"]],
    [publish("gated/a/locked"), ["denied"]],
    [subscribe("deep/a/logs/*", "deep/a/*", "deep/a/b/*"), ["ok", "wildcard", "wildcard"]],
    [targets({ channel: "rooms/a", present: "no" }, { channel: "open/a", present: "no" }), ["ok", "bad_frame"]],
    [targets({ channel: "keyed/a", token: TOKEN }, { channel: "keyed/b", token: { key: 1 } }), ["ok", "denied"]],
    [targets({ channel: "keyed/a", token: TOKEN }, { channel: "keyed/a", token: 1 }), ["denied"]],
    [targets({ channel: "open/a", token: "t".repeat(2_047) }), ["too_large"]],
    [history("keyed/a", { token: TOKEN }), ["ok"]],
    [history("keyed/a"), ["denied"]],
    [presence("keyed/a", { token: TOKEN }), ["ok"]],
    [state("moods/a", { typing: true }), ["ok"]],
    [state("moods/a", DENIED_STATE), ["denied"]],
    [state("moods/a", CRASHING_STATE), ["guard_failed"]],
    [state("moods/a", "s".repeat(510)), ["ok"]],
    [state("moods/a", "s".repeat(511)), ["too_large"]],
    [state("moods/a"), ["bad_frame"]],
    [{ ...state("moods/a", 1), channel: "/meta/state" }, ["bad_frame"]],
    [state("moods/a/*", 1), ["wildcard"]],
    [state("rooms/a/typing", 1), ["ok"]],
    [state("rooms/a/b/typing", 1), ["no_presence"]],
    [state("readonly/moods/a", 1), ["denied"]],
    [state("readonly/moods/a", null), ["ok"]],
    [state("log/moods/a", 1), ["denied"]],
    [state("throws/moods/a", 1), ["guard_failed"]],
  ];
  it.each(cases.map(([frame, expected]) => [JSON.stringify(frame).slice(0, 90), frame, expected]))(
    "judges %s",
    (_title, frame, expected) => {
      expect(codes(frame)).toEqual(expected);
    },
  );

  it("knows what a frame may change, and that denied frames change nothing", () => {
    expect(told(subscribe("pair/a", "staged/a")).subscribe).toEqual(["pair/a", "extra/a"]);
    expect(told(publish("spread/a")).publish.map(({ channel }) => channel)).toEqual(["spread/a", "copies/a"]);
    expect(told(publish("denied/a")).publish).toEqual([]);
    expect(told(publish("log/a"))).toMatchObject({ publish: [], outcome: { answers: [{ data: RESULT }] } });
    expect(told(subscribe("open/a"), { denied: "denied" }).subscribe).toEqual([]);
  });

  it("lets the most specific pattern decide about a channel", () => {
    const channels = ["deep/logs/x/a", "deep/b/x/a", "signed/a", "signed/a/plain", "signed/a/b/plain"];
    expect(channels.filter(hasFrom)).toEqual(["deep/b/x/a", "signed/a", "signed/a/b/plain"]);
    expect(channels.filter(hasPresence)).toEqual(["deep/logs/x/a"]);
  });

  it("expects that a denied socket receives its denial and then closes", () => {
    const denied = { denied: "denied" as const };
    const answers = [{ channels: ["/meta/connect"], uuid: "u", code: "denied" }];
    expect(told(publish("open/a"), denied).outcome).toEqual({ kind: "answers", answers, closes: false });
    expect(told({ action: "connect", uuid: "u" }, denied).outcome).toEqual({ kind: "answers", answers, closes: true });
  });
});

describe("a renewal", () => {
  it("ends a denied agent, and may request renewal after a short one", () => {
    expect(told(refresh({ pass: "x" })).outcome).toMatchObject({ closes: true });
    expect(told(refresh({ pass: PASSWORD, for: "moment" })).renews).toBe("moment");
    expect(told(refresh({ pass: PASSWORD, for: "hour" })).renews).toBe("long");
    expect(told(refresh({ pass: CRASHING_CREDENTIALS })).renews).toBeUndefined();
  });

  it("may be overtaken by another one only", () => {
    const unavailable = {
      channel: "/meta/refresh" as const,
      uuid: "u",
      successful: false,
      error: "Busy.",
      code: "unavailable" as const,
    };
    const verdict = told(refresh({ pass: PASSWORD }));
    const expected = ({ outcome }: typeof verdict) => (outcome.kind === "answers" ? outcome.answers : []);
    expect(answersMatch(expected(verdict), [unavailable])).toBe(false);
    expect(answersMatch(expected(allowRaces(verdict, 1, new Set())), [unavailable])).toBe(false);
    expect(answersMatch(expected(allowRaces(verdict, 2, new Set())), [unavailable])).toBe(true);
    expect(answersMatch(expected(allowRaces(told(publish("open/a")), 2, new Set())), [unavailable])).toBe(false);
  });

  it("is asked for unasked, once the time is over", () => {
    const ask = { channel: "/meta/refresh" as const, successful: true, data: { expiresInMs: -1 } };
    expect(isRenewalRequest(ask)).toBe(true);
    for (const other of [
      { ...ask, uuid: "u" },
      { ...ask, data: { expiresInMs: 5 } },
      { ...ask, successful: false },
      { ...ask, data: null },
    ]) {
      expect(isRenewalRequest(other)).toBe(false);
    }
  });
});

describe("a subscription that races an unsubscription", () => {
  const about = (channel: string, code?: "unavailable") => ({
    channel: "/meta/subscribe" as const,
    uuid: "u",
    successful: code === undefined,
    data: { channel },
    ...(code && { code, error: "Gone." }),
  });
  const fits = (asked: string[], unsubscribed: string[], got: ReturnType<typeof about>[]): boolean => {
    const { outcome } = allowRaces(told(subscribe(...asked)), 0, new Set(unsubscribed));
    return outcome.kind === "answers" && answersMatch(outcome.answers, got);
  };
  const [yes, no] = [(channel: string) => about(channel), (channel: string) => about(channel, "unavailable")];

  it("may fail, or not; with what else its guard granted", () => {
    expect(fits(["open/a", "open/b"], ["open/a"], [no("open/a"), yes("open/b")])).toBe(true);
    expect(fits(["open/a"], ["open/a"], [yes("open/a")])).toBe(true);
    expect(fits(["pair/a"], ["pair/a"], [no("pair/a")])).toBe(true);
    expect(fits(["pair/a"], ["extra/a"], [no("pair/a")])).toBe(true);
    expect(fits(["pair/a", "extra/a"], ["pair/a"], [no("pair/a"), yes("extra/a")])).toBe(true);
    expect(fits(["pair/a", "extra/a"], ["extra/a"], [no("pair/a"), no("extra/a")])).toBe(true);
  });

  it.each<[string, string[], string[], ReturnType<typeof about>[]]>([
    ["where nothing raced", ["open/a"], [], [no("open/a")]],
    ["where another channel raced", ["open/a", "open/b"], ["open/b"], [no("open/a"), yes("open/b")]],
    ["where what raced was not granted with it", ["pair/a", "extra/a"], ["pair/a"], [yes("pair/a"), no("extra/a")]],
    [
      "where another one granted the same, and did not fail",
      ["pair/a", "extra/a"],
      ["extra/a"],
      [no("pair/a"), yes("extra/a")],
    ],
    ["and be answered for what was granted with it", ["pair/a"], ["pair/a"], [no("pair/a"), yes("extra/a")]],
    ["for a channel that was not asked for", ["pair/a"], ["extra/a"], [yes("pair/a"), no("extra/a")]],
    ["and not be answered at all", ["open/a", "open/b"], ["open/a"], [yes("open/b")]],
    ["with another code", ["open/a"], ["open/a"], [{ ...no("open/a"), code: "denied" as "unavailable" }]],
  ])("may not fail %s", (_why, asked, unsubscribed, got) => {
    expect(fits(asked, unsubscribed, got)).toBe(false);
  });
});

describe("answers match the expectation", () => {
  const expected = [{ channels: ["/meta/subscribe"], uuid: "u", about: "open/a" }];
  const right = { channel: "/meta/subscribe" as const, uuid: "u", successful: true, data: { channel: "open/a" } };

  it("when they say just that", () => {
    expect(answersMatch(expected, [right])).toBe(true);
  });

  it.each([
    ["another uuid", { ...right, uuid: "v" }],
    ["another channel asked for", { ...right, data: { channel: "open/b" } }],
    ["another meta channel", { ...right, channel: "/meta/error" as const }],
    ["a failure", { ...right, successful: false, error: "no", code: "denied" as const }],
    ["an error beside success", { ...right, error: "no" }],
    ["success without being successful", { ...right, successful: false }],
  ])("not with %s", (_what, wrong) => {
    expect(answersMatch(expected, [wrong])).toBe(false);
  });

  it("not when there are more, or fewer", () => {
    expect(answersMatch(expected, [right, right])).toBe(false);
    expect(answersMatch(expected, [])).toBe(false);
  });
});

describe("an unsubscription that races a subscription", () => {
  const frame = JSON.stringify({
    action: "unsubscribe",
    channel: "/meta/unsubscribe",
    uuid: "u",
    data: { channels: ["open/a", "open/b"] },
  });
  const answer = (channel: string, code?: "unavailable") => ({
    channel: "/meta/unsubscribe" as const,
    uuid: "u",
    successful: code === undefined,
    data: { channel },
    ...(code && { code, error: "Met." }),
  });
  const fits = (subscribed: string[], got: ReturnType<typeof answer>[]): boolean => {
    const { outcome } = allowRaces(told(frame), 0, new Set(), new Set(subscribed));
    return outcome.kind === "answers" && answersMatch(outcome.answers, got);
  };

  it("may fail, or not, on that channel alone", () => {
    expect(fits(["open/a"], [answer("open/a", "unavailable"), answer("open/b")])).toBe(true);
    expect(fits(["open/a"], [answer("open/a"), answer("open/b")])).toBe(true);
    expect(fits(["open/a"], [answer("open/a"), answer("open/b", "unavailable")])).toBe(false);
    expect(fits([], [answer("open/a", "unavailable"), answer("open/b")])).toBe(false);
  });
});
