import { EventBuses } from "../../../../local/services/events/buses.js";
import { MAX_BYTES, putEvents } from "../../../../local/services/events/put-events.js";
import { IamPermissions } from "../../../../local/services/iam/permissions.js";
import type { LogEntry } from "../../../../local/core/log.js";
import type { ResourcePermission } from "../../../../local/core/authorization/resource-permission.js";
import type { RoleModel } from "../../../../local/assembly/model/principals.js";
import type { RuleModel } from "../../../../local/assembly/model/rules.js";

const place = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const ARN = "arn:aws:events:eu-west-1:123456789012";
const NOW = Date.UTC(2026, 10, 23, 18);

const allow = (resource: string): RoleModel => ({
  logicalId: "Role",
  name: "role",
  doubts: [],
  statements: [
    {
      effect: "Allow",
      actions: { not: false, patterns: ["events:PutEvents"], unknown: [] },
      resources: { not: false, patterns: [resource], unknown: [] },
      conditions: [],
    },
  ],
});

const rule = (more: Partial<RuleModel> = {}): RuleModel => ({
  logicalId: "Rule",
  name: "rule",
  arn: `${ARN}:rule/rule`,
  bus: "default",
  pattern: { source: ["shop"] },
  targets: [{ id: "T", functionId: "Fn", input: {} }],
  ...more,
});

const PERMISSION: ResourcePermission = {
  functionId: "Fn",
  action: "lambda:InvokeFunction",
  principal: "events.amazonaws.com",
  sourceArn: `${ARN}:rule/rule`,
};

interface Setup {
  rules?: RuleModel[];
  permissions?: ResourcePermission[];
  resource?: string;
}

const setUp = ({ rules = [rule()], permissions = [PERMISSION], resource = "*" }: Setup = {}) => {
  const log: LogEntry[] = [];
  const invoked: [string, unknown][] = [];
  const events = new EventBuses({
    place,
    invokeAsync: (functionId, event) => invoked.push([functionId, event]),
    log: (entry) => log.push(entry),
    now: () => NOW,
  });
  events.set({ rules, permissions, buses: ["orders"] });
  const model = { functions: [], roles: [allow(resource)], users: [] };
  const judge = new IamPermissions(
    () => ({ place, model }),
    (entry) => log.push(entry),
  );
  const context = { buses: events, permissions: judge, log: (entry: LogEntry) => log.push(entry), now: () => NOW };
  return { log, invoked, put: (request: Record<string, unknown>) => putEvents(request, "Role", context) };
};

const entry = (more: object = {}) => ({ Source: "shop", DetailType: "Sold", Detail: '{"a":1}', ...more });

test("an entry becomes an event, and reaches the rules that match it", () => {
  const { put, invoked } = setUp({ rules: [rule(), rule({ logicalId: "Other", pattern: { source: ["x"] } })] });
  const answer = put({ Entries: [entry({ Resources: ["r"], Time: 1_700_000_000 }), entry()] });
  expect(answer).toEqual({
    status: 200,
    body: { FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }, { EventId: expect.any(String) }] },
  });
  const [first, second] = (answer.body as { Entries: { EventId: string }[] }).Entries;
  const event = {
    version: "0",
    "detail-type": "Sold",
    source: "shop",
    account: place.account,
    region: place.region,
    detail: { a: 1 },
  };
  expect(invoked).toEqual([
    ["Fn", { ...event, id: first?.EventId, time: "2023-11-14T22:13:20Z", resources: ["r"] }],
    ["Fn", { ...event, id: second?.EventId, time: "2026-11-23T18:00:00Z", resources: [] }],
  ]);
});

test.each([
  ["orders", 1],
  [`${ARN}:event-bus/orders`, 1],
  ["default", 0],
])("a rule sees its own bus only: %s", (EventBusName, times) => {
  const { put, invoked } = setUp({ rules: [rule({ bus: "orders" })] });
  put({ Entries: [entry({ EventBusName })] });
  expect(invoked).toHaveLength(times);
});

test.each<[object, string, string]>([
  [{ Source: "" }, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."],
  [
    { DetailType: undefined },
    "InvalidArgument",
    "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
  ],
  [{ Detail: undefined }, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."],
  [{ Detail: "{" }, "MalformedDetail", "Detail is malformed."],
  [{ Detail: "[1]" }, "MalformedDetail", "Detail is malformed."],
  [{ Detail: "null" }, "MalformedDetail", "Detail is malformed."],
  [{ Source: "aws.s3" }, "NotAuthorizedForSourceException", "Not authorized for the source."],
])("an entry with %j fails alone: %s", (wrong, ErrorCode, ErrorMessage) => {
  const { put, invoked } = setUp();
  expect(put({ Entries: [entry(wrong), entry()] }).body).toEqual({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode, ErrorMessage }, { EventId: expect.any(String) }],
  });
  expect(invoked).toHaveLength(1);
});

