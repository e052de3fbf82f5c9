import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ClientFuzzOptions } from "../../../../tools/fuzz/client/arguments.js";
import { bundleProgram } from "../../../../tools/fuzz/client/bundle.js";
import { MUTATIONS } from "../../../../tools/fuzz/client/mutations.js";
import { mutated } from "../../../../tools/fuzz/client/mutant.js";
import { findingText, jsonLine } from "../../../../tools/fuzz/client/report.js";
import { runWalks, type RunOutcome } from "../../../../tools/fuzz/client/run.js";

const ROOT = join(__dirname, "../../../..");
const RUNS = 300;
const STEPS = 60;

/** How much more a client may hold after 15,000 more rounds on new channels, in bytes: a tenth of what one unbounded map takes. */
const MOST_GROWTH = 500_000;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Bundles a program with the SDK, or with a copy of it. */
const program = async (entry: "worker" | "growth", folder?: string): Promise<string> => {
  const file = await bundleProgram(ROOT, entry, folder);
  folders.push(dirname(file));
  return file;
};

const walk = async (options: Partial<ClientFuzzOptions>, folder?: string): Promise<RunOutcome> =>
  runWalks(
    await program("worker", folder),
    { runs: RUNS, steps: STEPS, seed: 1, workers: 1, without: [], keepGoing: false, ...options },
    () => {},
  );

/** A copy of the SDK with the faults of one number. */
const withFault = (number: string): string => {
  const folder = mutated(
    ROOT,
    MUTATIONS.find(({ fault }) => fault.startsWith(`${number}:`))!,
  );
  folders.push(folder);
  return folder;
};

test("the SDK keeps its promises in 300 walks of 60 steps", async () => {
  const outcome = await walk({});
  expect(outcome.findings.map((finding) => findingText(finding, false))).toEqual([]);
  expect(outcome.runs).toBe(RUNS);
  expect(outcome.steps).toBe(RUNS * STEPS);
  expect(JSON.parse(jsonLine(outcome, 1))).toMatchObject({ runs: RUNS, steps: RUNS * STEPS, violations: 0 });
});

test("an injected fault is found, shrunk and seen again in its replay", async () => {
  const folder = withFault("2");
  const { findings } = await walk({}, folder);
  expect(findings).toHaveLength(1);
  const [{ seed, path, walk: shrunk, violations }] = findings as [(typeof findings)[0]];
  expect(shrunk.commands.length).toBeLessThan(10);
  const again = await walk({ seed, path }, folder);
  expect(again.findings[0]!.walk).toEqual(shrunk);
  expect(again.findings[0]!.violations[0]!.rule).toBe(violations[0]!.rule);
});

describe("what a client keeps of channels that it has seen", () => {
  const grown = async (folder?: string): Promise<{ bytes: number; timers: number; connections: number }> => {
    const { stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", await program("growth", folder)], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as { bytes: number; timers: number; connections: number };
  };

  test("is bounded", async () => {
    const { bytes, timers, connections } = await grown();
    expect(bytes).toBeLessThan(MOST_GROWTH);
    expect(timers).toBeLessThan(8);
    expect(connections).toBe(1);
  });

  test("is measured well enough to see that one map is not bounded", async () => {
    const { bytes } = await grown(withFault("22"));
    expect(bytes).toBeGreaterThan(MOST_GROWTH);
  });
});
