import { once } from "node:events";
import type { Fault, Item } from "../check/gateway-proxy.js";
import { GatewayProxy } from "../check/gateway-proxy.js";
import { parseLoadArguments } from "../../../../local/commands/load/arguments.js";
import { statusOf } from "../../../../local/commands/load/command.js";
import { MOST } from "../../../../local/commands/load/limits.js";
import { Pace } from "../../../../local/commands/load/pace.js";
import type { RunResult } from "../../../../local/commands/load/run.js";
import { Tally } from "../../../../local/commands/load/tally.js";
import { UserError } from "../../../../local/core/user-error.js";
import { TestSystem } from "../../../e2e/support/system.js";
import { launch, run } from "../../cli/support.js";

const TOKEN = "hunter2-hunter2-hunter2";

/** Clients with the token, or without any, may connect. */
const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      if (agent.credentials === undefined || agent.credentials.token === ${JSON.stringify(TOKEN)}) agent.connected();
      else agent.connectionDenied("The token " + agent.credentials.token + " is not good.");
    },
  };
`;

describe("push-it-cli load, against the local run", () => {
  let system: TestSystem;
  beforeAll(async () => {
    // So few that the server soon throttles a load: 10 at once, and then 5 a second.
    system = await TestSystem.start({ guards: GUARDS, props: { limits: { publicationsPerSecond: 5 } } });
  });
  afterAll(() => system.close());

  const load = async (url: string, ...args: string[]) => {
    const { code, stdout, stderr } = await run(["load", "--url", url, "--json", ...args]);
    if (stdout === "") throw new Error(stderr);
    return { code, stderr, result: JSON.parse(stdout) as RunResult };
  };

  test("every message reaches every client once, and no connection is left", async () => {
    const { code, stderr, result } = await load(
      system.running.websocketUrl,
      "--clients",
      "5",
      "--rate",
      "4",
      "--seconds",
      "2",
    );
    expect(result).toMatchObject({
      clients: 5,
      published: 8,
      acknowledged: 8,
      delivered: 40,
      lost: 0,
      duplicates: 0,
      failed: {},
      backedOff: 0,
    });
    const { delivery, answer } = result.latencies;
    expect(delivery!.count).toBe(40);
    for (const { p50, p95, p99 } of [delivery!, answer!])
      expect([p50, p95, p99]).toEqual([p50, p95, p99].sort((a, b) => a - b));
    expect(stderr).toMatch(/connecting: 1 of 5[^]*publishing: 1 of 8/);
    expect(code).toBe(0);
    // Five subscribers and a publisher: each disconnection runs its function.
    await system.invoked((all) => all.filter(({ event }) => isDisconnect(event)).length >= 6, "the disconnections");
  });

  test("a load slows down when the server throttles it", async () => {
    const { code, result } = await load(
      system.running.websocketUrl,
      "--clients",
      "2",
      "--rate",
      "20",
      "--seconds",
      "4",
    );
    expect(result.failed["rate_limited"]).toBeGreaterThan(0);
    expect(result.backedOff).toBeGreaterThan(0);
    expect(result.published).toBeLessThan(80);
    expect({ code, lost: result.lost }).toEqual({ code: 0, lost: 0 });
  });

  test.each<[string, Fault, Partial<RunResult>]>([
    ["loses messages", { down: (items) => [items.filter((item) => !isThird(item))] }, { lost: 2, duplicates: 0 }],
    ["sends them twice", { down: (items) => [items, items.filter(isThird)] }, { lost: 0, duplicates: 2 }],
  ])(
    "a gateway that %s is found",
    async (_what, fault, wanted) => {
      const proxy = await GatewayProxy.before(system.running.websocketUrl, fault);
      const { code, result } = await load(proxy.url, "--clients", "2", "--rate", "4", "--seconds", "2");
      await proxy.close();
      expect(result).toMatchObject({ acknowledged: 8, ...wanted });
      expect(code).toBe(1);
    },
    60_000,
  );

  test("Ctrl-C ends it, closes all connections, and says what came of it", async () => {
    const { child, output } = launch([
      "load",
      "--url",
      system.running.websocketUrl,
      "--clients",
      "3",
      "--rate",
      "2",
      "--seconds",
      "600",
    ]);
    while (!output.stderr.includes("publishing: 1 of")) await once(child.stderr!, "data");
    const before = system.invocations.filter(({ event }) => isDisconnect(event)).length;
    const ended = once(child, "close");
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    expect(output.stdout).toMatch(/3 clients, \d+ publications[^]*ended by Ctrl-C/);
    // Three subscribers and a publisher: each disconnection runs its function.
    await system.invoked(
      (all) => all.filter(({ event }) => isDisconnect(event)).length >= before + 4,
      "the disconnections",
    );
  });

  test("denied credentials end it before it begins, and are not printed", async () => {
    const { code, stdout, stderr } = await run([
      "load",
      "--url",
      system.running.websocketUrl,
      "--credentials",
      JSON.stringify({ token: "another-secret" }),
    ]);
    expect(stderr).toMatch(
      /could not begin: the server denies the connection \(denied\): The token \[credentials\] is not good\./,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

/** Whether something is the third message of a load. */
const isThird = ({ channel, data }: Item): boolean =>
  String(channel).endsWith("/load") && (data as { n?: number } | undefined)?.n === 2;

const isDisconnect = (event: unknown): boolean =>
  (event as { requestContext?: { eventType?: string } }).requestContext?.eventType === "DISCONNECT";

describe("requested loads", () => {
  const url = "wss://abc123.execute-api.us-east-1.amazonaws.com/live";

  test("a server on another machine needs --i-own-this", () => {
    expect(() => parseLoadArguments(["--url", url])).toThrow("is not on this machine");
    expect(parseLoadArguments(["--url", url, "--i-own-this"])).toMatchObject({
      plan: { clients: 10, rate: 10, seconds: 30 },
    });
    for (const host of ["127.0.0.1", "localhost", "[::1]"])
      expect(parseLoadArguments(["--url", `ws://${host}:8787/live`])).toBeDefined();
    expect(() => parseLoadArguments(["--url", "ws://127.0.0.1.example.com/live"])).toThrow(UserError);
  });

  test.each([
    [["--clients", String(MOST.clients + 1)], /--clients 2001/],
    [["--clients", "1.5"], /--clients 1.5/],
    [["--rate", String(MOST.rate + 1)], /--rate 501/],
    [["--rate", "0"], /--rate 0/],
    [["--seconds", String(MOST.seconds + 1)], /--seconds 601/],
    [["--clients", "1000", "--rate", "100"], /100000 deliveries a second/],
    [["--channel", "a//b"], /--channel a\/\/b/],
    [["--burst", "1"], /Unknown option/],
  ])("%j is refused", (args, said) => {
    expect(() => parseLoadArguments(["--url", "ws://127.0.0.1:1/live", ...args])).toThrow(said);
  });

  test("help names the bounds", async () => {
    const { code, stdout } = await run(["load", "--help"]);
    for (const said of [`at most ${MOST.clients}`, "--i-own-this", "Exit status"]) expect(stdout).toContain(said);
    expect(code).toBe(0);
  });
});

