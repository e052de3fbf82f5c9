import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Credentials } from "../../../local/core/credentials.js";
import type { TimeSpent } from "../../../local/services/lambda/messages.js";
import { Meter } from "../../../local/meter/meter.js";
import { startBench, stopBenches } from "../services/lambda/runtime/support.js";

/** How a server delays a request before its response. */
type Before = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Services, and a server that is not metered. */
const servers: Server[] = [];
const serve = async (before: Before = () => undefined): Promise<string> => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => void Promise.resolve(before(request, response)).then(() => response.end("{}")));
  });
  // However slow the machine is, a second run finds the connections that the first one has opened.
  server.keepAliveTimeout = 60_000;
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** How long a slow server takes, which is far more than any machine does for nothing. */
const SLOW_MS = 300;

/** Answers an Invoke whose function is billed 120 ms; a post to `/together` when three have come; one to `/slow` late. */
const urls = {
  AWS_ENDPOINT_URL_LAMBDA: "",
  AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: "",
  AWS_ENDPOINT_URL_DYNAMODB: "",
  OTHER: "",
};
const together: (() => void)[] = [];
const posts: Before = async ({ url }) => {
  if (url === "/slow") await sleep(SLOW_MS);
  if (url !== "/together") return;
  const all = new Promise<void>((answer) => together.push(answer));
  if (together.length === 3) for (const answer of together.splice(0)) answer();
  await all;
};

beforeAll(async () => {
  urls.AWS_ENDPOINT_URL_LAMBDA = await serve((_, response) => void response.setHeader("x-local-billed-ms", "120"));
  urls.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI = await serve(posts);
  urls.AWS_ENDPOINT_URL_DYNAMODB = await serve();
  urls.OTHER = await serve(() => sleep(SLOW_MS));
});
afterEach(stopBenches);
afterAll(() => servers.forEach((server) => server.close()));

const LIBRARY = `
  import { Agent, request } from "node:http";
  import { setTimeout as sleep } from "node:timers/promises";
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const call = (url) => new Promise((resolve, reject) => {
    request(url, { agent, method: "POST" }, (response) => response.resume().once("end", resolve)).once("error", reject).end("x");
  });
  const { AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: posts, AWS_ENDPOINT_URL_DYNAMODB: table, AWS_ENDPOINT_URL_LAMBDA: lambda, OTHER: other } = process.env;
  const all = (count, url) => Promise.all(Array.from({ length: count }, () => call(url)));
`;

/** The billed times of a run, and the times that its process measured. */
type Billed = TimeSpent & { ms: number };

/** Runs a handler twice, and gives what came of its second run. */
const billed = async (handler: string, model = {}): Promise<Billed> => {
  const credentials = new Credentials();
  const meter = new Meter({ callerOf: (key) => credentials.identify(key) });
  let spent: TimeSpent = { callsMs: NaN, waitedMs: NaN, declaredMs: NaN };
  const run = meter.run.bind(meter);
  meter.run = (place) => {
    const ended = run(place);
    return (end) => {
      spent = end.spent ?? spent;
      return ended(end);
    };
  };
  const bench = startBench(`${LIBRARY}\nexport const handler = async (event) => { ${handler} };`, model, {
    credentials,
    meter,
    endpoints: () => urls,
  });
  await bench.runtime.invoke("F", 1);
  let ms = NaN;
  await bench.runtime.invoke("F", 2, { billed: (each) => (ms = each) });
  expect(meter.snapshot()).toMatchObject({ invocations: 2 });
  return { ...spent, ms };
};

/** The run of several that waited least: a machine that is busy with others can only add to what a function waits. */
const leastWaited = async (handler: string): Promise<Billed> => {
  const runs: Billed[] = [];
  do runs.push(await billed(handler));
  while (runs.length < 5 && runs.at(-1)!.waitedMs >= SLOW_MS / 3);
  return runs.sort((a, b) => a.waitedMs - b.waitedMs)[0]!;
};

