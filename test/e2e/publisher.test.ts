import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { Publisher, type PublisherError } from "push-it-server/publisher";
import { credentialsOf, publisherName, publisherOf as publisherFor } from "./support/publisher.js";
import { addResources, GUARDS } from "./support/publisher-stack.js";
import { curl, curlTest } from "./support/curl.js";
import { runExample } from "./support/example.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const ROOT = resolve(__dirname, "../..");

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({
    guards: GUARDS,
    addResources,
    props: { publishUrl: true, wildcards: ["stories/*"] },
  });
});
afterAll(() => system.close());

const publisherOf = (role: string, name?: string): Publisher => publisherFor(system, role, name);

const url = () => Object.entries(system.running.functionUrls).find(([id]) => id.startsWith("PushItPublisher"))![1];

const subscriber = async (channel: string, credentials: string | null = null): Promise<Wire> => {
  const wire = await system.connect({ credentials });
  expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
  return wire;
};

/** As guards see the agent: what of it names its connection. */
const agentOf = async (wire: Wire) => ({ connection: { id: (await system.connectionOf(wire)).connectionId } });

/** Connections of a user, as their guard says. */
const withUser = (userId: string, count: number): Promise<Wire>[] =>
  Array.from({ length: count }, () => system.connect({ credentials: `user ${userId}` }));

const rowsAbout = async (connectionId: string) =>
  (await system.rows()).filter((row) => JSON.stringify(row).includes(connectionId));

const errorOf = (work: Promise<unknown>): Promise<PublisherError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: PublisherError) => error,
  );

describe("a back end that may publish", () => {
  test("reaches subscribers without any publication guard, and may spare one", async () => {
    const [ada, wild] = await Promise.all([subscriber("stories/5"), subscriber("stories/*")]);
    const publisher = publisherOf("BackEnd");
    const { uuid } = await publisher.publish("stories/5", { title: "größe" });
    for (const wire of [ada, wild])
      expect(await wire.message({ title: "größe" })).toMatchObject({ channel: "stories/5", uuid });
    await publisher.publish("stories/5", "not for Ada", { exclude: await agentOf(ada), uuid: "mine" });
    expect(await wild.message("not for Ada")).toMatchObject({ uuid: "mine" });
    await publisher.publish("stories/5", "for both");
    await ada.message("for both");
    expect(ada.messages().map(({ data }) => data)).not.toContain("not for Ada");
    expect(await ada.publish("stories/5", 1)).toMatchObject({ code: "denied" });
  });

  test("publishes more than one request holds, in order, with each refusal", async () => {
    const wire = await subscriber("bulk");
    const messages = Array.from({ length: 130 }, (_, at) =>
      at === 7 ? { channel: "no channel", data: at } : { channel: "bulk", data: at },
    );
    const results = await publisherOf("BackEnd").publish(messages);
    expect(results).toHaveLength(130);
    expect(results.filter(({ accepted }) => !accepted)).toEqual([
      { uuid: results[7]!.uuid, accepted: false, code: "bad_channel", error: expect.any(String) },
    ]);
    expect(() => Publisher.assertAccepted(results)).toThrow("not a valid channel name");
    await wire.message(129);
    expect(wire.messages().map(({ data }) => data)).toEqual(
      Array.from({ length: 130 }, (_, at) => at).filter((at) => at !== 7),
    );
  });

  test("is subject to limits", async () => {
    const publisher = publisherOf("BackEnd");
    for (const [channel, data, code] of [
      ["a", "x".repeat(40_000), "too_large"],
      ["stories/*", 1, "wildcard"],
      ["/meta/user/ann", 1, "reserved_channel"],
    ] as const) {
      expect(await errorOf(publisher.publish(channel, data))).toMatchObject({ name: "PublisherError", code });
    }
  });

  test("reaches all connections of a user, and no others", async () => {
    const [one, two, other] = await Promise.all([...withUser("ann", 2), system.connect()]);
    if (!one || !two || !other) throw new Error("not connected");
    await publisherOf("BackEnd").publishToUser("ann", "psst");
    for (const wire of [one, two]) {
      await wire.until(
        () => wire.received.find(({ channel, data }) => channel === "/meta/user" && data === "psst"),
        "the message to Ann",
      );
    }
    await other.ping();
    expect(JSON.stringify(other.received)).not.toContain("psst");
    expect(await one.subscribe("/meta/user/ann")).toMatchObject({ code: "reserved_channel" });
  });

  test("does not go past delivery guards", async () => {
    const [ada, eve] = await Promise.all([subscriber("moderated/1", "Ada"), subscriber("moderated/1", "Eve")]);
    await publisherOf("BackEnd").publish("moderated/1", "hello");
    await ada.message("for Ada: hello");
    await eve.ping();
    expect(eve.messages()).toEqual([]);
  });
});

