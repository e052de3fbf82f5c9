import { join } from "node:path";
import { parseBenchArguments } from "../../bench/arguments.js";
import { guards, measureGuards } from "../../bench/guards.js";
import { between } from "../../bench/page.js";
import { spreadOf } from "../../bench/stats.js";
import { Failure } from "../../local/failure.js";

test("a spread is by nearest rank, whatever the order", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(spreadOf(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 });
  expect(spreadOf([1.234])).toEqual({ p50: 1.23, p95: 1.23, p99: 1.23 });
});

test("a page keeps all but what stands between the markers", () => {
  expect(between("a\n<!-- x -->\nold\n<!-- /x -->\nb", "x", "\nnew\n")).toBe("a\n<!-- x -->\nnew\n<!-- /x -->\nb");
  expect(() => between("a", "x", "new")).toThrow("<!-- x -->");
});

describe("the command line", () => {
  it("takes a benchmark and its options", () => {
    expect(parseBenchArguments(["guards", "--json"], ["guards"])).toEqual({ help: false, json: true, write: false, name: "guards" });
  });

  it.each([[[]], [["nonsense"]], [["guards", "guards"]], [["guards", "--jsn"]]])("refuses %j, and says what there is", (args) => {
    expect(() => parseBenchArguments(args, ["guards"])).toThrow(Failure);
  });
});

test("guards: every operation with every kind of guard, a guard Lambda being one more invocation for each time it is asked", async () => {
  const shares: number[] = [];
  const context = { root: join(__dirname, "../.."), progress: (share: number) => shares.push(share) };
  const results = await measureGuards(context, { connect: 2, subscribe: 2, publish: 2, deliver: 2 });
  expect(results.map(({ guard, operation, invocations }) => `${operation} ${guard} ${invocations}`)).toEqual([
    "connect none 1",
    "connect module 1",
    "connect lambda 2",
    "subscribe none 1",
    "subscribe module 1",
    "subscribe lambda 2",
    "publish none 1",
    "publish module 1",
    "publish lambda 2",
    "deliver none 1",
    "deliver module 1",
    "deliver lambda 3",
  ]);
  for (const { ms, usdPerMillion } of results) {
    expect(ms.p99).toBeGreaterThanOrEqual(ms.p50);
    expect(usdPerMillion).toBeGreaterThan(0.2);
  }
  expect(shares.at(-1)).toBe(1);
  expect(guards.table(results)).toContain("| connect | guard Lambda |");
}, 60_000);
