import { type Client, type GatewayEvent, Harness, OK, type RouteSetup } from "./harness.js";

let harness: Harness;
const start = async (
  setups: Record<string, RouteSetup>,
  options: Parameters<typeof Harness.start>[1] = {},
): Promise<Client> => {
  harness = await Harness.start({ $connect: () => OK, ...setups }, options);
  return harness.connect();
};
afterEach(() => harness.gateway.close());

const answers = (run: (event: GatewayEvent) => unknown) => ({ run, answers: true });
const echo = answers((event) => ({ statusCode: 200, body: event.body }));
const ID = expect.stringMatching(/^[\w-]{15}=$/) as string;

describe("a message", () => {
  it("goes to its route's function, as text, with ids of its own", async () => {
    const client = await start({ publish: echo });
    const { connectionId } = (await harness.event("$connect")).requestContext;
    client.send({ action: "publish", data: "grüße 🙂" });
    const event = await harness.event("publish");
    expect(event).toMatchObject({ body: '{"action":"publish","data":"grüße 🙂"}', isBase64Encoded: false });
    expect(event.requestContext).toMatchObject({ connectionId, eventType: "MESSAGE", messageId: ID, requestId: ID });
    expect(await client.next()).toBe(event.body);
  });

  it.each(["not JSON", "{}", '{"action":"unknown"}', '{"action":"$connect"}'])("%s goes to $default", async (text) => {
    const client = await start({ $default: echo });
    client.send(text);
    expect(await client.next()).toBe(text);
  });

  it("without a route and without $default is forbidden", async () => {
    const client = await start({ publish: echo });
    const { connectionId } = (await harness.event("$connect")).requestContext;
    client.send({ action: "other" });
    expect(JSON.parse(await client.next())).toEqual({ message: "Forbidden", connectionId, requestId: ID });
  });

  it("is routed by a nested expression", async () => {
    const client = await start({ chat: echo }, { model: { selectionExpression: "$request.body.message.kind" } });
    client.send({ message: { kind: "chat" } });
    expect(await client.next()).toContain("chat");
  });

  it("may come in fragments", async () => {
    const client = await start({ publish: echo });
    client.socket.send('{"action":', { fin: false });
    client.socket.send('"publish"}', { fin: true });
    expect(await client.next()).toBe('{"action":"publish"}');
  });
});

describe("an answer", () => {
  it("comes only from a route with a RouteResponse", async () => {
    const client = await start({ quiet: () => ({ statusCode: 200, body: "unheard" }), loud: echo });
    client.send({ action: "quiet" });
    await harness.event("quiet");
    client.send({ action: "loud" });
    expect(await client.next()).toBe('{"action":"loud"}');
  });

  it("is an empty frame where the function returns no body", async () => {
    const client = await start({ empty: answers(() => OK), blank: answers(() => ({ ...OK, body: "" })) });
    client.send({ action: "empty" });
    expect(await client.next()).toBe("");
    client.send({ action: "blank" });
    expect(await client.next()).toBe("");
  });

  it("is sent whatever its status", async () => {
    const client = await start({ odd: answers(() => ({ statusCode: 500, body: "my own words" })) });
    client.send({ action: "odd" });
    expect(await client.next()).toBe("my own words");
  });
});

