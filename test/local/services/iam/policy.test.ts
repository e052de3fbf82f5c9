import type { Condition, Selection, Statement } from "../../../../local/assembly/model/policies.js";
import type { Call } from "../../../../local/core/authorization/call.js";
import { evaluate } from "../../../../local/services/iam/policy.js";

const TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Talk";
const CALL: Call = { action: "dynamodb:GetItem", resource: TABLE };
const CONTEXT = {
  "aws:principalaccount": "123456789012",
  "aws:requestedregion": "eu-west-1",
  "aws:securetransport": "true",
};

const these = (...patterns: string[]): Selection => ({ not: false, patterns, unknown: [] });
const allBut = (...patterns: string[]): Selection => ({ not: true, patterns, unknown: [] });
const unknown: Selection = { not: false, patterns: [], unknown: ["Fn::ImportValue is not known here"] };

const statement = (effect: "Allow" | "Deny", more: Partial<Statement> = {}): Statement => ({
  effect,
  actions: these("dynamodb:GetItem"),
  resources: these(TABLE),
  conditions: [],
  ...more,
});
const allow = (more?: Partial<Statement>): Statement => statement("Allow", more);
const deny = (more?: Partial<Statement>): Statement => statement("Deny", more);

const verdict = (...statements: Statement[]): string => {
  const result = evaluate({ statements }, CALL, CONTEXT);
  return result.allowed ? "allowed" : result.because;
};

describe("a role's policies", () => {
  it.each<[string, string, Statement[]]>([
    ["nothing", "no-allow", []],
    ["the very action and resource", "allowed", [allow()]],
    ["another action", "no-allow", [allow({ actions: these("dynamodb:PutItem") })]],
    ["another resource", "no-allow", [allow({ resources: these(`${TABLE}s`) })]],
    ["an allow and a deny", "explicit-deny", [allow(), deny()]],
    ["a deny and an allow", "explicit-deny", [deny(), allow()]],
    ["a deny of something else", "allowed", [allow(), deny({ actions: these("dynamodb:PutItem") })]],
    ["an action in another case", "allowed", [allow({ actions: these("DynamoDB:getitem") })]],
    ["a resource in another case", "no-allow", [allow({ resources: these(TABLE.toUpperCase()) })]],
    [
      "wildcards",
      "allowed",
      [allow({ actions: these("dynamodb:Get*"), resources: these("arn:aws:dynamodb:*:*:table/T??k") })],
    ],
    ["a question mark for nothing", "no-allow", [allow({ resources: these(`${TABLE}?`) })]],
    ["a dot that is no wildcard", "no-allow", [allow({ actions: these("dynamodb.GetItem") })]],
    ["a star within a segment", "no-allow", [allow({ resources: these("arn:aws:dyn*b-1:123456789012:table/Talk") })]],
    ["a star at a segment's end", "allowed", [allow({ resources: these("arn:aws:dynamodb:*") })]],
    [
      "the account as a variable",
      "allowed",
      [allow({ resources: these(TABLE.replace("123456789012", "${aws:PrincipalAccount}")) })],
    ],
    ["an unknown variable", "no-allow", [allow({ resources: these("arn:aws:dynamodb:*:*:table/${aws:username}") })]],
    ["an unknown variable in a deny", "explicit-deny", [allow(), deny({ resources: these("${aws:username}") })]],
    ["a star that is none", "no-allow", [allow({ resources: these("arn:aws:dynamodb:*:*:table/${*}") })]],
    ["all actions but another", "allowed", [allow({ actions: allBut("dynamodb:PutItem") })]],
    ["all actions but this", "no-allow", [allow({ actions: allBut("dynamodb:Get*") })]],
    ["all resources but another", "allowed", [allow({ resources: allBut("arn:aws:s3:::*") })]],
    ["all resources but this", "no-allow", [allow({ resources: allBut("*") })]],
    ["a resource that is unknown", "no-allow", [allow({ resources: unknown })]],
    [
      "a resource that is unknown beside the right one",
      "allowed",
      [allow({ resources: { ...unknown, patterns: [TABLE] } })],
    ],
    ["all but what is unknown", "no-allow", [allow({ resources: { ...unknown, not: true } })]],
    ["a deny of what is unknown", "explicit-deny", [allow(), deny({ resources: unknown })]],
    ["a deny of unknown actions", "explicit-deny", [allow(), deny({ actions: unknown })]],
  ])("%s: %s", (_, expected, statements) => {
    expect(verdict(...statements)).toBe(expected);
  });

  const condition = (operator: string, key: string, ...values: string[]): Condition[] => [{ operator, key, values }];

  it.each<[string, string, Condition[]]>([
    ["holds", "allowed", condition("StringEquals", "aws:RequestedRegion", "us-east-1", "eu-west-1")],
    ["does not hold", "no-allow", condition("StringEquals", "aws:RequestedRegion", "us-east-1")],
    ["is like it", "allowed", condition("StringLike", "aws:requestedregion", "eu-*")],
    ["is none of them", "allowed", condition("StringNotEquals", "aws:RequestedRegion", "a", "b")],
    ["is one of them after all", "no-allow", condition("StringNotLike", "aws:RequestedRegion", "a", "eu-*")],
    ["is true", "allowed", condition("Bool", "aws:SecureTransport", "true")],
    ["is there", "allowed", condition("Null", "aws:SecureTransport", "false")],
    ["is not there", "no-allow", condition("Null", "aws:SecureTransport", "true")],
    ["if it exists", "allowed", condition("StringEqualsIfExists", "aws:RequestedRegion", "eu-west-1")],
    ["has an unknown key", "no-allow", condition("StringEqualsIfExists", "dynamodb:Select", "COUNT")],
    ["has an unknown operator", "no-allow", condition("DateLessThan", "aws:RequestedRegion", "eu-west-1")],
    [
      "has values that cannot be told",
      "no-allow",
      [{ operator: "StringEquals", key: "aws:RequestedRegion", values: undefined }],
    ],
  ])("a condition that %s: %s", (_, expected, conditions) => {
    expect(verdict(allow({ conditions }))).toBe(expected);
  });

  it("deny what an unknown condition could deny, and say which", () => {
    const conditions = condition("ForAllValues:StringEquals", "dynamodb:LeadingKeys", "a");
    expect(evaluate({ statements: [allow(), deny({ conditions })] }, CALL, CONTEXT)).toEqual({
      allowed: false,
      because: "explicit-deny",
      doubts: ["the condition ForAllValues:StringEquals dynamodb:LeadingKeys a cannot be evaluated locally"],
    });
  });

  it("are bounded", () => {
    const bounded = (boundary: Statement[]) => evaluate({ statements: [allow()], boundary }, CALL, CONTEXT);
    expect(bounded([allow({ actions: these("*") })])).toMatchObject({ allowed: true });
    expect(bounded([])).toMatchObject({ allowed: false, because: "boundary" });
    expect(bounded([deny()])).toMatchObject({ allowed: false, because: "explicit-deny" });
  });
});
