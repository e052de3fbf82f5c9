import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import fc from "fast-check";
import { isWildcard, type Json, matches, MAX_PUBLICATIONS_PER_GUARD_CALL } from "../../../protocol/index.js";
import { type GuardRequest, VERDICTS } from "../../../lambdas/guards/contract.js";
import { NOW } from "../support/fakes.js";
import { faultOf, GUARDS, publications, RECIPIENTS, requestTo } from "./response-fixture.js";

const schemaOf = (name: string): object =>
  JSON.parse(readFileSync(join(__dirname, "../../../docs/schemas", name), "utf8")) as object;

const ajv = new Ajv2020({ strict: false });
const isResponse = ajv.compile(schemaOf("guard-response.v1.json"));
const isRequest = ajv.compile(schemaOf("guard-request.v1.json"));

describe("the JSON Schema of responses agrees with the code", () => {
  const channel = fc.constantFrom(
    "stories/5",
    "a",
    "/a/b",
    "stories/*",
    "stories/5/*",
    "news/*",
    "",
    "a b",
    "/meta/x",
    "/meta",
    "a/*/b",
    "*",
    "a//b",
    "1/2/3/4/5/6/7/8",
    "1/2/3/4/5/6/7/8/9",
    "x".repeat(128),
    "x".repeat(129),
    `stories/${"x".repeat(120)}/*`,
  );
  const value = fc.constantFrom<Json>(
    null,
    true,
    0,
    1,
    NOW,
    NOW + 1,
    NOW + 0.5,
    1e300,
    "",
    "a1",
    "x".repeat(129),
    [],
    {},
    ["a1"],
  );
  const list = <T>(entries: fc.Arbitrary<T>) => fc.oneof(fc.array(entries, { maxLength: 4 }), value);
  const fields = fc.record(
    {
      version: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, value),
      verdict: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...Object.values(VERDICTS).flat()) }, value),
      channel: fc.oneof({ weight: 8, arbitrary: fc.constant("stories/5") }, channel),
      reason: fc.oneof(fc.string(), value),
      info: value,
      userId: fc.oneof(fc.string({ maxLength: 4 }), value),
      expiresAt: value,
      credentials: value,
      result: value,
      subscribe: fc.oneof(list(channel), fc.constant(Array.from({ length: 26 }, (_, at) => `c${at}`))),
      publish: fc.oneof(
        {
          weight: 8,
          arbitrary: list(fc.oneof(fc.record({ channel, data: value, ephemeral: value }, { requiredKeys: [] }), value)),
        },
        fc.constantFrom(0, 1).map((more) => publications(MAX_PUBLICATIONS_PER_GUARD_CALL + more)),
      ),
      deliveries: list(
        fc.oneof(
          fc.record(
            { agent: fc.oneof(fc.constantFrom(...RECIPIENTS), value), data: value, from: fc.constantFrom(false, 0) },
            { requiredKeys: [] },
          ),
          value,
        ),
      ),
    },
    { requiredKeys: [] },
  );

  /** The rules that a schema cannot express, for responses that fit the schema. */
  const fitsRequest = (
    response: Record<string, unknown>,
    { guard, channel: asked, wildcards, recipients = [] }: GuardRequest,
  ): boolean => {
    const {
      verdict,
      subscribe = [],
      deliveries = [],
      expiresAt = Infinity,
    } = response as {
      verdict: never;
      subscribe?: string[];
      deliveries?: { agent: string }[];
      expiresAt?: number;
    };
    const hasSubscriptions = ["connected", "subscribe", "publicationSuccess"].includes(verdict);
    const enabled = (name: string): boolean =>
      !isWildcard(name) || wildcards.some((one) => one === name || matches(one, name));
    const agents = verdict === "deliver" ? deliveries.map(({ agent }) => agent) : [];
    return (
      (VERDICTS[guard] as readonly string[]).includes(verdict) &&
      (asked === undefined || response["channel"] === asked) &&
      (!hasSubscriptions || subscribe.every(enabled)) &&
      (verdict !== "connected" || expiresAt > NOW) &&
      new Set(agents).size === agents.length &&
      agents.every((agent) => recipients.some(({ uuid }) => uuid === agent))
    );
  };

  test("for any response to any guard", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fields, fc.constantFrom(...GUARDS), (response, guard) => {
        const request = requestTo(guard);
        const valid = isResponse(response) && fitsRequest(response, request);
        if (valid) accepted += 1;
        expect([response, faultOf(response, guard)]).toEqual([response, valid ? undefined : expect.any(String)]);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("for any JSON: only an object is a response", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...GUARDS), (json, guard) => {
        expect(isResponse(JSON.parse(json))).toBe(false);
        expect(faultOf(json, guard)).toBeDefined();
      }),
    );
  });
});

test.each(GUARDS)("a request to %s fits the schema of requests", (guard) => {
  expect([isRequest(requestTo(guard)), isRequest.errors]).toEqual([true, null]);
  const { guard: _guard, ...without } = requestTo(guard);
  expect(isRequest(without)).toBe(false);
  expect(isRequest({ ...requestTo(guard), token: "ticket" })).toBe(guard === "onSubscriptionRequest");
});
