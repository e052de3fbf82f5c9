import { spawnSync } from "node:child_process";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { Credentials } from "../../../local/lambda/credentials.js";
import { Meter } from "../../../local/meter/meter.js";
import { startBench, stopBenches } from "../lambda/support.js";

/** Two services that answer at once, and somebody else. */
const servers: Server[] = [];
const serve = async (): Promise<string> => {
  const server = createServer((request, response) => request.resume().on("end", () => response.end("{}")));
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Answers as an Invoke does whose function is billed 120 ms. */
const invoked = async (): Promise<string> => {
  const url = await serve();
  servers.at(-1)!.prependListener("request", (_, response: ServerResponse) => response.setHeader("x-local-billed-ms", "120"));
  return url;
};

const urls = { AWS_ENDPOINT_URL_LAMBDA: "", AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: "", AWS_ENDPOINT_URL_DYNAMODB: "", OTHER: "" };

beforeAll(async () => {
  for (const name of Object.keys(urls) as (keyof typeof urls)[]) urls[name] = await serve();
  urls.AWS_ENDPOINT_URL_LAMBDA = await invoked();
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

/** Runs a handler twice, and gives what its second run is billed, in milliseconds. */
const billed = async (handler: string, model = {}): Promise<number> => {
  const credentials = new Credentials();
  const meter = new Meter({ callerOf: (key) => credentials.identify(key) });
  const bench = startBench(`${LIBRARY}\nexport const handler = async (event) => { ${handler} };`, model, {
    credentials,
    meter,
    endpoints: () => urls,
  });
  await bench.runtime.invoke("F", 1);
  let ms = NaN;
  await bench.runtime.invoke("F", 2, { billed: (each) => (ms = each) });
  expect(meter.snapshot()).toMatchObject({ invocations: 2 });
  return ms;
};

describe("a function is billed", () => {
  test("a Query and two waves for 99 posts, 64 at a time", async () => {
    const ms = await billed("await call(table); await all(99, posts);");
    expect(ms).toBeGreaterThanOrEqual(26);
    expect(ms).toBeLessThan(35);
  });

  test("what follows each other one by one", async () => {
    const ms = await billed("await call(table); await call(table); await call(posts);");
    expect(ms).toBeGreaterThanOrEqual(21);
    expect(ms).toBeLessThan(30);
  });

  test("calls of fetch as well", async () => {
    const ms = await billed("await Promise.all([1, 2, 3].map(() => fetch(posts, { method: 'POST' }).then((each) => each.text())));");
    expect(ms).toBeGreaterThanOrEqual(11);
    expect(ms).toBeLessThan(20);
  });

  test("the real time that it waits on purpose", async () => {
    const ms = await billed("await call(table); await sleep(250); await call(posts);");
    expect(ms).toBeGreaterThanOrEqual(264);
    expect(ms).toBeLessThan(330);
  });

  test("the real time that somebody else takes who is not served here", async () => {
    const ms = await billed("await call(other); await sleep(50);");
    expect(ms).toBeGreaterThanOrEqual(50);
    expect(ms).toBeLessThan(120);
  });

  test("not for waiting while a call is under way: that is declared", async () => {
    const ms = await billed("const all = call(posts); await all;");
    expect(ms).toBeLessThan(20);
  });

  test("what the function that it invokes is billed besides", async () => {
    const ms = await billed("await call(lambda);");
    expect(ms).toBeGreaterThanOrEqual(131);
    expect(ms).toBeLessThan(140);
  });

  test("its timeout, where that is over", async () => {
    expect(await billed("await sleep(60_000);", { timeoutSeconds: 1 })).toBe(1000);
  });

  const python = spawnSync("python3", ["--version"]).error ? test.skip : test;
  python("all its time without a call, in a language that does not measure", async () => {
    const credentials = new Credentials();
    const meter = new Meter({ callerOf: (key) => credentials.identify(key) });
    const bench = startBench("", { runtime: "python3.13", handler: "index.handler" }, { credentials, meter, endpoints: () => urls });
    bench.write("index.py", "import time\ndef handler(event, context):\n    time.sleep(0.2)\n");
    let ms = 0;
    await bench.runtime.invoke("F", 1, { billed: (each) => (ms = each) });
    expect(ms).toBeGreaterThanOrEqual(200);
  });
});

test("each environment has an access key of its own, and all are the function's", async () => {
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

  test("throttles what is beyond it, and says why", async () => {
    const { runtime } = startBench(SLOW, {}, { concurrency: 2 });
    const results = await Promise.all([1, 2, 3].map((event) => runtime.invoke("F", event)));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(results[2]).toMatchObject({ kind: "throttled", reason: "ConcurrentInvocationLimitExceeded" });
    expect(await runtime.invoke("F", 4)).toMatchObject({ ok: true });
  });

  test("is less by what is reserved, which is not throttled by it", async () => {
    const { runtime, model } = startBench(SLOW, {}, { concurrency: 2 });
    runtime.update([model, { ...model, logicalId: "Reserved", reservedConcurrency: 2 }]);
    expect(await runtime.invoke("F", 1)).toMatchObject({ ok: false, kind: "throttled" });
    expect(await runtime.invoke("Reserved", 1)).toMatchObject({ ok: true });
  });
});