describe("a function that fails", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("broken"))],
    ["times out", () => ({ ok: false, kind: "timeout", message: "Task timed out after 3.00 seconds" })],
    ["crashes", () => ({ ok: false, kind: "crash", message: "exit 1" })],
    ["is throttled", () => ({ ok: false, kind: "throttled", message: "Rate exceeded" })],
    ["returns nothing", () => undefined],
    ["returns another shape", () => ({ statusCode: 200, Data: "hello" })],
  ])("because it %s yields an error frame, with or without a RouteResponse", async (_, run) => {
    const client = await start({ asked: answers(run), told: run });
    const { connectionId } = (await harness.event("$connect")).requestContext;
    for (const action of ["asked", "told"]) {
      client.send({ action });
      const { requestId } = (await harness.event(action)).requestContext;
      expect(JSON.parse(await client.next())).toEqual({ message: "Internal server error", connectionId, requestId });
    }
    expect(harness.log).toHaveLength(2);
  });

  it("by a timeout yields one, too, and its late response is dropped", async () => {
    let finish: (payload: unknown) => void = () => undefined;
    const slow = { ...answers(() => new Promise((resolve) => (finish = resolve))), timeoutMs: 30 };
    const client = await start({ slow, publish: echo });
    client.send({ action: "slow" });
    expect(JSON.parse(await client.next())).toMatchObject({ message: "Internal server error" });
    finish({ statusCode: 200, body: "late" });
    client.send({ action: "publish" });
    expect(await client.next()).toBe('{"action":"publish"}');
  });
});

describe("messages of one connection", () => {
  it("run concurrently, so that a later one may be answered first", async () => {
    const finish: Record<string, (payload: unknown) => void> = {};
    const client = await start({
      wait: answers(
        (event) => new Promise((resolve) => (finish[(JSON.parse(event.body ?? "") as { n: string }).n] = resolve)),
      ),
    });
    client.send({ action: "wait", n: "first" });
    client.send({ action: "wait", n: "second" });
    await harness.event("wait");
    await harness.event("wait");
    finish.second?.({ ...OK, body: "second" });
    expect(await client.next()).toBe("second");
    finish.first?.({ ...OK, body: "first" });
    expect(await client.next()).toBe("first");
  });

  it("can be made to overtake each other on their way in", async () => {
    const delays = [60, 0];
    const client = await start({ publish: echo }, { faults: { delayFrame: () => delays.shift() } });
    client.send({ action: "publish", n: 1 });
    client.send({ action: "publish", n: 2 });
    expect([await client.next(), await client.next()]).toEqual([
      '{"action":"publish","n":2}',
      '{"action":"publish","n":1}',
    ]);
  });
});

describe("throttles", () => {
  const throttled = { message: "Too Many Requests", connectionId: ID, requestId: ID };

  it("answer a route's excess until its bucket has filled again", async () => {
    let now = 0;
    const publish = { ...echo, throttle: { rate: 1, burst: 2 } };
    const client = await start({ publish, other: echo }, { now: () => now });
    for (let i = 0; i < 3; i++) client.send({ action: "publish" });
    const got = [await client.next(), await client.next(), await client.next()].map(
      (text) => JSON.parse(text) as object,
    );
    expect(got.filter((frame) => "message" in frame)).toEqual([throttled]);
    client.send({ action: "other" });
    expect(await client.next()).toBe('{"action":"other"}');
    now = 1_000;
    client.send({ action: "publish" });
    expect(await client.next()).toBe('{"action":"publish"}');
  });

  it("answer the account's excess, where it is asked for", async () => {
    // One token for the handshake, one for the first message.
    const client = await start({ publish: echo }, { limits: { account: { rate: 1, burst: 2 } }, now: () => 0 });
    client.send({ action: "publish" });
    expect(await client.next()).toBe('{"action":"publish"}');
    client.send({ action: "publish" });
    expect(JSON.parse(await client.next())).toEqual(throttled);
  });

  it("do not count messages that are done", async () => {
    const client = await start({ publish: echo }, { limits: { pendingMessages: 1 } });
    for (let i = 0; i < 3; i++) {
      client.send({ action: "publish", i });
      expect(JSON.parse(await client.next())).toEqual({ action: "publish", i });
    }
  });

  it("answer what would be too much to keep", async () => {
    const client = await start({ wait: () => new Promise(() => undefined) }, { limits: { pendingMessages: 1 } });
    client.send({ action: "wait" });
    client.send({ action: "wait" });
    expect(JSON.parse(await client.next())).toEqual(throttled);
  });
});
