import { Duration } from "aws-cdk-lib";
import type { CheckResult } from "../../../../local/commands/check/runner.js";
import { EXIT, runChecks } from "../../../../local/commands/check/runner.js";
import { CHECKS } from "../../../../local/commands/check/registry.js";
import { DEFAULT_PREFIXES } from "../../../../local/commands/check/limits.js";
import { DEFAULT_SETTINGS, type CheckSettings } from "../../../../local/commands/check/settings.js";
import { TestSystem } from "../../../e2e/support/system.js";
import { FAULTS, SLOW_ANSWER_MS } from "./faults.js";
import { GatewayProxy } from "./gateway-proxy.js";

/** Checks that the same faults could break. */
const FAMILIES = [
  ["handshake", "denial", "ping", "answers"],
  ["delivery", "once", "order-in-frame", "order-across-frames", "echo", "unsubscription"],
  ["sizes", "wildcards", "ping"],
  ["latest", "history", "recovery", "exactly-once"],
  ["presence", "cleanup", "unsubscription"],
];

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({
    props: {
      channels: {
        "push-it-check/kept/*": { history: { size: 100, ttl: Duration.minutes(1) }, presence: true, latest: true },
      },
      wildcards: ["push-it-check/*"],
    },
  });
});
afterAll(() => system.close());

const settings = (url: string, more: Partial<CheckSettings> = {}): CheckSettings => ({
  ...DEFAULT_SETTINGS,
  url,
  credentials: undefined,
  prefixes: DEFAULT_PREFIXES,
  ...more,
});

/** A check waits for a broken part. These times keep the tests quick, but suffice for a busy machine. */
const HASTY = { retryBudgetMs: 5_000, slowMs: SLOW_ANSWER_MS - 100, atOnce: 6 };

const run = (names: readonly string[], about: CheckSettings, told: (result: CheckResult) => void = () => undefined) =>
  runChecks(
    CHECKS.filter(({ name }) => names.includes(name)),
    about,
    told,
  );

const namesWith = (results: CheckResult[], outcome: string): string[] =>
  results.flatMap((each) => (each.outcome === outcome ? [each.name] : []));

test("a whole gateway passes every check, in order, and nothing stays", async () => {
  const proxy = await GatewayProxy.before(system.running.websocketUrl);
  const order: string[] = [];
  const all = CHECKS.map(({ name }) => name);
  const { outcome, results } = await run(all, settings(proxy.url), ({ name }) => order.push(name));
  await proxy.close();
  expect(results.filter((each) => each.outcome !== "passed")).toEqual([]);
  expect({ outcome, order }).toEqual({ outcome: "passed", order: all });
});

// Together: they mostly wait.
describe("a gateway that", () => {
  test.concurrent.each(Object.entries(FAULTS))("%s", async (_what, broken) => {
    const { names, also = [], fault } = broken();
    const proxy = await GatewayProxy.before(system.running.websocketUrl, fault);
    const family = FAMILIES.find((each) => each.includes(names))!;
    const { outcome, results } = await run(family, settings(proxy.url, HASTY));
    await proxy.close();
    const failed = namesWith(results, "failed");
    expect({ failed, results }).toMatchObject({ failed: expect.arrayContaining([names]) });
    expect(failed.filter((name) => name !== names && !also.includes(name))).toEqual([]);
    expect(namesWith(results, "not tried")).toEqual([]);
    expect(EXIT[outcome]).toBe(1);
  });
});
