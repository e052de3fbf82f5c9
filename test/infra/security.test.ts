import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import ts from "typescript";
import type { PushIt } from "../../infra/index.js";
import type { RouteName } from "../../infra/functions/registry.js";
import { routeOf } from "../../infra/functions/routes.js";
import type { RateLimit } from "../../lambdas/requests/rate-limiter.js";
import { ROWS_PER_FRAME } from "../../lambdas/presence/presence-query.js";
import {
  HISTORY_REQUESTS,
  PRESENCE_CHANGE,
  PRESENCE_REQUESTS,
  REFRESH_REQUESTS,
  STATE_CHANGES,
  PINGS_WITH_CHANNELS,
  subscriptionChanges,
} from "../../lambdas/requests/request-rates.js";
import { PRICES } from "../../local/meter/prices.js";
import { forChannel, failure } from "../../lambdas/requests/replies.js";
import { refusalsIn } from "../../lambdas/requests/refusals.js";
import {
  MAX_CHANNEL_LENGTH,
  MAX_CHANNELS_PER_FRAME,
  MAX_CHANNELS_PER_PING,
  DEFAULT_LIMITS,
  MAX_HISTORY_PAGE_SIZE,
  Meta,
} from "../../protocol/index.js";
import { programOf } from "./program.js";
import { makePushIt } from "./synth.js";

const root = join(__dirname, "../..");
const page = readFileSync(join(root, "docs/SECURITY.md"), "utf8");

describe("the threat model", () => {
  const named = [...new Set(page.match(/test\/[\w/.-]+\.test\.ts/g))];

  test("names a test for each defence, and every test exists", () => {
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const tables = page.slice(page.indexOf("## What they may try"), page.indexOf("## What is logged")).split("\n");
    const defences = tables.filter((line) => /^\| [A-Z]/.test(line));
    expect(defences.length).toBeGreaterThan(20);
    expect(defences.filter((line) => !line.includes(".test.ts`"))).toEqual([]);
  });

  test("has a row for every attacker and every limit", () => {
    for (const [, who] of page.matchAll(/^\| ([A-Z]) \| /gm))
      expect(page).toMatch(new RegExp(`^\\| ([A-Z], )*${who}(, [A-Z])* \\| .*test\\.ts`, "m"));
    for (const name of Object.keys(DEFAULT_LIMITS)) {
      if (name !== "channelPunctuation") expect(page).toContain(`\`${name}\``);
    }
  });
});

/** In USD per million, as on the page. */
const [MESSAGE, MINUTE, REQUEST, GB_SECOND, WRITE, READ, LOG] = [1, 0.25, 0.2, 13.3334, 0.625, 0.125, 0.125];
/** In USD per GB. */
const GB_OF_LOG = 0.5;
const rate = (...names: RouteName[]): number => names.reduce((sum, name) => sum + routeOf(name).requestsPerSecond, 0);
const dollars = (perSecond: number, perMillion: number): string =>
  `**$${((perSecond * 3600 * perMillion) / 1e6).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}**`;
const lambda = (seconds: number): number => REQUEST + seconds * 0.5 * GB_SECOND;
const lineOf = (what: string): string | undefined =>
  page.split("\n").find((each) => each.startsWith("|") && each.includes(what) && each.includes("**$"));

test("the page's prices are those of the price table", () => {
  const { apiGateway, lambda: functions, dynamodb } = PRICES;
  expect([MESSAGE, MINUTE, REQUEST, WRITE, READ]).toEqual([
    apiGateway.messages,
    apiGateway.connectionMinutes,
    functions.requests,
    dynamodb.writeUnits,
    dynamodb.readUnits,
  ]);
  expect(GB_SECOND).toBeCloseTo(functions.gbSecond * 1e6);
});

describe("the cost of an unknown client", () => {
  const refused = MESSAGE + lambda(0.05) + LOG;
  const explained = refused + 4 * WRITE + READ + lambda(0.02) + 16 * MINUTE;
  const frame = MESSAGE + lambda(0.01) + READ + LOG;
  const rows: [attack: string, perSecond: number, perMillion: number][] = [
    ["`Denials.REFUSE`", rate("connect"), refused],
    ["`Denials.EXPLAIN`", rate("connect"), explained],
    ["whole 10 seconds", rate("connect"), MESSAGE + lambda(10) + LOG],
    [
      "frames on denied sockets",
      rate(
        "subscribe",
        "unsubscribe",
        "publish",
        "refresh",
        "ping",
        "heartbeat",
        "presence",
        "state",
        "history",
        "default",
      ),
      frame + MESSAGE,
    ],
    ["the same on `send`", rate("send"), frame],
  ];

  test.each(rows)("%s", (attack, perSecond, perMillion) => {
    const line = lineOf(attack);
    expect(line).toContain(`| ${perSecond.toLocaleString("en")} |`);
    expect(line).toContain(perMillion.toFixed(2));
    expect(line).toContain(dollars(perSecond, perMillion));
  });
});

test("the longest log line of a refusal costs the page's price", () => {
  const channels = Array.from({ length: MAX_CHANNELS_PER_FRAME }, (_, at) =>
    String(at).padEnd(MAX_CHANNEL_LENGTH + "/*".length, "x"),
  );
  const refused = refusalsIn(
    channels.map((channel) => forChannel(channel, failure(Meta.subscribe, "u".repeat(64), "too_many_subscriptions"))),
  );
  expect(refused).toHaveLength(1);
  const message = {
    event: "refused",
    route: "unsubscribe",
    connection: "L0SM9cOFvHcCIhw=",
    agent: "u".repeat(22),
    ...refused[0],
  };
  const bytes = JSON.stringify({ timestamp: new Date(0), level: "INFO", requestId: randomUUID(), message }).length;
  const perMillion = (bytes / 1000) * GB_OF_LOG;
  expect(page).toContain(`${(bytes / 1000).toFixed(1)} KB, $${perMillion.toFixed(2)} a million`);
  expect(page).toContain(dollars(rate("subscribe"), perMillion));
});

