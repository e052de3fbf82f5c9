import fc from "fast-check";
import {
  MAX_CHANNELS_PER_FRAME,
  MAX_CREDENTIALS_BYTES,
  MAX_INFO_BYTES,
  MAX_PUBLICATIONS_PER_GUARD_CALL,
  MAX_RESULT_BYTES,
  MAX_USER_ID_LENGTH,
} from "../../../protocol/index.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { NOW } from "../support/fakes.js";
import { faultOf, publications } from "./response-fixture.js";

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
      "with an unknown code",
      { version: 1, verdict: "publicationDenied", channel: "stories/5", code: "planted" },
      "onPublicationRequest",
      /code must be one of denied, bad_data/,
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
      "that publishes with an ephemeral that is not a boolean",
      { ...published, publish: [{ channel: "a", data: 1, ephemeral: "yes" }] },
      "onPublicationRequest",
      /ephemeral in publish must be true or false/,
    ],
    [
      "that publishes with a number as the uuid",
      { ...published, publish: [{ channel: "a", data: 1, uuid: 5 }] },
      "onPublicationRequest",
      /uuid in publish must be 1 to 64/,
    ],
    [
      "that delivers with another publisher",
      { ...delivered, deliveries: [{ agent: "a1", from: { connection: "forged" } }] },
      "onMessageReceived",
      /from in deliveries must be false, or left out/,
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
