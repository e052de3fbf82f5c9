import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import fc from "fast-check";
import {
  DEFAULT_LIMITS,
  MAX_CHANNELS_PER_FRAME,
  MAX_CREDENTIALS_BYTES,
  MAX_INFO_BYTES,
  isWildcard,
  type Json,
  matches,
  MAX_PUBLICATIONS_PER_GUARD_CALL,
  MAX_RESULT_BYTES,
  MAX_USER_ID_LENGTH,
} from "../../../protocol/index.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { type AgentData, type GuardRequest, VERDICTS } from "../../../lambdas/guards/contract.js";
import { readDecision, readDeliveries } from "../../../lambdas/guards/response.js";
import { NOW } from "../support/fakes.js";

const schemaOf = (name: string): object =>
  JSON.parse(readFileSync(join(__dirname, "../../../docs/schemas", name), "utf8")) as object;

const ajv = new Ajv2020({ strict: false });
const isResponse = ajv.compile(schemaOf("guard-response.v1.json"));
const isRequest = ajv.compile(schemaOf("guard-request.v1.json"));

const agentData = (uuid: string): AgentData => ({
  uuid,
  credentials: "sent",
  isConnected: true,
  connection: { id: "c1", sourceIp: "203.0.113.7", userAgent: "test" },
});

const RECIPIENTS = ["a1", "a2", "a3"];

/** A request to each guard. */
const requestTo = (guard: HandlerName): GuardRequest => {
  const about = { channel: "stories/5" };
  const message = { message: { channel: "stories/5", uuid: "m1", data: "hello" } };
  const request: GuardRequest = { version: 1, guard, timeoutMs: 1_000, wildcards: ["stories/*"] };
  switch (guard) {
    case "onConnectionRequest":
    case "onDisconnect":
      return { ...request, agent: agentData("a1") };
    case "onSubscriptionRequest":
    case "onUnsubscriptionRequest":
      return { ...request, ...about, agent: agentData("a1") };
    case "onPublicationRequest":
      return { ...request, ...about, ...message, agent: agentData("a1") };
    case "onMessageReceived":
      return { ...request, ...about, ...message, recipients: RECIPIENTS.map(agentData) };
  }
};

const GUARDS = Object.keys(VERDICTS) as HandlerName[];

const read = (response: unknown, guard: HandlerName, request = requestTo(guard)) => {
  const text = typeof response === "string" ? response : JSON.stringify(response);
  return guard === "onMessageReceived"
    ? readDeliveries(text, request)
    : readDecision(text, request, NOW, DEFAULT_LIMITS);
};

const decision = (response: object, guard: HandlerName) => {
  const got = read({ version: 1, ...response }, guard);
  if ("fault" in got) throw new Error(got.fault);
  return got.value;
};

const faultOf = (response: unknown, guard: HandlerName): string | undefined => {
  const got = read(response, guard);
  return "fault" in got ? got.fault : undefined;
};

