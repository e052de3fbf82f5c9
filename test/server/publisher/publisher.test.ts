import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { PublishEntry } from "../../../protocol/index.js";
import { Publisher, type LambdaLike, type PublisherError } from "push-it-server/publisher";

/** A request that the function received. */
interface Asked {
  version: number;
  publish: PublishEntry[];
}

/** A Lambda client with scripted responses, which records its requests. */
class Client implements LambdaLike {
  readonly asked: Asked[] = [];
  readonly names: (string | undefined)[] = [];

  constructor(private readonly answer: (request: Asked, at: number) => unknown) {}

  async send(command: InvokeCommand): Promise<unknown> {
    expect(command).toBeInstanceOf(InvokeCommand);
    const { FunctionName, InvocationType, Payload } = command.input;
    expect(InvocationType).toBeUndefined();
    this.names.push(FunctionName);
    this.asked.push(JSON.parse(Buffer.from(Payload as Uint8Array).toString()) as Asked);
    return this.answer(this.asked.at(-1)!, this.asked.length);
  }
}

const payload = (value: unknown) => ({ StatusCode: 200, Payload: Buffer.from(JSON.stringify(value)) });
const acceptAll = ({ publish }: Asked) =>
  payload({ version: 1, results: publish.map(({ uuid }) => ({ uuid, accepted: true })) });

const publisherWith = (answer: (request: Asked, at: number) => unknown = acceptAll) => {
  const client = new Client(answer);
  return { client, publisher: new Publisher({ functionName: "publisher", client }) };
};

const failing =
  (name: string, message = "no") =>
  () =>
    Promise.reject(Object.assign(new Error(message), { name }));

const errorOf = (work: Promise<unknown>): Promise<PublisherError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: PublisherError) => error,
  );

describe("publishing", () => {
  test("gives a message a uuid before sending it, and resolves with that", async () => {
    const { client, publisher } = publisherWith();
    const { uuid } = await publisher.publish("stories/5", { title: "Once" });
    expect(uuid).toMatch(/^[\w-]{22}$/);
    expect(client.asked).toEqual([{ version: 1, publish: [{ channel: "stories/5", data: { title: "Once" }, uuid }] }]);
    expect(client.names).toEqual(["publisher"]);
  });

  test("keeps a given uuid, and excludes an agent or a connection", async () => {
    const { client, publisher } = publisherWith();
    await publisher.publish("a", 1, { uuid: "mine", exclude: { connection: { id: "c1=" } } });
    await publisher.publishToUser("ann", null, { uuid: "yours", exclude: "c2" });
    expect(client.asked.map(({ publish }) => publish)).toEqual([
      [{ channel: "a", data: 1, uuid: "mine", excludeConnectionId: "c1=" }],
      [{ userId: "ann", data: null, uuid: "yours", excludeConnectionId: "c2" }],
    ]);
  });

  test("throws the rejection of a single message", async () => {
    const { publisher } = publisherWith(() =>
      payload({ version: 1, results: [{ accepted: false, code: "wildcard", error: "Not here." }] }),
    );
    for (const work of [publisher.publish("a/*", 1), publisher.publishToUser("ann", 1)]) {
      expect(await errorOf(work)).toMatchObject({
        name: "PublisherError",
        code: "wildcard",
        message: "Not here.",
        retryable: false,
      });
    }
  });

  test("returns a result for each of many messages; assertAccepted throws", async () => {
    const results = [
      { uuid: "1", accepted: true },
      { uuid: "2", accepted: false, code: "too_large", error: "Too much." },
    ];
    const { publisher } = publisherWith(() => payload({ version: 1, results }));
    const given = await publisher.publish([
      { channel: "a", data: 1 },
      { userId: "ann", data: 2 },
    ]);
    expect(given).toEqual(results);
    expect(() => Publisher.assertAccepted(given)).toThrow(expect.objectContaining({ code: "too_large", results }));
    expect(() => Publisher.assertAccepted(given.slice(0, 1))).not.toThrow();
  });

  test("sends no request for an empty list", async () => {
    const { client, publisher } = publisherWith();
    expect(await publisher.publish([])).toEqual([]);
    expect(client.asked).toEqual([]);
  });

  test("sends more than 100 messages in several requests, in order", async () => {
    const { client, publisher } = publisherWith();
    const results = await publisher.publish(
      Array.from({ length: 250 }, (_, at) => ({ channel: "a", data: at, uuid: `m${at}` })),
    );
    expect(client.asked.map(({ publish }) => publish.length)).toEqual([100, 100, 50]);
    expect(client.asked.flatMap(({ publish }) => publish.map(({ data }) => data))).toEqual(
      Array.from({ length: 250 }, (_, at) => at),
    );
    expect(results.map(({ uuid }) => uuid)).toEqual(Array.from({ length: 250 }, (_, at) => `m${at}`));
  });

  test("sends at most 6 MB in a request, and rejects larger messages", async () => {
    const { client, publisher } = publisherWith();
    const large = "ß".repeat(1_000_000);
    const results = await publisher.publish([
      ...Array.from({ length: 4 }, () => ({ channel: "a", data: large })),
      { channel: "a", data: "x".repeat(7_000_000), uuid: "huge" },
      { channel: "a", data: 1 },
    ]);
    expect(client.asked.map(({ publish }) => publish.length)).toEqual([3, 1, 1]);
    for (const asked of client.asked)
      expect(Buffer.byteLength(JSON.stringify(asked))).toBeLessThanOrEqual(6 * 1024 * 1024);
    expect(results.map(({ accepted }) => accepted)).toEqual([true, true, true, true, false, true]);
    expect(results[4]).toEqual({ uuid: "huge", accepted: false, code: "too_large", error: expect.any(String) });
  });

  test("reports the results of earlier requests if a later one fails", async () => {
    const { publisher } = publisherWith((asked, at) =>
      at === 1 ? acceptAll(asked) : { FunctionError: "Unhandled", ...payload({}) },
    );
    const error = await errorOf(publisher.publish(Array.from({ length: 150 }, () => ({ channel: "a", data: 1 }))));
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.results).toHaveLength(100);
  });

  test("rejects data that JSON cannot carry before it sends anything", async () => {
    const { client, publisher } = publisherWith();
    const circular: Record<string, never> = {};
    Object.assign(circular, { circular });
    expect(await errorOf(publisher.publish("a", circular))).toMatchObject({ code: "bad_request" });
    expect(client.asked).toEqual([]);
  });
});

