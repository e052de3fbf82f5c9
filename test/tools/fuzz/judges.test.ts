import { TableChecker } from "../../../tools/fuzz/table-checker.js";
import { parseFuzzArguments } from "../../../tools/fuzz/arguments.js";
import { predictHandshake } from "../../../tools/fuzz/handshakes.js";
import { failureIn, isTimeout, leakIn, secretIn } from "../../../tools/fuzz/leaks.js";
import { DeliveryModel } from "../../../tools/fuzz/delivery-model.js";
import { checkSubscriptionName } from "../../../tools/fuzz/protocol-rules.js";
import { INTERNAL, PASSWORD, REASON, SECRET, WILDCARDS } from "../../../tools/fuzz/policy.js";
import { jsonLine } from "../../../tools/fuzz/report.js";
import { createProgress } from "../../../tools/lib/progress.js";
import { HistoryModel } from "../../../tools/fuzz/history-model.js";
import { PresenceModel } from "../../../tools/fuzz/presence-model.js";
import { UserError } from "../../../local/core/user-error.js";

const answer = (error: string) => ({
  channel: "/meta/error" as const,
  successful: false,
  error,
  code: "unavailable" as const,
});

describe("leaks", () => {
  it.each([
    ["a stack trace", "Error: no\n    at Table.standing (index.mjs:3:14)"],
    ["a file of the server", "cannot read file:///var/task/index"],
    ["an access key", "signed by ASIAQWERTYUIOP"],
    ["a service", "ValidationException"],
    ["what a guard threw", INTERNAL],
    ["the table's name", "no table Fuzz-T1"],
    ["a secret", `token ${SECRET}`],
  ])("finds %s in an answer", (what, error) => {
    expect(leakIn(answer(error), "Fuzz-T1")).toBe(what);
  });

  it("ignores a guard's words to its client and names the client chose", () => {
    expect(leakIn(answer(REASON), "Fuzz-T1")).toBeUndefined();
    expect(leakIn({ ...answer("No."), data: { channel: "node:fs" } }, "Fuzz-T1")).toBeUndefined();
  });

  it("finds planted secrets in the log", () => {
    expect(secretIn(`{"credentials":"${PASSWORD}"}`)).toBe(PASSWORD);
    expect(secretIn(`{"event":"guard_failed","detail":"${INTERNAL}"}`)).toBe(INTERNAL);
    expect(secretIn('{"event":"guard_failed","detail":"Error"}')).toBeUndefined();
  });
});

test("a failure of the server is explained by time, or found", () => {
  expect(failureIn('{"event":"route_failed","error":"ValidationException: no"}')).toMatch("ValidationException");
  expect(failureIn("publish failed for connection c: TypeError: x")).toMatch("TypeError");
  const late = '{"event":"route_failed","error":"TimeoutError: 2000 ms"}';
  expect([failureIn(late), isTimeout(late)]).toEqual([undefined, true]);
  expect(isTimeout('{"event":"guard_timeout"}')).toBe(false);
  expect(failureIn('{"event":"refused"}')).toBeUndefined();
});