describe("a response", () => {
  test("that connects keeps the client's credentials unless it sets others", () => {
    expect(decision({ verdict: "connected" }, "onConnectionRequest")).toEqual({
      permitted: true,
      subscribe: [],
      publish: [],
      credentials: "sent",
    });
    const said = {
      info: { name: "Ada" },
      userId: "ada",
      expiresAt: NOW + 1,
      credentials: { sub: 1 },
      subscribe: ["a", "stories/*"],
    };
    expect(decision({ verdict: "connected", ...said }, "onConnectionRequest")).toEqual({
      permitted: true,
      publish: [],
      ...said,
    });
    expect(decision({ verdict: "connected", credentials: null }, "onConnectionRequest")).toMatchObject({
      credentials: null,
    });
  });

  test("that subscribes has the requested channel and further ones", () => {
    expect(decision({ verdict: "subscribe", channel: "stories/5", subscribe: ["b"] }, "onSubscriptionRequest")).toEqual(
      {
        permitted: true,
        subscribe: ["stories/5", "b"],
        publish: [],
      },
    );
  });

  test("that unsubscribes permits", () => {
    expect(decision({ verdict: "unsubscribe", channel: "stories/5" }, "onUnsubscriptionRequest")).toEqual({
      permitted: true,
      subscribe: [],
      publish: [],
    });
  });

  test("that publishes has its messages in order, with the publisher's uuid", () => {
    const publish = [
      { channel: "b", data: null },
      { channel: "stories/5", data: [1] },
    ];
    expect(
      decision(
        { verdict: "publicationSuccess", channel: "stories/5", publish, result: 0, subscribe: ["c"] },
        "onPublicationRequest",
      ),
    ).toEqual({
      permitted: true,
      subscribe: ["c"],
      publish: [
        { channel: "b", uuid: "m1", data: null },
        { channel: "stories/5", uuid: "m1", data: [1] },
      ],
      result: 0,
    });
    expect(
      decision({ verdict: "publicationSuccess", channel: "stories/5", publish: [] }, "onPublicationRequest"),
    ).toMatchObject({ publish: [] });
  });

  test("that publishes may set uuids of its own", () => {
    const publish = [
      { channel: "b", data: 1, uuid: "own-1" },
      { channel: "b", data: 2 },
    ];
    expect(
      decision({ verdict: "publicationSuccess", channel: "stories/5", publish }, "onPublicationRequest"),
    ).toMatchObject({
      publish: [{ uuid: "own-1" }, { uuid: "m1" }],
    });
  });

  test("that delivers reaches only its recipients, with the message or changed data", () => {
    const response = {
      version: 1,
      verdict: "deliver",
      channel: "stories/5",
      deliveries: [{ agent: "a3", data: null }, { agent: "a1" }],
    };
    expect(read(response, "onMessageReceived")).toEqual({
      value: new Map([
        ["a3", { channel: "stories/5", uuid: "m1", data: null }],
        ["a1", { channel: "stories/5", uuid: "m1", data: "hello" }],
      ]),
    });
  });

  test.each(GUARDS.filter((guard) => VERDICTS[guard].length === 2))(
    "of %s that denies has a reason or none",
    (guard) => {
      const [, verdict] = VERDICTS[guard];
      expect(decision({ verdict, channel: "stories/5", reason: "No." }, guard)).toEqual({
        permitted: false,
        reason: "No.",
      });
      expect(decision({ verdict, channel: "stories/5" }, guard)).toEqual({ permitted: false, reason: "" });
    },
  );

  test("may have unknown fields", () => {
    expect(decision({ verdict: "connected", new: 1, __proto__: {} }, "onConnectionRequest")).toMatchObject({
      permitted: true,
    });
  });

  test("may nest data as deep as a frame may, not deeper", () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const response = (depth: number) =>
      `{"version":1,"verdict":"publicationSuccess","channel":"stories/5","publish":[{"channel":"a","data":${nested(depth)}}]}`;
    expect(faultOf(response(255), "onPublicationRequest")).toBeUndefined();
    expect(faultOf(response(256), "onPublicationRequest")).toMatch(/nested deeper/);
    expect(faultOf(response(200_000), "onPublicationRequest")).toMatch(/nested deeper/);
  });
});

const publications = (count: number) => Array.from({ length: count }, () => ({ channel: "a", data: 1 }));

