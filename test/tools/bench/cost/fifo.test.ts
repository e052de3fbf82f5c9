import { fifoCost, fifoTable } from "../../../../tools/bench/cost/fifo.js";
import { modelUnits } from "../../../../tools/bench/cost/model.js";
import { usdOf } from "../../../../tools/bench/units.js";

const load = { fanOut: 100, perSecond: 20, bytes: 100, lingerMs: 250, history: false };
const flusher = usdOf(modelUnits(load));

test("a FIFO queue alone delivers one message at a time, without savings", () => {
  const { usd, batchSize } = fifoCost(load, false);
  expect(batchSize).toBe(1);
  // 102 messages, two invocations, three requests, a read unit, 11 ms and 26 ms of 512 MB.
  expect(usd).toBeCloseTo((102 + 2 * 0.2 + 3 * 0.5 + 0.125) / 1e6 + 0.037 * 0.5 * 0.0000133334, 12);
  expect(usd).toBeGreaterThan(4 * flusher);
});

test("up to ten messages, a waiting consumer costs less than the flusher", () => {
  const { usd, batchSize } = fifoCost(load, true);
  expect(batchSize).toBe(5);
  // 22 messages, 1.2 invocations, 1.4 requests, a fifth of a read unit, 11 ms and a fifth of the window.
  expect(usd).toBeCloseTo((22 + 1.2 * 0.2 + 1.4 * 0.5 + 0.125 / 5) / 1e6 + (0.011 + 0.05) * 0.5 * 0.0000133334, 12);
  expect(usd).toBeLessThan(flusher);
  expect(usd).toBeGreaterThan(0.95 * flusher);
});

test("beyond ten messages a window it costs more than the flusher", () => {
  const busy = { ...load, perSecond: 100 };
  expect(fifoCost(busy, true).batchSize).toBe(10);
  expect(fifoCost(busy, true).usd).toBeGreaterThan(1.6 * usdOf(modelUnits(busy)));
  const longer = { ...busy, lingerMs: 500 };
  expect(fifoCost(longer, true).usd).toBeGreaterThan(2.2 * usdOf(modelUnits(longer)));
});

test("all are in one table", () => {
  const rows = fifoTable()
    .split("\n")
    .filter((line) => /^\| [\d,]+ \|/.test(line));
  expect(rows).toHaveLength(10);
  expect(rows).toContainEqual(
    expect.stringMatching(/^\| 100 \| 20 \| 250 \| 1\.0\d\d \(1\) \| 0\.2\d\d \(5\) \| 0\.2\d\d \(5\) \|$/),
  );
});