describe("the reads and writes of a permitted agent", () => {
  /** Read units of 4 KB: of a message of 31 KB, and of one Query, which reads 1 MB at most. */
  const [LARGEST, QUERY] = [8, 256];
  /** Of members, which have 1 KB at most, and of their count. */
  const members = ROWS_PER_FRAME / 4 + 1;
  const [agent, heads] = [1, 1];
  /** Each channel is looked up like a new one, and its occupancy twice. */
  const [coming, held] = [2, 8];
  const read = (units: number, seconds: number): number => 2 * MESSAGE + lambda(seconds) + units * READ;
  /** Full frames of one agent, if each channel counts this often. */
  const frames = (each: number): RateLimit => {
    const { perSecond, burst } = subscriptionChanges(DEFAULT_LIMITS);
    return { perSecond: perSecond / MAX_CHANNELS_PER_FRAME / each, burst: burst / MAX_CHANNELS_PER_FRAME / each };
  };
  const rows: [what: string, route: RouteName, own: RateLimit, perMillion: number][] = [
    ["`positions`", "ping", PINGS_WITH_CHANNELS, read(agent + 3 * MAX_CHANNELS_PER_PING, 0.01)],
    ["the same as heartbeats", "heartbeat", PINGS_WITH_CHANNELS, read(agent + 3 * MAX_CHANNELS_PER_PING, 0.01)],
    ["`history` of", "history", HISTORY_REQUESTS, read(heads + MAX_HISTORY_PAGE_SIZE * LARGEST, 0.02)],
    ["`presence` on a channel", "presence", PRESENCE_REQUESTS, read(members, 0.02)],
    [
      "`subscribe` to 25 channels with history",
      "subscribe",
      frames(1),
      read(agent + held + MAX_CHANNELS_PER_FRAME * (heads + QUERY), 0.05) + MAX_CHANNELS_PER_FRAME * 2 * WRITE,
    ],
    [
      "to 25 channels with presence as well",
      "subscribe",
      frames(PRESENCE_CHANGE),
      read(agent + held + MAX_CHANNELS_PER_FRAME * (heads + QUERY + coming), 0.05) + MAX_CHANNELS_PER_FRAME * 4 * WRITE,
    ],
    ["`unsubscribe` from 25", "unsubscribe", frames(1), read(agent, 0.02) + MAX_CHANNELS_PER_FRAME * 2 * WRITE],
    // As table-units.test.ts measures it.
    [
      "`refresh` of an agent",
      "refresh",
      REFRESH_REQUESTS,
      read(10, 0.5) + (3 + 2 * DEFAULT_LIMITS.subscriptionsPerAgent) * WRITE,
    ],
  ];

  test.each(rows)("%s", (what, route, own, perMillion) => {
    const [one, all] = [own.perSecond, rate(route)];
    const per = perMillion.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    expect(lineOf(what)).toContain(
      `= ${per} | ${one} | ${dollars(one, perMillion)} | ${all} | ${dollars(all, perMillion)} |`,
    );
  });

  test.each([
    ["carry `positions` or `presentChannels`", PINGS_WITH_CHANNELS],
    ["`history` requests", HISTORY_REQUESTS],
    ["`presence` requests", PRESENCE_REQUESTS],
    ["`state` requests", STATE_CHANGES],
    ["`refresh` requests", REFRESH_REQUESTS],
  ])("the protocol states the limit of pings or requests: %s", (what, { perSecond, burst }) => {
    const protocol = readFileSync(join(root, "docs/PROTOCOL.md"), "utf8").split("\n");
    expect(
      protocol.find((line) => line.startsWith("|") && line.includes(what) && line.includes("in a second")),
    ).toContain(`| ${perSecond}, and ${burst} at once`);
  });
});

describe("the alarm", () => {
  const source = /```ts\n([^]*?)```/.exec(page)?.[1] ?? "";
  // In the package, so that its imports are found as in an app.
  const folder = join(root, ".push-it");
  const [file, script] = [join(folder, "security-alarm.ts"), join(folder, "security-alarm.cjs")];
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, source);
    writeFileSync(
      script,
      ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS } }).outputText,
    );
  });
  afterAll(() => [file, script].forEach((each) => rmSync(each)));

  test("compiles", () => {
    const program = programOf(file, { noEmit: true });
    const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });

  test("is a budget, and an alarm on the stage's connections and messages", async () => {
    const { addAlarms } = (await import(script)) as { addAlarms(pushIt: PushIt, email: string, dollars: number): void };
    const pushIt = makePushIt();
    addAlarms(pushIt, "ops@example.com", 10);
    const template = Template.fromStack(Stack.of(pushIt));
    template.hasResourceProperties("AWS::Budgets::Budget", {
      Budget: { BudgetType: "COST", TimeUnit: "MONTHLY", BudgetLimit: { Amount: 10, Unit: "USD" } },
    });
    for (const MetricName of ["ConnectCount", "MessageCount"]) {
      template.hasResourceProperties("AWS::CloudWatch::Alarm", { Namespace: "AWS/ApiGateway", MetricName });
    }
  });
});