test.each([
  ["ES module", `import { Publisher } from "push-it-server/publisher";`],
  ["CommonJS", `const { Publisher } = require("push-it-server/publisher");`],
])("the built package's %s needs only the environment of a role", async (type, load) => {
  const wire = await subscriber("built");
  const { accessKeyId, secretAccessKey, sessionToken } = credentialsOf(system, "BackEnd");
  const script = `${load} new Publisher({ functionName: process.env.NAME }).publish("built", ${JSON.stringify(type)}).then(console.log);`;
  const env = {
    PATH: process.env["PATH"],
    ...system.running.endpoints,
    NAME: publisherName(system),
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
  const args = [`--input-type=${type === "CommonJS" ? "commonjs" : "module"}`, "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
  expect(stdout).toContain((await wire.message(type)).uuid);
});

describe("a back end that may not", () => {
  test("gets AWS's own error with the missing permission", async () => {
    const error = await errorOf(publisherOf("Stranger").publish("stories/5", 1));
    expect(error).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("pushIt.grantPublish(grantee)"),
    });
    expect(error.cause).toMatchObject({ name: "AccessDeniedException" });
  });

  test("needs separate permissions for the URL and for the function", async () => {
    expect(await errorOf(publisherOf("WithoutSdk").publish("stories/5", 1))).toMatchObject({ code: "forbidden" });
  });

  test("learns that a function's name is wrong", async () => {
    const error = await errorOf(publisherOf("BackEnd", "Nothing").publish("a", 1));
    expect(["forbidden", "not_found"]).toContain(error.code);
  });
});

describe("a request that is not understood", () => {
  test("is answered, logged by its code only, and changes nothing", async () => {
    const id = system.running.model.functions.find(({ logicalId }) =>
      logicalId.startsWith("PushItPublisher"),
    )!.logicalId;
    const result = await system.running.invoke(id, { version: 1, publish: [], secret: "hush" });
    expect(result).toMatchObject({ ok: true, payload: { version: 1, code: "bad_request" } });
    const logged = system.logs.filter(({ message }) => message.includes("publication_refused")).at(-1);
    expect(logged?.message).toContain("bad_request");
    expect(JSON.stringify(system.logs)).not.toContain("hush");
  });
});

describe("the URL", () => {
  curlTest("takes the example of docs/SERVER.md, as curl signs it", async () => {
    const wire = await subscriber("stories/5");
    const { accessKeyId, secretAccessKey, sessionToken } = credentialsOf(system, "WithoutSdk");
    const said = await runExample("curl", {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken ?? "",
      PUBLISH_URL: url(),
    });
    expect(JSON.parse(said)).toEqual({ version: 1, results: [{ uuid: "from-curl-1", accepted: true }] });
    expect(await wire.message({ title: "Once upon a time" })).toMatchObject({ uuid: "from-curl-1" });
  });

  curlTest("refuses roles without the permission to use the URL", async () => {
    const request = ["--data", '{"version":1,"publish":[{"channel":"a","data":1}]}'];
    for (const signer of [{}, credentialsOf(system, "Stranger"), credentialsOf(system, "BackEnd")]) {
      expect(await curl(url(), signer, ...request)).toMatchObject({ status: 403 });
    }
  });

  curlTest("reports the errors of a request", async () => {
    const ask = (...more: string[]) => curl(url(), credentialsOf(system, "WithoutSdk"), ...more);
    expect(await ask()).toMatchObject({ status: 405, headers: { allow: "POST" } });
    expect(await ask("--data", "{")).toMatchObject({ status: 400, body: expect.stringContaining('"bad_request"') });
    expect(await ask("--data", "{}")).toMatchObject({
      status: 400,
      body: expect.stringContaining('\\"version\\" must be 1'),
    });
  });
});

