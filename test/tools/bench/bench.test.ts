import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBenchArguments } from "../../../tools/bench/arguments.js";
import { guards, measureGuards } from "../../../tools/bench/guards/guards.js";
import { integerOption, numberOption } from "../../../tools/bench/options.js";
import { replaceSection, writePage } from "../../../tools/bench/page.js";
import { percentilesOf } from "../../../tools/bench/stats.js";
import { UserError } from "../../../local/core/user-error.js";

test("a spread is by nearest rank, whatever the order", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(percentilesOf(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 });
  expect(percentilesOf([1.234])).toEqual({ p50: 1.23, p95: 1.23, p99: 1.23 });
});

test("a page keeps all but what stands between the markers", () => {
  expect(replaceSection("a\n<!-- x -->\nold\n<!-- /x -->\nb", "x", "\nnew\n")).toBe(
    "a\n<!-- x -->\nnew\n<!-- /x -->\nb",
  );
  expect(() => replaceSection("a", "x", "new")).toThrow("<!-- x -->");
});

test("charts are written next to pages that have a place for them", () => {
  const root = mkdtempSync(join(tmpdir(), "push-it-bench-"));
  try {
    mkdirSync(join(root, "docs"));
    writeFileSync(join(root, "docs/PAGE.md"), "# Page\n<!-- x -->\nold\n<!-- /x -->\n");
    const shown = { root, page: "docs/PAGE.md", table: "| t |", charts: [{ name: "x-1", alt: "what", svg: "<svg/>" }] };
    expect(() => writePage({ ...shown, name: "y" })).toThrow("<!-- y -->");
    expect(existsSync(join(root, "docs/charts"))).toBe(false);
    writePage({ ...shown, name: "x" });
    expect(readFileSync(join(root, "docs/PAGE.md"), "utf8")).toBe(
      "# Page\n<!-- x -->\n![what](charts/x-1.svg)\n\n| t |\n<!-- /x -->\n",
    );
    expect(readFileSync(join(root, "docs/charts/x-1.svg"), "utf8")).toBe("<svg/>");
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a number is taken within its bounds, and nothing else for one", () => {
  const bounds = { defaultValue: 7, max: 10 };
  expect(numberOption({}, "n", bounds)).toBe(7);
  expect(numberOption({ n: "2.5" }, "n", bounds)).toBe(2.5);
  for (const n of ["0", "11", "", "x", "NaN"]) expect(() => numberOption({ n }, "n", bounds)).toThrow("from 1 to 10");
  expect(() => integerOption({ n: "2.5" }, "n", bounds)).toThrow("whole");
});

describe("the command line", () => {
  const KNOWN = { guards: {}, load: { options: { rate: { help: "a second" }, yes: { help: "go on", flag: true } } } };
  const NOTHING = { help: false, json: false, write: false, name: "", options: {} };

  it("takes a benchmark and its options", () => {
    expect(parseBenchArguments(["guards", "--json"], KNOWN)).toEqual({ ...NOTHING, json: true, name: "guards" });
    const args = ["load", "--rate", "5", "--yes"];
    expect(parseBenchArguments(args, KNOWN)).toEqual({ ...NOTHING, name: "load", options: { rate: "5", yes: true } });
  });

  it.each([
    [[]],
    [["nonsense"]],
    [["guards", "guards"]],
    [["guards", "--jsn"]],
    [["toString"]],
    [["guards", "--yes"]],
    [["load", "--rate"]],
  ])("refuses %j, and says what there is", (args) => {
    expect(() => parseBenchArguments(args, KNOWN)).toThrow(UserError);
  });
});

test("guards: a guard Lambda adds one invocation for each call", async () => {
  const shares: number[] = [];
  const context = { root: join(__dirname, "../../.."), progress: (share: number) => shares.push(share) };
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
}, 600_000);