describe("ending", () => {
  test("agents returns the number of connections that had an agent", async () => {
    const { client, publisher } = publisherWith(() => payload({ version: 1, disconnected: 2 }));
    const agent = { uuid: "u", userId: "ann", connection: { id: "c1", sourceIp: "203.0.113.7" } };
    expect(await publisher.disconnect(agent)).toBe(2);
    await publisher.disconnect({ userId: "ann" }, "Spam.");
    expect(client.asked).toEqual([
      { version: 1, disconnect: { connectionId: "c1" } },
      { version: 1, disconnect: { userId: "ann" }, reason: "Spam." },
    ]);
  });

  test("subscriptions returns the number of notified connections", async () => {
    const { client, publisher } = publisherWith(() => payload({ version: 1, unsubscribed: 1 }));
    expect(await publisher.unsubscribe({ userId: "ann" }, "stories/*", "Over.")).toBe(1);
    expect(client.asked).toEqual([
      { version: 1, unsubscribe: { userId: "ann" }, channel: "stories/*", reason: "Over." },
    ]);
  });
});

describe("an error", () => {
  test.each<[string, (request: Asked) => unknown, string, RegExp, boolean]>([
    [
      "no right",
      failing("AccessDeniedException"),
      "forbidden",
      /may not invoke publisher.*pushIt\.grantPublish\(grantee\)/,
      false,
    ],
    [
      "no such function",
      failing("ResourceNotFoundException"),
      "not_found",
      /no function publisher.*pushIt\.publisherName/,
      false,
    ],
    ["a throttle", failing("TooManyRequestsException"), "throttled", /Too many invocations/, true],
    ["no credentials", failing("CredentialsProviderError"), "forbidden", /no AWS credentials/, false],
    ["old credentials", failing("ExpiredTokenException", "expired"), "forbidden", /not valid: expired/, false],
    ["no Region", failing("Error", "Region is missing"), "bad_request", /Set AWS_REGION/, false],
    [
      "no answer",
      failing("TimeoutError", "socket hang up"),
      "unavailable",
      /could not be reached: socket hang up/,
      true,
    ],
    [
      "something without a message",
      () => Promise.reject(new Error("")),
      "unavailable",
      /could not be reached: Error/,
      true,
    ],
    [
      "a function that fails",
      () => ({ FunctionError: "Unhandled", ...payload({ errorType: "Unavailable", errorMessage: "Later." }) }),
      "unavailable",
      /publisher failed \(Unavailable: Later\.\)/,
      true,
    ],
    ["a function that dies", () => ({ FunctionError: "Unhandled" }), "unavailable", /without a message/, true],
    [
      "a request that is not understood",
      () => payload({ version: 1, code: "bad_request", error: "reason must be a text." }),
      "bad_request",
      /reason must be a text/,
      false,
    ],
    ["another function", () => payload({ hello: "world" }), "not_found", /not the publisher function/, false],
    [
      "a function that answers no JSON",
      () => ({ Payload: Buffer.from("<html>") }),
      "not_found",
      /not the publisher function/,
      false,
    ],
  ])("names %s and the next step", async (_what, answer, code, message, retryable) => {
    const { client, publisher } = publisherWith(answer);
    for (const work of [publisher.publish("a", 1), publisher.disconnect({ userId: "ann" })]) {
      expect(await errorOf(work)).toMatchObject({
        name: "PublisherError",
        code,
        message: expect.stringMatching(message),
        retryable,
      });
    }
    expect(client.asked).toHaveLength(2);
  });

  test("has the AWS SDK's error as its cause", async () => {
    const { publisher } = publisherWith(failing("AccessDeniedException"));
    expect((await errorOf(publisher.publish("a", 1))).cause).toMatchObject({ name: "AccessDeniedException" });
  });

  test.each([undefined, ""])("is thrown by a Publisher without a function's name (%j)", (functionName) => {
    expect(() => new Publisher({ functionName: functionName })).toThrow("pushIt.publisherName");
  });
});