test.each<[string, Record<string, unknown>, string]>([
  ["no entries", {}, "SerializationException"],
  ["entries that are none", { Entries: [5] }, "SerializationException"],
  ["a source that is no text", { Entries: [entry({ Source: 5 })] }, "SerializationException"],
  ["a time that is none", { Entries: [entry({ Time: 1e300 })] }, "SerializationException"],
  ["an empty list", { Entries: [] }, "ValidationException"],
  ["eleven entries", { Entries: Array.from({ length: 11 }, () => entry()) }, "ValidationException"],
  ["too many bytes", { Entries: [entry({ Detail: JSON.stringify("x".repeat(MAX_BYTES)) })] }, "ValidationException"],
])("a request with %s is refused as a whole", (_, request, type) => {
  const { put, invoked } = setUp();
  expect(put(request)).toMatchObject({ status: 400, body: { __type: type } });
  expect(invoked).toEqual([]);
});

test("as many bytes as there may be are taken", () => {
  const { put } = setUp();
  const frame = '{"x":""}';
  const rest = MAX_BYTES - "shop".length - "Sold".length - frame.length;
  const Detail = frame.replace('""', `"${"x".repeat(rest)}"`);
  expect(put({ Entries: [entry({ Detail })] }).status).toBe(200);
  expect(put({ Entries: [entry({ Detail, Resources: ["r"] })] }).status).toBe(400);
});

test("without permission for every bus are refused, and put on none", () => {
  const { put, invoked } = setUp({ resource: `${ARN}:event-bus/default` });
  expect(put({ Entries: [entry()] }).status).toBe(200);
  expect(put({ Entries: [entry(), entry({ EventBusName: "orders" })] })).toEqual({
    status: 400,
    body: {
      __type: "AccessDeniedException",
      message: expect.stringContaining(
        `is not authorized to perform: events:PutEvents on resource: ${ARN}:event-bus/orders`,
      ),
    },
  });
  expect(invoked).toHaveLength(1);
});

test("a missing bus accepts everything, and the log reports it", () => {
  const { put, invoked, log } = setUp();
  expect(put({ Entries: [entry({ EventBusName: "nowhere" })] }).body).toMatchObject({ FailedEntryCount: 0 });
  expect(invoked).toEqual([]);
  expect(log).toMatchObject([{ level: "warn", message: expect.stringContaining("nowhere") }]);
});

describe("the function's resource policy", () => {
  test.each<[string, ResourcePermission[]]>([
    ["none", []],
    ["another function's", [{ ...PERMISSION, functionId: "Other" }]],
    ["another service's", [{ ...PERMISSION, principal: "s3.amazonaws.com" }]],
    ["another rule's", [{ ...PERMISSION, sourceArn: `${ARN}:rule/other` }]],
    ["another account's", [{ ...PERMISSION, sourceAccount: "1" }]],
    ["another action's", [{ ...PERMISSION, action: "lambda:GetFunction" }]],
    ["with a token", [{ ...PERMISSION, conditional: "unknown" }]],
    ["for URLs", [{ ...PERMISSION, conditional: "url" }]],
  ])("%s permits nothing, and the log reports it", (_, permissions) => {
    const { put, invoked, log } = setUp({ permissions });
    put({ Entries: [entry()] });
    expect(invoked).toEqual([]);
    expect(log).toMatchObject([
      { level: "error", source: "events", message: expect.stringContaining("AWS::Lambda::Permission") },
    ]);
  });

  test.each<[string, ResourcePermission]>([
    ["without a source", { functionId: "Fn", action: "lambda:InvokeFunction", principal: "events.amazonaws.com" }],
    ["with wildcards", { ...PERMISSION, sourceArn: `${ARN}:rule/*`, action: "lambda:*", sourceAccount: place.account }],
  ])("%s permits it", (_, permission) => {
    const { put, invoked } = setUp({ permissions: [permission] });
    put({ Entries: [entry()] });
    expect(invoked).toHaveLength(1);
  });
});

test("an input that is not JSON runs only the other targets", () => {
  const broken = { InputTransformer: { InputPathsMap: { x: "$.detail.secret" }, InputTemplate: '"<x>"' } };
  const targets = [
    { id: "Broken", functionId: "Fn", input: broken },
    { id: "Fine", functionId: "Fn", input: { Input: "5" } },
  ];
  const { put, invoked, log } = setUp({ rules: [rule({ targets })] });
  put({ Entries: [entry({ Detail: JSON.stringify({ secret: 'hidden"value' }) })] });
  expect(invoked).toEqual([["Fn", 5]]);
  expect(log).toEqual([
    {
      level: "error",
      source: "events",
      message: "Rule could not run Fn (target Broken): what its InputTemplate makes of this event is not JSON.",
    },
  ]);
});
