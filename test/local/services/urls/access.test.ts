import { permitsUrl } from "../../../../local/core/authorization/resource-policy.js";
import { IamPermissions } from "../../../../local/services/iam/permissions.js";
import type { Statement } from "../../../../local/assembly/model/policies.js";
import type { ResourcePermission } from "../../../../local/core/authorization/resource-permission.js";

const ROLE = "arn:aws:iam::123456789012:role/role";
const both = (principal: string, authType: string): ResourcePermission[] => [
  { functionId: "Fn", principal, action: "lambda:InvokeFunctionUrl", authType },
  { functionId: "Fn", principal, action: "lambda:InvokeFunction", conditional: "url" },
];
const ACTIONS = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"];

describe("a function's resource policy", () => {
  it.each<[string, ResourcePermission[], "AWS_IAM" | "NONE", string | undefined, boolean[]]>([
    ["permits everybody", both("*", "NONE"), "NONE", undefined, [true, true]],
    ["permits half", both("*", "NONE").slice(0, 1), "NONE", undefined, [true, false]],
    ["permits the other half", both("*", "NONE").slice(1), "NONE", undefined, [false, true]],
    ["permits nothing where there is none", [], "NONE", undefined, [false, false]],
    ["permits a role", both(ROLE, "AWS_IAM"), "AWS_IAM", ROLE, [true, true]],
    ["permits no other role", both(`${ROLE}2`, "AWS_IAM"), "AWS_IAM", ROLE, [false, false]],
    ["permits nobody unknown what a role may", both(ROLE, "NONE"), "NONE", undefined, [false, false]],
    ["means the auth type", both("*", "NONE"), "AWS_IAM", ROLE, [false, true]],
    [
      "means the function",
      both("*", "NONE").map((each) => ({ ...each, functionId: "Other" })),
      "NONE",
      undefined,
      [false, false],
    ],
    [
      "means its conditions",
      both("*", "NONE").map((each) => ({ ...each, sourceAccount: "1" })),
      "NONE",
      undefined,
      [false, false],
    ],
    [
      "means those that are not known",
      both("*", "NONE").map((each) => ({ ...each, conditional: "unknown" as const })),
      "NONE",
      undefined,
      [false, false],
    ],
  ])("%s", (_, permissions, authType, principalArn, expected) => {
    const asked = { functionId: "Fn", authType, ...(principalArn !== undefined && { principalArn }) };
    expect(ACTIONS.map((action) => permitsUrl(permissions, action, asked))).toEqual(expected);
  });
});

describe("a caller's own policies and the resource's", () => {
  const statement = (effect: "Allow" | "Deny", condition: string): Statement => ({
    effect,
    actions: { not: false, patterns: ["lambda:InvokeFunctionUrl"], unknown: [] },
    resources: { not: false, patterns: ["*"], unknown: [] },
    conditions: [{ operator: "StringEquals", key: "lambda:FunctionUrlAuthType", values: [condition] }],
  });
  const call = { action: ACTIONS[0]!, resource: "arn:fn", context: { "lambda:functionurlauthtype": "AWS_IAM" } };
  const place = { partition: "aws", region: "eu-west-1", account: "123456789012" };

  it.each<[string, Statement[], boolean, boolean]>([
    ["either permits: the caller's", [statement("Allow", "AWS_IAM")], false, true],
    ["either permits: the resource's", [], true, true],
    ["neither permits", [], false, false],
    ["the caller's are about another auth type", [statement("Allow", "NONE")], false, false],
    ["an explicit deny wins over the resource's", [statement("Deny", "AWS_IAM")], true, false],
  ])("%s", (_, statements, otherwise, allowed) => {
    const model = { functions: [], roles: [{ logicalId: "Role", name: "role", doubts: [], statements }] };
    const permissions = new IamPermissions(
      () => ({ place, model }),
      () => undefined,
    );
    expect(permissions.check("Role", [call], () => otherwise) === undefined).toBe(allowed);
  });
});