describe("presence()", () => {
  const presence = { channel: "rooms/1", count: 2, members: [{ agent: "a" }], more: "a" };

  test("returns the function's response", async () => {
    const { client, publisher } = publisherWith(() => payload({ version: 1, presence }));
    expect(await publisher.presence("rooms/1", { after: "0" })).toEqual(presence);
    expect(client.asked).toEqual([{ version: 1, presence: { channel: "rooms/1", after: "0" } }]);
  });

  test("fails with no_presence if the channel has no presence", async () => {
    const { publisher } = publisherWith(() => payload({ version: 1, error: "No.", code: "no_presence" }));
    expect(await errorOf(publisher.presence("plain"))).toMatchObject({ code: "no_presence", message: "No." });
  });
});

describe("deleting", () => {
  /** A publisher with one response after the other. */
  const answering = (...answers: object[]) => publisherWith((_, at) => payload({ version: 1, ...answers[at - 1] }));

  test("a message sends only the message's position", async () => {
    const { client, publisher } = answering({ deletedMessage: true });
    const message = { epoch: "e1", offset: 5, uuid: "m5", data: "secret" };
    expect(await publisher.deleteMessage("rooms/5", message)).toBe(true);
    expect(client.asked).toEqual([
      { version: 1, deleteMessage: { channel: "rooms/5", position: { epoch: "e1", offset: 5 } } },
    ]);
  });

  test("a history continues until all messages are deleted", async () => {
    const { client, publisher } = answering(
      { deletedMessages: 0, more: true },
      { deletedMessages: 250, more: true },
      { deletedMessages: 50 },
    );
    expect(await publisher.deleteHistory("rooms/5")).toBe(300);
    const next = { version: 1, deleteHistory: { channel: "rooms/5", continue: true } };
    expect(client.asked).toEqual([{ version: 1, deleteHistory: { channel: "rooms/5" } }, next, next]);
  });

  test("a user's messages continues until the whole table was read", async () => {
    const { client, publisher } = answering(
      { disconnected: 2, deletedMessages: 0, more: "" },
      { disconnected: 0, deletedMessages: 3, more: "abc" },
      { disconnected: 0, deletedMessages: 1 },
    );
    expect(await publisher.forgetUser("ann")).toEqual({ disconnected: 2, deletedMessages: 4 });
    const asked = [{ userId: "ann" }, { userId: "ann", after: "" }, { userId: "ann", after: "abc" }];
    expect(client.asked).toEqual(asked.map((forgetUser) => ({ version: 1, forgetUser })));
  });

  test("fails if the channel has no history", async () => {
    const { publisher } = answering({ code: "no_history", error: "History is not enabled on this channel." });
    expect(await errorOf(publisher.deleteHistory("plain"))).toMatchObject({ code: "no_history" });
  });
});
