import { join } from "node:path";
import { TableReader } from "../../../tools/fuzz/table-checker.js";
import { Fuzzer } from "../../../tools/fuzz/driver.js";
import { fuzzTargetOf } from "../../../tools/fuzz/fuzz.js";
import { startTarget, type Target } from "../../../tools/fuzz/target.js";
import { type Sabotage, Saboteur } from "./saboteur.js";

/** A violation is not made smaller here: that it is found is enough. */
const NO_SHRINKING_MS = 0;

const isMessage = (frame: string): boolean => frame.includes('"data"') && !frame.includes("/meta/");

describe("a server that says something wrong is found out", () => {
  let target: Target;
  let saboteur: Saboteur;
  let rows: TableReader;
  let sabotage: Sabotage;
  beforeAll(async () => {
    target = await startTarget(join(__dirname, "../../.."));
    saboteur = await Saboteur.start(target.url, () => sabotage);
    rows = new TableReader(target.dynamodb);
  });
  afterAll(async () => {
    await saboteur.close();
    rows.close();
    await target.close();
  });

  const cases: [what: string, sabotage: Sabotage, violation: RegExp][] = [
    [
      "says yes for no",
      (frame) => [frame.replace(/"successful":false,"error":"[^"]*","code":"denied"/, '"successful":true')],
      /no frame calls for/,
    ],
    ["gives another code", (frame) => [frame.replace('"bad_frame"', '"bad_channel"')], /no frame calls for/],
    [
      "calls a connection another user's",
      (frame) => [frame.replace('"timeouts":', '"userId":"mallory","timeouts":')],
      /no frame calls for/,
    ],
    ["says it is unavailable", (frame) => [frame.replace('"bad_frame"', '"unavailable"')], /log does not say/],
    ["answers twice", (frame) => (frame.includes("/meta/subscribe") ? [frame, frame] : [frame]), /no frame calls for/],
    ["delivers twice", (frame) => (isMessage(frame) ? [frame, frame] : [frame]), /more often than it was published/],
    [
      "changes a message",
      (frame) => [isMessage(frame) ? frame.replace(/"uuid":"/, '"uuid":"z') : frame],
      /not published in this form/,
    ],
    [
      "counts the messages of a history otherwise",
      (frame) => [frame.replace(/"offset":(\d+)/g, (_all, offset: string) => `"offset":${Number(offset) + 1000}`)],
      /an offset that is too large/,
    ],
    [
      "lets a stack trace out",
      (frame) => [frame.replace(/"error":"(?!Not for you)/, '"error":"at Table.put (index.mjs:1:2) ')],
      /holds a stack trace/,
    ],
    [
      "fails",
      (frame) => [
        frame.includes("/meta/unsubscribe")
          ? '{"message":"Internal server error","connectionId":"c","requestId":"r"}'
          : frame,
      ],
      /neither answers nor messages/,
    ],
  ];

  let fired = 0;
  const fire = async (seed: number, runs = 600) => {
    const at = await fuzzTargetOf(target, rows);
    return new Fuzzer(
      { ...at, url: saboteur.url },
      { runs, seed, parallel: 3, maxViolations: 2, tag: `s${(fired += 1)}x` },
      () => undefined,
      NO_SHRINKING_MS,
    ).run();
  };

  it("but not a server that says the right thing", async () => {
    sabotage = (frame) => [frame];
    expect((await fire(4, 200)).violations).toEqual([]);
  });

  it.each(cases)("when it %s", async (_what, saboteurs, violation) => {
    sabotage = saboteurs;
    const { violations } = await fire(4);
    expect(violations.flatMap(({ what }) => what)).toContainEqual(expect.stringMatching(violation));
    expect(violations[0]?.replay).toMatch(/^--seed 4 --path \d+:0/);
  });
});