describe("a response is invalid", () => {
  const connected = { version: 1, verdict: "connected" };
  const published = { version: 1, verdict: "publicationSuccess", channel: "stories/5", publish: [] };
  const delivered = { version: 1, verdict: "deliver", channel: "stories/5" };
  const many = Array.from({ length: MAX_CHANNELS_PER_FRAME + 1 }, (_, at) => `c${at}`);
  test.each<[string, unknown, HandlerName, RegExp]>([
    ["that is not JSON", "planted", "onConnectionRequest", /not JSON/],
    ["that is empty", "", "onConnectionRequest", /not JSON/],
    ["that is null", null, "onConnectionRequest", /not an object/],
    ["that is a string", '"connected"', "onConnectionRequest", /not an object/],
    ["that is true", true, "onConnectionRequest", /not an object/],
    ["that is a list", [connected], "onConnectionRequest", /not an object/],
    ["without a version", { verdict: "connected" }, "onConnectionRequest", /version is not 1/],
    ["of another version", { ...connected, version: 2 }, "onConnectionRequest", /version is not 1/],
    ["whose version is a string", { ...connected, version: "1" }, "onConnectionRequest", /version is not 1/],
    ["without a verdict", { version: 1 }, "onConnectionRequest", /verdict must be one of connected, connectionDenied/],
    ["with an unknown verdict", { version: 1, verdict: "planted" }, "onConnectionRequest", /verdict must be one of/],
    [
      "with another guard's verdict",
      { ...published, verdict: "subscribe" },
      "onPublicationRequest",
      /publicationSuccess, publicationDenied$/,
    ],
    [
      "without a channel",
      { version: 1, verdict: "unsubscribe" },
      "onUnsubscriptionRequest",
      /channel must be the channel of the request/,
    ],
    [
      "with another channel",
      { version: 1, verdict: "subscribe", channel: "planted" },
      "onSubscriptionRequest",
      /channel must be the channel of the request/,
    ],
    [
      "with a reason that is not a string",
      { version: 1, verdict: "connectionDenied", reason: 1 },
      "onConnectionRequest",
      /reason must be a string/,
    ],
    [
      "with a reason of null",
      { version: 1, verdict: "connectionDenied", reason: null },
      "onConnectionRequest",
      /reason must be a string/,
    ],
    [
      "with too much info",
      { ...connected, info: "x".repeat(MAX_INFO_BYTES) },
      "onConnectionRequest",
      /info has 258 bytes/,
    ],
    [
      "with too large credentials",
      { ...connected, credentials: "x".repeat(MAX_CREDENTIALS_BYTES) },
      "onConnectionRequest",
      /credentials has/,
    ],
    [
      "with too large a result",
      { ...published, result: "é".repeat(MAX_RESULT_BYTES / 2) },
      "onPublicationRequest",
      /result has 1026 bytes/,
    ],
    ["with an empty user id", { ...connected, userId: "" }, "onConnectionRequest", /userId/],
    [
      "with a user id that is too long",
      { ...connected, userId: "x".repeat(MAX_USER_ID_LENGTH + 1) },
      "onConnectionRequest",
      /userId/,
    ],
    ["with a user id that is a number", { ...connected, userId: 5 }, "onConnectionRequest", /userId must be a string/],
    ["that expires now", { ...connected, expiresAt: NOW }, "onConnectionRequest", /a JWT's exp is in seconds/],
    [
      "that expires at a time in seconds",
      { ...connected, expiresAt: NOW / 1_000 + 3_600 },
      "onConnectionRequest",
      /a JWT's exp is in seconds/,
    ],
    ["that expires at a string", { ...connected, expiresAt: "2040-01-01" }, "onConnectionRequest", /expiresAt/],
    [
      "that expires at a fraction of a millisecond",
      { ...connected, expiresAt: NOW + 0.5 },
      "onConnectionRequest",
      /expiresAt/,
    ],
    ["that expires too late", { ...connected, expiresAt: 1e300 }, "onConnectionRequest", /expiresAt/],
    ["that subscribes to too many channels", { ...connected, subscribe: many }, "onConnectionRequest", /more than 25/],
    [
      "that subscribes to a string",
      { ...connected, subscribe: "a" },
      "onConnectionRequest",
      /subscribe must be a list/,
    ],
    ["that subscribes to null", { ...connected, subscribe: null }, "onConnectionRequest", /subscribe must be a list/],
    [
      "that subscribes to an invalid channel name",
      { ...connected, subscribe: ["a b"] },
      "onConnectionRequest",
      /bad_channel/,
    ],
    ["that subscribes to a number", { ...connected, subscribe: [1] }, "onConnectionRequest", /bad_channel/],
    [
      "that subscribes to a reserved channel",
      { ...connected, subscribe: ["/meta/x"] },
      "onConnectionRequest",
      /reserved_channel/,
    ],
    [
      "that subscribes to a wildcard that is not enabled",
      { ...connected, subscribe: ["news/*"] },
      "onConnectionRequest",
      /\(wildcard\)/,
    ],
    [
      "that publishes without a list",
      { version: 1, verdict: "publicationSuccess", channel: "stories/5" },
      "onPublicationRequest",
      /publish must be a list/,
    ],
    [
      "that publishes too many messages",
      { ...published, publish: publications(MAX_PUBLICATIONS_PER_GUARD_CALL + 1) },
      "onPublicationRequest",
      /publish has more than 100 entries/,
    ],
    [
      "that publishes a string",
      { ...published, publish: ["planted"] },
      "onPublicationRequest",
      /entry of publish must have/,
    ],
    [
      "that publishes without data",
      { ...published, publish: [{ channel: "a" }] },
      "onPublicationRequest",
      /entry of publish must have/,
    ],
    [
      "that publishes without a channel",
      { ...published, publish: [{ data: 1 }] },
      "onPublicationRequest",
      /bad_channel/,
    ],
    [
      "that publishes on a wildcard",
      { ...published, publish: [{ channel: "stories/*", data: 1 }] },
      "onPublicationRequest",
      /\(wildcard\)/,
    ],
    [
      "that publishes on a reserved channel",
      { ...published, publish: [{ channel: "/meta/error", data: 1 }] },
      "onPublicationRequest",
      /reserved_channel/,
    ],
    [
      "that publishes with an invalid uuid",
      { ...published, publish: [{ channel: "a", data: 1, uuid: "a b" }] },
      "onPublicationRequest",
      /uuid in publish must be 1 to 64/,
    ],
    [
      "that publishes with a number as the uuid",
      { ...published, publish: [{ channel: "a", data: 1, uuid: 5 }] },
      "onPublicationRequest",
      /uuid in publish must be 1 to 64/,
    ],
    ["that delivers without a list", delivered, "onMessageReceived", /deliveries must be a list/],
    [
      "that delivers with an object instead of a list",
      { ...delivered, deliveries: { a1: 1 } },
      "onMessageReceived",
      /deliveries must be a list/,
    ],
    ["that delivers to a string", { ...delivered, deliveries: ["a1"] }, "onMessageReceived", /entry without an agent/],
    [
      "that delivers to an unknown agent",
      { ...delivered, deliveries: [{ agent: "planted" }] },
      "onMessageReceived",
      /not a recipient/,
    ],
    [
      "that delivers twice to one agent",
      { ...delivered, deliveries: [{ agent: "a1" }, { agent: "a1" }] },
      "onMessageReceived",
      /twice/,
    ],
    [
      "that delivers to too many agents",
      { ...delivered, deliveries: Array.from({ length: 101 }, () => ({ agent: "a1" })) },
      "onMessageReceived",
      /more than 100/,
    ],
  ])("%s", (_, response, guard, fault) => {
    expect(faultOf(response, guard)).toMatch(fault);
    expect(faultOf(response, guard)).not.toContain("planted");
  });
});

describe("a response that names a field twice is invalid", () => {
  const yes = '"channel":"stories/5","verdict":"subscribe"';
  test.each([
    ["if the verdict is repeated", `{"version":1,"verdict":"subscriptionDenied",${yes}}`],
    ["if the channel is repeated", `{"version":1,"channel":"planted",${yes}}`],
    ["if the version is repeated", `{"version":2,"version":1,${yes}}`],
    ["if several fields are repeated with the same values", `{"version":1,${yes},${yes}}`],
    ["if an unknown field is repeated", `{"version":1,${yes},"x":1,"x":1}`],
    ["if the fields have spaces and escapes", `{ "version" : 1, "\\u0076erdict" :\n"subscriptionDenied" , ${yes} }`],
    [
      "if strings before it look like an end",
      `{"version":1,"x":"\\\\","y":"\\"}{[:","verdict":"subscriptionDenied",${yes}}`,
    ],
    ["if the prototype is repeated", `{"version":1,${yes},"__proto__":1,"__proto__":2}`],
  ])("%s", (_, response) => {
    expect(() => JSON.parse(response) as unknown).not.toThrow();
    expect(faultOf(response, "onSubscriptionRequest")).toBe("the response names a field twice");
  });

  test("but texts and nested objects may look like repeated fields", () => {
    const look = {
      a: ':"verdict":',
      'verdict":': "\\",
      '\\":': { verdict: 1, a: [{ verdict: 1 }, { verdict: 2 }] },
      ["__proto__"]: 1,
      "": {},
    };
    expect(faultOf(`{"version":1,${yes},${JSON.stringify(look).slice(1)}`, "onSubscriptionRequest")).toBeUndefined();
  });

  test("unless each field of any object stands once", () => {
    const others = fc.dictionary(
      fc.string({ unit: "binary" }).filter((key) => !["version", "channel", "verdict", "subscribe"].includes(key)),
      fc.jsonValue(),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(others, fc.nat(), fc.constantFrom(undefined, 2), (object, pick, space) => {
        const text = (value: object): string => JSON.stringify(value, null, space).slice(1, -1);
        const all = Object.entries(object);
        const again = Object.fromEntries([all[pick % all.length]!]);
        expect(faultOf(`{"version":1,${yes},${text(object)}}`, "onSubscriptionRequest")).toBeUndefined();
        expect(faultOf(`{"version":1,${yes},${text(object)},${text(again)}}`, "onSubscriptionRequest")).toBe(
          "the response names a field twice",
        );
      }),
      { seed: 1 },
    );
  });
});

describe("the JSON Schema of responses agrees with the code", () => {
  const channel = fc.constantFrom(
    "stories/5",
    "a",
    "/a/b",
    "stories/*",
    "stories/5/*",
    "news/*",
    "",
    "a b",
    "/meta/x",
    "/meta",
    "a/*/b",
    "*",
    "a//b",
    "1/2/3/4/5/6/7/8",
    "1/2/3/4/5/6/7/8/9",
    "x".repeat(128),
    "x".repeat(129),
    `stories/${"x".repeat(120)}/*`,
  );
  const value = fc.constantFrom<Json>(
    null,
    true,
    0,
    1,
    NOW,
    NOW + 1,
    NOW + 0.5,
    1e300,
    "",
    "a1",
    "x".repeat(129),
    [],
    {},
    ["a1"],
  );
  const list = <T>(entries: fc.Arbitrary<T>) => fc.oneof(fc.array(entries, { maxLength: 4 }), value);
  const fields = fc.record(
    {
      version: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, value),
      verdict: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...Object.values(VERDICTS).flat()) }, value),
      channel: fc.oneof({ weight: 8, arbitrary: fc.constant("stories/5") }, channel),
      reason: fc.oneof(fc.string(), value),
      info: value,
      userId: fc.oneof(fc.string({ maxLength: 4 }), value),
      expiresAt: value,
      credentials: value,
      result: value,
      subscribe: fc.oneof(list(channel), fc.constant(Array.from({ length: 26 }, (_, at) => `c${at}`))),
      publish: fc.oneof(
        { weight: 8, arbitrary: list(fc.oneof(fc.record({ channel, data: value }, { requiredKeys: [] }), value)) },
        fc.constantFrom(0, 1).map((more) => publications(MAX_PUBLICATIONS_PER_GUARD_CALL + more)),
      ),
      deliveries: list(
        fc.oneof(
          fc.record({ agent: fc.oneof(fc.constantFrom(...RECIPIENTS), value), data: value }, { requiredKeys: [] }),
          value,
        ),
      ),
    },
    { requiredKeys: [] },
  );

  /** The rules that a schema cannot express, for responses that fit the schema. */
  const fitsRequest = (
    response: Record<string, unknown>,
    { guard, channel: asked, wildcards, recipients = [] }: GuardRequest,
  ): boolean => {
    const {
      verdict,
      subscribe = [],
      deliveries = [],
      expiresAt = Infinity,
    } = response as {
      verdict: never;
      subscribe?: string[];
      deliveries?: { agent: string }[];
      expiresAt?: number;
    };
    const hasSubscriptions = ["connected", "subscribe", "publicationSuccess"].includes(verdict);
    const enabled = (name: string): boolean =>
      !isWildcard(name) || wildcards.some((one) => one === name || matches(one, name));
    const agents = verdict === "deliver" ? deliveries.map(({ agent }) => agent) : [];
    return (
      (VERDICTS[guard] as readonly string[]).includes(verdict) &&
      (asked === undefined || response["channel"] === asked) &&
      (!hasSubscriptions || subscribe.every(enabled)) &&
      (verdict !== "connected" || expiresAt > NOW) &&
      new Set(agents).size === agents.length &&
      agents.every((agent) => recipients.some(({ uuid }) => uuid === agent))
    );
  };

  test("for any response to any guard", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fields, fc.constantFrom(...GUARDS), (response, guard) => {
        const request = requestTo(guard);
        const valid = isResponse(response) && fitsRequest(response, request);
        if (valid) accepted += 1;
        expect([response, faultOf(response, guard)]).toEqual([response, valid ? undefined : expect.any(String)]);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("for any JSON: only an object is a response", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...GUARDS), (json, guard) => {
        expect(isResponse(JSON.parse(json))).toBe(false);
        expect(faultOf(json, guard)).toBeDefined();
      }),
    );
  });
});

test.each(GUARDS)("a request to %s fits the schema of requests", (guard) => {
  expect([isRequest(requestTo(guard)), isRequest.errors]).toEqual([true, null]);
  const { guard: _guard, ...without } = requestTo(guard);
  expect(isRequest(without)).toBe(false);
});
