import { VERDICTS } from "../../../lambdas/guards/contract.js";
import { deliveryOf } from "../../../lambdas/guards/response-writer.js";
import { NOW } from "../support/fakes.js";
import { decision, faultOf, GUARDS, read, requestTo } from "./response-fixture.js";

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

  test("that accepts a state permits", () => {
    expect(
      decision({ verdict: "presenceSuccess", channel: "stories/5", subscribe: ["b"] }, "onPresenceRequest"),
    ).toEqual({ permitted: true, subscribe: [], publish: [] });
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

  test("that delivers keeps who published the message, unless from is false", () => {
    const message = { channel: "stories/5", uuid: "m1", data: "hello", at: 5, from: { connection: "a9" } };
    const request = { ...requestTo("onMessageReceived"), message };
    const deliveries = [{ agent: "a1" }, { agent: "a2", data: 1, from: false }, { agent: "a3", from: false }];
    const response = { version: 1, verdict: "deliver", channel: "stories/5", deliveries };
    const { from: _from, ...anonymous } = message;
    expect(read(response, "onMessageReceived", request)).toEqual({
      value: new Map([
        ["a1", message],
        ["a2", { ...anonymous, data: 1 }],
        ["a3", anonymous],
      ] as [string, object][]),
    });
    const recipient = request.recipients![0]!;
    expect(deliveryOf(recipient, message, message)).toEqual([{ agent: "a1" }]);
    expect(deliveryOf(recipient, message, anonymous)).toEqual([{ agent: "a1", from: false }]);
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
