import type { Outcome } from "../../../tools/chaos/chaos.js";
import { failureText, failuresOf, jsonLine } from "../../../tools/chaos/report.js";
import { FAULT_KINDS } from "../../../tools/chaos/schedule.js";

const faults = {
  ...Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 20])),
  lifetime: 20,
  guardSlow: 20,
  guardDead: 20,
} as Outcome["faults"];

const GOOD: Outcome = {
  published: 5_010,
  acknowledged: 4_900,
  violationCounts: { lost: 0, duplicated: 0, reordered: 0, wrongPosition: 0, leaked: 0, staleRows: 0, wrongState: 0 },
  recoveries: 300,
  checked: {
    unsubscriptions: 400,
    wildcards: 100,
    newest: 50,
    states: 90,
    changes: 300,
    remounts: 300,
    workers: 2_000,
    positions: 4_000,
    ephemerals: 200,
  },
  churn: { remounted: 300, unmounted: 200, flipped: 100, blinked: 100, doubled: 100, widened: 100, stated: 300 },
  missed: 7,
  faults,
  violations: [],
  messageTimeline: [],
  applicationTimelines: [],
  errors: {},
  late: [],
};

describe("the report of a chaos run", () => {
  const options = { seed: 3, messages: 5_000 };

  it("is one line of JSON, with its fields in their order", () => {
    const line = jsonLine(GOOD);
    expect(line.endsWith("}\n")).toBe(true);
    expect(Object.keys(JSON.parse(line) as object)).toEqual([
      "published",
      "acknowledged",
      "lost",
      "duplicated",
      "reordered",
      "wrongPosition",
      "leaked",
      "staleRows",
      "wrongState",
      "recoveries",
      "unsubscriptions",
      "wildcards",
      "newest",
      "states",
      "changes",
      "remounts",
      "workers",
      "positions",
      "ephemerals",
      "faults",
    ]);
  });

  it("passes a run in which nothing is wrong", () => {
    expect(failuresOf(GOOD, options)).toEqual([]);
  });

  it.each(["lost", "duplicated", "reordered", "wrongPosition", "leaked", "staleRows", "wrongState"] as const)(
    "fails a run in which something is %s",
    (wrong) => {
      expect(failuresOf({ ...GOOD, violationCounts: { ...GOOD.violationCounts, [wrong]: 1 } }, options)).toEqual([
        `${wrong}: 1`,
      ]);
    },
  );

  it.each(["unsubscriptions", "remounts", "wildcards", "workers", "positions", "states", "changes"] as const)(
    "fails a run in which there were no %s",
    (what) => {
      expect(failuresOf({ ...GOOD, checked: { ...GOOD.checked, [what]: 0 } }, options)).toHaveLength(1);
    },
  );

  it("fails a long run with fewer than 20 cases of a fault", () => {
    const seldom = { ...GOOD, faults: { ...faults, lost: 19 } };
    expect(failuresOf(seldom, options)).toEqual(["lost struck 19 times only"]);
    expect(failuresOf(seldom, { messages: 300 })).toEqual([]);
  });

  it("fails a run that did not come to its end in time", () => {
    expect(failuresOf({ ...GOOD, late: ["everybody's recovery"] }, options)).toHaveLength(1);
  });

  it("explains how to replay a failure and shows the first wrong message", () => {
    const violations = [{ wrong: "lost", what: "s1 has not received m1", uuid: "m1" }] as const;
    const stories = [{ what: "s1 has not received m1", lines: ["s1 subscribes"] }];
    const text = failureText(
      {
        ...GOOD,
        violationCounts: { ...GOOD.violationCounts, lost: 1 },
        violations,
        applicationTimelines: stories,
        messageTimeline: ["it is posted"],
      },
      options,
    );
    expect(text).toContain("npm run chaos -- --seed 3 --messages 5000");
    expect(text).toContain("s1 has not received m1");
    expect(text).toContain("timeline for: s1 has not received m1\n    s1 subscribes");
    expect(text).toContain("timeline of m1:\n    it is posted");
  });
});