describe("the pace", () => {
  test("is halved once per burst of refusals, and never exceeds the request", () => {
    const pace = new Pace(100);
    expect(pace.rateAt(5_000)).toBe(100);
    for (const at of [5_000, 5_010, 5_900]) pace.refused(at);
    expect(pace.rateAt(5_900)).toBeCloseTo(59);
    expect(pace.refusals).toBe(1);
    expect(pace.rateAt(60_000)).toBe(100);
  });

  test("is over when the server goes on refusing, whatever is asked", () => {
    const [pace, calm] = [new Pace(100), new Pace(100)];
    for (let at = 1_000; at <= 5_000; at += 1_000) pace.refused(at);
    expect(pace.isOver).toBe(false);
    for (let at = 6_000; at <= 10_000; at += 1_000) pace.refused(at);
    expect(pace.isOver).toBe(true);
    // A refusal now and then is what a load is to find its pace by.
    for (let at = 0; at <= 100_000; at += 5_000) calm.refused(at);
    expect(calm.isOver).toBe(false);
  });
});

test("the tally counts acknowledged messages, whichever frame came first", () => {
  const tally = new Tally(2);
  tally.sent("a", 0);
  tally.received("a", 0, 5);
  tally.acknowledged("a", 10);
  expect(tally.missing).toBe(1);
  tally.received("a", 1, 20);
  tally.received("a", 1, 21);
  tally.sent("b", 0);
  tally.received("b", 0, 5);
  tally.failed("internal");
  tally.received("of another run", 0, 5);
  expect(tally.missing).toBe(0);
  expect(tally.result()).toMatchObject({
    published: 2,
    acknowledged: 1,
    delivered: 2,
    lost: 0,
    duplicates: 1,
    failed: { internal: 1 },
  });
});

test("a load that failed for other reasons than throttling has not passed", () => {
  const good = { lost: 0, duplicates: 0, failed: {} };
  expect(statusOf(good)).toBe(0);
  expect(statusOf({ ...good, failed: { rate_limited: 3 } })).toBe(0);
  expect(statusOf({ ...good, failed: { internal: 1 } })).toBe(1);
  expect(statusOf({ ...good, lost: 1 })).toBe(1);
  expect(statusOf({ ...good, endedEarly: "refused" })).toBe(1);
  expect(statusOf({ ...good, endedEarly: "interrupted" })).toBe(130);
});
