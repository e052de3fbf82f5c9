import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AMBIGUOUS,
  CLIENT_CODES,
  type ClientCode,
  type Code,
  CODES,
  DENIES_CONNECTION,
  ENDS_AGENT,
  hasTrait,
  RETRYABLE,
} from "../../protocol/index.js";

const page = readFileSync(join(__dirname, "../../docs/PROTOCOL.md"), "utf8");
const section = page.slice(page.indexOf("\n## Codes"), page.indexOf("\n## Channel names"));
const [server = "", client = ""] = section.split("The SDK adds codes");

/** The last column of a table, by the code in its first. */
const retryColumn = (table: string): Record<string, string> =>
  Object.fromEntries(
    [...table.matchAll(/^\| `(\w+)` \|.*\| ([^|]+) \|$/gm)].map(([, code = "", retry = ""]): [string, string] => [
      code,
      retry,
    ]),
  );

const having = (trait: number, codes: object): string[] =>
  Object.keys(codes)
    .filter((code) => hasTrait(code, trait))
    .sort();

const ALL = { ...CODES, ...CLIENT_CODES };

describe.each([
  ["the server", CODES, retryColumn(server)],
  ["the SDK", CLIENT_CODES, retryColumn(client)],
])("docs/PROTOCOL.md and the codes of %s", (_whose, codes, column) => {
  it("name the same codes", () => {
    expect(Object.keys(column).sort()).toEqual(Object.keys(codes).sort());
  });

  it("agree on which requests may be retried", () => {
    for (const retry of Object.values(column)) expect(retry).toMatch(/^(yes|no)\b/);
    expect(having(RETRYABLE, codes)).toEqual(
      Object.keys(column)
        .filter((code) => column[code]!.startsWith("yes"))
        .sort(),
    );
  });
});

test("no code is both the server's and the SDK's", () => {
  expect(Object.keys(CODES).filter((code) => code in CLIENT_CODES)).toEqual([]);
});

test("ambiguous codes are the retryable codes that guards do not cause", () => {
  expect(having(AMBIGUOUS, ALL)).toEqual([
    "channel_busy",
    "closed",
    "expired",
    "internal",
    "rate_limited",
    "throttled",
    "timeout",
    "unavailable",
    "unknown_agent",
  ] satisfies (Code | ClientCode)[]);
  for (const code of having(AMBIGUOUS, ALL)) expect(hasTrait(code, RETRYABLE)).toBe(true);
});

test("codes that end an agent do not deny a connection", () => {
  expect(having(ENDS_AGENT, ALL)).toEqual(["expired", "unknown_agent"]);
  expect(having(DENIES_CONNECTION, ALL)).toEqual([
    "bad_frame",
    "bad_origin",
    "credentials_too_large",
    "denied",
    "guard_failed",
    "guard_timeout",
    "too_large",
    "too_many",
    "too_many_agents",
    "too_many_subscriptions",
  ]);
  for (const code of having(ENDS_AGENT, ALL)) expect(hasTrait(code, DENIES_CONNECTION)).toBe(false);
});

test("a code that is not in the table has no traits", () => {
  for (const code of ["from_a_newer_server", "constructor", undefined]) expect(hasTrait(code, ~0)).toBe(false);
});
