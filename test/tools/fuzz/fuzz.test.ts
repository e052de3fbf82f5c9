import { join } from "node:path";
import { fuzz } from "../../../tools/fuzz/fuzz.js";

const RUNS = 300;

test("a short run finds nothing, and sees many kinds of answers", async () => {
  const { runs, violations, answers } = await fuzz(join(__dirname, "../../.."), { runs: RUNS, seed: 1, parallel: 4 });
  expect(violations).toEqual([]);
  expect(runs).toBe(RUNS);
  expect(Object.keys(answers)).toEqual(
    expect.arrayContaining(["ok", "message", "none", "denied", "bad_frame", "bad_channel", "wildcard", "guard_failed"]),
  );
}, 240_000);