describe("a function is billed", () => {
  test("what it computes, calls, and waits for", async () => {
    const { ms, callsMs, waitedMs } = await billed("await call(table);");
    expect(callsMs).toBe(5);
    expect(ms).toBe(Math.ceil(1 + callsMs + waitedMs));
  });

  test("a Query and two waves for 99 posts, 64 at a time", async () => {
    expect(await billed("await call(table); await all(99, posts);")).toMatchObject({ callsMs: 5 + 2 * 10 });
  });

  test("what follows each other one by one", async () => {
    expect(await billed("await call(table); await call(table); await call(posts);")).toMatchObject({
      callsMs: 5 + 5 + 10,
    });
  });

  test("calls of fetch as well, those at a time as one", async () => {
    const three =
      "await Promise.all([1, 2, 3].map(() => fetch(posts + '/together', { method: 'POST' }).then((each) => each.text())));";
    expect(await billed(three)).toMatchObject({ callsMs: 10, declaredMs: 30 });
  });

  test("calls of fetch as well, one after the other as their sum", async () => {
    const three = "for (const url of [posts, table, posts]) await (await fetch(url, { method: 'POST' })).text();";
    expect(await billed(three)).toMatchObject({ callsMs: 25, declaredMs: 25 });
  });

  test("the real time that it waits on purpose", async () => {
    const { callsMs, waitedMs } = await billed("await call(table); await sleep(250); await call(posts);");
    expect(callsMs).toBe(15);
    expect(waitedMs).toBeGreaterThanOrEqual(248);
  });

  test("the real time of a server that is not served here", async () => {
    const { callsMs, waitedMs } = await billed("await call(other); await sleep(50);");
    expect(callsMs).toBe(0);
    expect(waitedMs).toBeGreaterThanOrEqual(SLOW_MS + 45);
  });

  test.each([
    ["await call(posts + '/slow');"],
    ["await (await fetch(posts + '/slow', { method: 'POST' })).text();"],
    ["const slow = call(posts + '/slow'); await sleep(200); await call(table); await slow;"],
  ])("the declared time of a call, however long it really takes (%s)", async (slow) => {
    const { callsMs, waitedMs, ms } = await leastWaited(slow);
    expect(callsMs).toBe(10);
    expect(waitedMs).toBeLessThan(SLOW_MS / 3);
    expect(ms).toBeLessThan(SLOW_MS);
  });

  test("what the function that it invokes is billed besides", async () => {
    expect(await billed("await call(lambda);")).toMatchObject({ callsMs: 10 + 120 });
  });

  test("its timeout, if it timed out", async () => {
    expect(await billed("await sleep(60_000);", { timeoutSeconds: 1 })).toMatchObject({ ms: 1000 });
  });

  const python = spawnSync("python3", ["--version"]).error ? test.skip : test;
  python("all its time without a call, in a language that does not measure", async () => {
    const credentials = new Credentials();
    const meter = new Meter({ callerOf: (key) => credentials.identify(key) });
    const bench = startBench(
      "",
      { runtime: "python3.13", handler: "index.handler" },
      { credentials, meter, endpoints: () => urls },
    );
    bench.write("index.py", "import time\ndef handler(event, context):\n    time.sleep(0.2)\n");
    let ms = 0;
    await bench.runtime.invoke("F", 1, { billed: (each) => (ms = each) });
    expect(ms).toBeGreaterThanOrEqual(200);
  });
});

test("each environment has its own access key, and all identify the function", async () => {
  const credentials = new Credentials();
  const bench = startBench(
    "export const handler = async () => new Promise((done) => setTimeout(() => done(process.env.AWS_ACCESS_KEY_ID), 300));",
    {},
    { credentials },
  );
  const keys = await Promise.all([1, 2].map(() => bench.runtime.invoke("F", 1)));
  const [first, second] = keys.map((each) => (each as { payload: string }).payload);
  expect(first).not.toBe(second);
  expect([first!, second!].map((key) => credentials.identify(key))).toEqual(["F", "F"]);
});

describe("the concurrency of an account", () => {
  const SLOW = "export const handler = () => new Promise((done) => setTimeout(done, 300));";

  test("throttles invocations beyond it, and reports the reason", async () => {
    const { runtime } = startBench(SLOW, {}, { concurrency: 2 });
    const results = await Promise.all([1, 2, 3].map((event) => runtime.invoke("F", event)));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(results[2]).toMatchObject({ kind: "throttled", reason: "ConcurrentInvocationLimitExceeded" });
    expect(await runtime.invoke("F", 4)).toMatchObject({ ok: true });
  });

  test("excludes reserved concurrency, which it does not throttle", async () => {
    const { runtime, model } = startBench(SLOW, {}, { concurrency: 2 });
    runtime.update([model, { ...model, logicalId: "Reserved", reservedConcurrency: 2 }]);
    expect(await runtime.invoke("F", 1)).toMatchObject({ ok: false, kind: "throttled" });
    expect(await runtime.invoke("Reserved", 1)).toMatchObject({ ok: true });
  });
});