describe("the audit", () => {
  const ledger = new DeliveryModel();
  const ann = { key: 1, name: "ann", agent: "agent-of-ann" };
  ledger.join(ann, ["open/a"], 0);
  const audit = new TableChecker(ledger, new HistoryModel(), new PresenceModel(ledger));
  audit.register(ann);
  const agent = { pk: "a#c1", sk: "agent", u: ann.agent };
  const rows = [agent, { pk: "a#c1", sk: "s#open/a" }, { pk: "c#open/a", sk: "c1" }, { pk: "r#3", sk: "17#c1" }];

  it("accepts what guards permitted", () => {
    expect([...audit.checkRows(rows), ...audit.checkSubscriptions(rows, [ann])]).toEqual([]);
  });

  it.each([
    [{ pk: "c#open/b", sk: "c1" }, "no guard permitted"],
    [{ pk: "a#c1", sk: "s#open/b" }, "no guard permitted"],
    [{ pk: "x#1", sk: "y" }, "unknown kind"],
    [{ ...agent, c: SECRET }, "secret"],
  ])("finds %j", (row, fault) => {
    expect(audit.checkRows([...rows, row])).toEqual([expect.stringContaining(fault)]);
  });

  it("ignores other agents' rows for an agent that never received its id", () => {
    const nameless = { key: 2, name: "ann", agent: "" };
    ledger.join(nameless, [], 0);
    audit.register(nameless);
    expect(audit.checkRows([{ pk: "c#greetings", sk: "whose agent has not been read" }])).toEqual([]);
  });

  it("finds a half-stored subscription, and agents that do not exist", () => {
    expect(audit.checkSubscriptions(rows.slice(0, 2), [ann])).toEqual(["no c# row of the subscription to open/a"]);
    audit.checkRows([{ pk: "a#c9", sk: "agent", u: "who" }]);
    expect(audit.unknownAgents).toEqual(["who"]);
  });
});

test("names are judged as the protocol's page says", () => {
  const faults = [
    "a",
    "/a",
    "a//b",
    "a\n",
    "a/*",
    "open/*",
    "open/x/*",
    "opening/*",
    "/meta",
    "/metal",
    "a".repeat(129),
  ];
  expect(faults.map((name) => checkSubscriptionName(name, WILDCARDS))).toEqual([
    undefined,
    undefined,
    "bad_channel",
    "bad_channel",
    "wildcard",
    undefined,
    undefined,
    "wildcard",
    "reserved_channel",
    undefined,
    "bad_channel",
  ]);
});

test("handshakes are judged as the protocol's page says", () => {
  const both = ["push-it.v1", "push-it.v1.denied"];
  const good = JSON.stringify({ pass: PASSWORD, name: "ann" });
  expect(predictHandshake(both, good)).toEqual({ status: 101, name: "ann", subscribed: [] });
  expect(predictHandshake(both, "{}")).toEqual({ status: 101, denied: "denied" });
  expect(predictHandshake(["push-it.v1"], undefined)).toEqual({ status: 403 });
  expect(predictHandshake(["push-it.v2"], good)).toEqual({ status: 400 });
  expect(predictHandshake(both, "{")).toEqual({ status: 400 });
  const large = JSON.stringify("x".repeat(4_095));
  expect(predictHandshake(both, large)).toEqual({ status: 101, denied: "credentials_too_large" });
  expect(predictHandshake(["push-it.v1"], large)).toEqual({ status: 400 });
});

describe("the command line", () => {
  it("reads runs, seed and path", () => {
    const { options, json } = parseFuzzArguments(["--runs", "20000", "--seed", "1", "--path", "7:0:2", "--json"], 5);
    expect({ options, json }).toEqual({ options: { runs: 20_000, seed: 1, path: "7:0:2" }, json: true });
    expect(parseFuzzArguments([], 5).options).toEqual({ runs: 2_000, seed: 5 });
  });

  it.each([
    ["--runs", "0"],
    ["--runs", "many"],
    ["--seed", "-1"],
    ["--path", "1"],
    ["--sed", "1"],
  ])("refuses %s %s", (...args) => {
    expect(() => parseFuzzArguments(args, 5)).toThrow(UserError);
  });

  it("prints one line of JSON, and progress apart from it", () => {
    const outcome = { runs: 3, violations: [{ what: ["x"] }], excused: 4, answers: { denied: 1, ok: 2 } };
    expect(jsonLine(outcome)).toBe('{"runs":3,"violations":1,"excused":4,"answers":{"ok":2,"denied":1}}\n');
    const told: string[] = [];
    const progress = createProgress({ write: (text) => told.push(text) }, 100);
    for (let runs = 0; runs <= 100; runs += 5) progress(runs);
    expect(told).toHaveLength(10);
  });
});