describe("disconnecting", () => {
  test("sends the reason, closes, calls onDisconnect once, and leaves no row", async () => {
    const wire = await subscriber("a", "mallory");
    const { connectionId } = await system.connectionOf(wire);
    expect(await publisherOf("BackEnd").disconnect({ connection: { id: connectionId } }, "Spam.")).toBe(1);
    await wire.ended();
    expect(wire.received).toContainEqual({
      channel: "/meta/connect",
      successful: false,
      code: "revoked",
      error: "Spam.",
    });
    await system.disconnected(connectionId);
    expect(await rowsAbout(connectionId)).toEqual([]);
    expect(system.logs.filter(({ message }) => message.includes("told") && message.includes("mallory"))).toHaveLength(
      1,
    );
    expect(await publisherOf("BackEnd").disconnect({ connection: { id: connectionId } })).toBe(0);
  });

  test("ends all connections of a user, and no other", async () => {
    const [one, two, other] = await Promise.all([...withUser("bob", 2), subscriber("a")]);
    if (!one || !two || !other) throw new Error("not connected");
    expect(await publisherOf("BackEnd").disconnect({ userId: "bob" })).toBe(2);
    await Promise.all([one.ended(), two.ended()]);
    expect(await other.ping()).toMatchObject({ successful: true });
  });

  test("a banned agent receives nothing more, although a warm Lambda knows it", async () => {
    const publisher = publisherOf("BackEnd");
    const witness = await subscriber("open/room");
    for (let trial = 0; trial < 10; trial += 1) {
      const banned = await subscriber("open/room", `banned-${trial}`);
      const { connectionId } = await system.connectionOf(banned);
      // The publish Lambda has it in its cache from here on.
      await banned.publish("open/room", `warm-${trial}`);
      // Under way while it is banned: a fan-out, a publication of its own, and a subscription.
      const fanOut = witness.publish("open/room", `meanwhile-${trial}`);
      banned.send({ action: "publish", channel: "open/room", uuid: "own", data: "own" });
      banned.send({ action: "subscribe", channel: "/meta/subscribe", uuid: "sub", data: { channel: "open/more" } });
      expect(await publisher.disconnect({ connection: { id: connectionId } })).toBe(1);
      await banned.ended();
      const received = banned.received.length;
      await fanOut;
      await publisher.publish([
        { channel: "open/room", data: `after-${trial}` },
        { channel: "open/more", data: `after-${trial}` },
      ]);
      await witness.message(`after-${trial}`);
      await system.disconnected(connectionId);
      await system.invoked(
        (all) =>
          all.find(
            ({ event }) => JSON.stringify(event).includes(connectionId) && JSON.stringify(event).includes('\\"sub\\"'),
          ),
        "the subscribe frame",
      );
      expect(banned.received).toHaveLength(received);
      expect(await rowsAbout(connectionId)).toEqual([]);
    }
  });
});

describe("unsubscribing", () => {
  test("notifies an agent, ends that subscription, and keeps the others", async () => {
    const wire = await subscriber("stories/1");
    await wire.subscribe("stories/2");
    const publisher = publisherOf("BackEnd");
    expect(await publisher.unsubscribe(await agentOf(wire), "stories/1", "The story is over.")).toBe(1);
    expect(
      await publisher.publish([
        { channel: "stories/1", data: "one" },
        { channel: "stories/2", data: "two" },
      ]),
    ).toMatchObject([{ accepted: true }, { accepted: true }]);
    await wire.message("two");
    expect(wire.messages().map(({ data }) => data)).toEqual(["two"]);
    const answer = {
      channel: "/meta/unsubscribe",
      successful: true,
      code: "revoked",
      error: "The story is over.",
      data: { channel: "stories/1" },
    };
    expect(wire.received).toContainEqual(answer);
  });

  test("is not for the channel on which a user is found", async () => {
    expect(await errorOf(publisherOf("BackEnd").unsubscribe({ userId: "ann" }, "/meta/user/ann"))).toMatchObject({
      code: "bad_request",
    });
  });
});
