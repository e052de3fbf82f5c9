import { Lazy } from "aws-cdk-lib";
import type { Limits } from "../../../infra/index.js";
import { LIMIT_RANGES } from "../../../infra/props/client-limits.js";
import { DEFAULT_LIMITS, type Limits as SettledLimits } from "../../../protocol/index.js";
import type { Settings } from "../../../lambdas/settings.js";
import { makePushIt, resourcesOf, synthesize } from "../synth.js";

/** The settings of every function. */
const settingsOf = (props: Parameters<typeof synthesize>[0]): Settings => {
  const told = Object.values(resourcesOf(synthesize(props), "AWS::Lambda::Function")).map(({ Properties }) => {
    const { Variables } = Properties.Environment as { Variables: Record<string, string> };
    return Variables.PUSH_IT_SETTINGS!;
  });
  expect(new Set(told).size).toBe(1);
  return JSON.parse(told[0]!) as Settings;
};

const limitsOf = (limits: Limits): SettledLimits => settingsOf({ limits }).limits;
const ranges = Object.entries(LIMIT_RANGES);

describe("limits", () => {
  test("reach every function, with defaults for the others", () => {
    expect(limitsOf({})).toEqual(DEFAULT_LIMITS);
    expect(limitsOf({ subscriptionsPerAgent: 5, channelPunctuation: "-" })).toEqual({
      ...DEFAULT_LIMITS,
      subscriptionsPerAgent: 5,
      channelPunctuation: "-",
    });
  });

  test("have a range each, which contains the default", () => {
    expect([...ranges.map(([name]) => name), "channelPunctuation"].sort()).toEqual(Object.keys(DEFAULT_LIMITS).sort());
    for (const [name, { least, most }] of ranges) {
      const fallback = DEFAULT_LIMITS[name as keyof typeof LIMIT_RANGES];
      expect([name, fallback >= least, fallback <= most]).toEqual([name, true, true]);
    }
  });

  // All other limits can be raised.
  test("of frames, names and credentials can only be lowered", () => {
    const raisable = ranges.filter(([name, { most }]) => most > DEFAULT_LIMITS[name as keyof typeof LIMIT_RANGES]);
    expect(raisable.map(([name]) => name)).toEqual([
      "subscriptionsPerAgent",
      "agentsPerUser",
      "publicationsPerSecond",
      "subscriptionChangesPerSecond",
      "ratesPerUser",
    ]);
  });

  test.each(ranges)("%s accepts its range and refuses other values", (name, { least, most }) => {
    expect(limitsOf(Object.fromEntries(ranges.map(([each, range]) => [each, range.least])))).toMatchObject({
      [name]: least,
    });
    expect(limitsOf({ [name]: most })).toMatchObject({ [name]: most });
    for (const value of [least - 1, most + 1, least + 0.5, NaN, Infinity]) {
      expect(() => makePushIt({ limits: { [name]: value } })).toThrow(
        `Test/PushIt: limits.${name} is ${value}, but must be a whole number from ${least} to ${most}`,
      );
    }
    expect(() => makePushIt({ limits: { [name]: Lazy.number({ produce: () => least }) } })).toThrow(
      `limits.${name} must be known at synthesis`,
    );
  });

  test("of punctuation accept a subset of the protocol's characters", () => {
    expect(limitsOf({ channelPunctuation: "" }).channelPunctuation).toBe("");
    expect(limitsOf({ channelPunctuation: "-_-" }).channelPunctuation).toBe("-_");
    expect(() => makePushIt({ limits: { channelPunctuation: "-#" } })).toThrow(
      'limits.channelPunctuation has "#", but can have only some of _-.:@=+,~!',
    );
    expect(() => makePushIt({ limits: { channelPunctuation: "/" } })).toThrow("channelPunctuation");
  });

  test("apply to wildcard patterns", () => {
    const limits = { channelLength: 5, channelPunctuation: "" };
    expect(() => makePushIt({ limits, wildcards: ["story/*"] })).not.toThrow();
    for (const pattern of ["stories/*", "a-b/*"]) {
      expect(() => makePushIt({ limits, wildcards: [pattern] })).toThrow(`wildcards: "${pattern}" is not a pattern`);
    }
  });
});

describe("allowed origins", () => {
  const originsOf = (...allowedOrigins: string[]): string[] => settingsOf({ allowedOrigins }).allowedOrigins;

  test("reach every function as browsers send them, each once", () => {
    expect(settingsOf({}).allowedOrigins).toEqual([]);
    expect(
      originsOf(
        "https://example.com",
        "HTTPS://Example.COM:443",
        "http://localhost:3000",
        "https://bücher.example",
        "capacitor://LocalHost",
        "http://[::1]:80",
      ),
    ).toEqual([
      "https://example.com",
      "http://localhost:3000",
      "https://xn--bcher-kva.example",
      "capacitor://localhost",
      "http://[::1]",
    ]);
  });

  test("can be patterns, in the form that browsers send", () => {
    expect(
      originsOf(
        "https://*.Previews.Example.com",
        "HTTPS://*.previews.example.com:443",
        "https://*-Team.vercel.app",
        "https://*.bücher.example",
        "https://*.example.com:8443",
      ),
    ).toEqual([
      "https://*.previews.example.com",
      "https://*-team.vercel.app",
      "https://*.xn--bcher-kva.example",
      "https://*.example.com:8443",
    ]);
  });

  test.each([
    ["https://example.com/", "is not an origin"],
    ["https://example.com/app", "is not an origin"],
    ["https://example.com?x", "is not an origin"],
    ["https://example.com#x", "is not an origin"],
    ["https://user@example.com", "is not an origin"],
    ["example.com", "is not an origin"],
    ["https://", "is not an origin"],
    ["", "is not an origin"],
    ["https://exa mple.com", "is not an origin"],
    ["https://example.com:99999", "its host or port is malformed"],
    ["https://*.com", "everyone with a name below com"],
    ["https://*.co.uk", "everyone with a name below co.uk"],
    ["https://*.vercel.app", "everyone with a name below vercel.app"],
    ["https://*.internal", "everyone with a name below internal"],
    ["https://*-team.com", "everyone with a name below com"],
    ["http://*.example.com", "is not a pattern"],
    ["https://*", "is not a pattern"],
    ["https://*:8443", "is not a pattern"],
    ["https://*.*.example.com", "is not a pattern"],
    ["https://a*.example.com", "is not a pattern"],
    ["https://*_a.example.com", "is not a pattern"],
    ["https://a.*.example.com", "is not a pattern"],
    ["https://example.*", "is not a pattern"],
    ["https://*.example.com/", "is not a pattern"],
    ["https://*.user@example.com", "is not a pattern"],
    ["https://*.10.0.0.1", "addresses have no labels"],
    ["https://*.example.com:99999", "its host or port is malformed"],
    ["capacitor://*.example.com", "is not a pattern"],
    ["*", "leave allowedOrigins out"],
    ["null", "cannot be allowed: all pages without an origin of their own send it"],
  ])("refuse %j", (origin, why) => {
    expect(() => makePushIt({ allowedOrigins: ["https://example.com", origin] })).toThrow(
      `allowedOrigins: "${origin}" `,
    );
    expect(() => makePushIt({ allowedOrigins: [origin] })).toThrow(why);
  });

  test("refuse tokens, which cannot be compared", () => {
    expect(() => makePushIt({ allowedOrigins: [Lazy.string({ produce: () => "https://example.com" })] })).toThrow(
      "known at synthesis",
    );
  });
});
