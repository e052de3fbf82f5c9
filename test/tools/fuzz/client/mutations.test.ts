import { rmSync } from "node:fs";
import { join } from "node:path";
import { mutated } from "../../../../tools/fuzz/client/mutant.js";
import { MUTATIONS } from "../../../../tools/fuzz/client/mutations.js";

const ROOT = join(__dirname, "../../../..");

describe("the faults that are put back", () => {
  test("are all that the model has to find", () => {
    const numbers = new Set(MUTATIONS.map(({ fault }) => Number.parseInt(fault, 10)));
    expect([...numbers].sort((a, b) => a - b)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 18, 20, 22],
      ...[30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45],
    ]);
  });

  test.each(MUTATIONS)("can be put into the SDK as it is: $fault", (mutation) => {
    rmSync(mutated(ROOT, mutation), { recursive: true });
  });

  test("cannot be injected if the text is missing or occurs twice", () => {
    const edit = (search: string) => ({ fault: "0: none", edits: [{ file: "index.ts", search, replace: "" }] });
    expect(() => mutated(ROOT, edit("no such text"))).toThrow("is 0 times in index.ts");
    expect(() => mutated(ROOT, edit("export"))).toThrow(/is \d+ times in index\.ts/);
  });
});
