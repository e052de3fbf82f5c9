import { cost, scenarioCost, scenarioCosts } from "../../../../tools/bench/cost/cost.js";
import { type ScenarioCost, LOADS } from "../../../../tools/bench/cost/scenario.js";
import { appSyncEvents, awsSample, iotCore } from "../../../../tools/bench/cost/competitors.js";
import { framesPerWindow, modelUnits } from "../../../../tools/bench/cost/model.js";
import { usdOf } from "../../../../tools/bench/units.js";

const cells = scenarioCosts([]);
const cellsWhere = (of: (cell: ScenarioCost) => boolean, history = false): ScenarioCost[] => {
  const found = cells.filter((cell) => cell.history === history && of(cell));
  expect(found.length).toBeGreaterThan(0);
  return found;
};

describe("peers, by their published prices", () => {
  const load = { fanOut: 100, perSecond: 1, bytes: 100, lingerMs: 0, history: false };

  it("AppSync Events: one operation in, one for each delivery, per 5 KB", () => {
    expect(appSyncEvents(load)).toBeCloseTo(101e-6, 12);
    expect(appSyncEvents({ ...load, bytes: 8_192 })).toBeCloseTo(202e-6, 12);
  });

  it("IoT Core: one message in, one for each delivery, with the topic", () => {
    expect(iotCore(load)).toBeCloseTo(101e-6, 12);
    expect(iotCore({ ...load, bytes: 5_110 })).toBeCloseTo(202e-6, 12);
  });

  it("AWS's sample: a POST for each connection and a full table scan", () => {
    // 101 messages, one invocation of 26 ms with 256 MB, half a read unit.
    expect(awsSample(load)).toBeCloseTo((101 + 0.2 + 0.5 * 0.125) / 1e6 + 0.026 * 0.25 * 0.0000133334, 12);
  });
});

describe("the units of one publication", () => {
  it("for a lone subscriber are a message in, the answer, a Query", () => {
    const units = modelUnits({ fanOut: 1, perSecond: 1, bytes: 100, lingerMs: 0, history: false });
    expect(units).toMatchObject({ messages: 2, invocations: 1, readUnits: 1, writeUnits: 0, queueRequests: 0 });
  });

  it("beyond the publish function's part take a worker for each thousand", () => {
    const units = modelUnits({ fanOut: 10_000, perSecond: 1, bytes: 100, lingerMs: 0, history: false });
    expect(units.messages).toBe(10_001);
    expect(units.invocations).toBe(9);
    expect(usdOf(units)).toBeGreaterThan(10_001e-6);
  });

  it("of a stored message are three writes, more for larger ones", () => {
    const load = { fanOut: 100, perSecond: 1, bytes: 100, lingerMs: 0, history: false };
    const [plain, kept] = [modelUnits(load), modelUnits({ ...load, history: true })];
    expect(kept).toEqual({ ...plain, writeUnits: 3, gbSeconds: plain.gbSeconds + 0.0075 });
    expect(modelUnits({ ...load, bytes: 8_192, history: true }).writeUnits).toBe(11);
    const lingering = { ...load, perSecond: 20, lingerMs: 250 };
    expect(modelUnits({ ...lingering, history: true }).writeUnits).toBeCloseTo(modelUnits(lingering).writeUnits + 3, 9);
  });

  it("of a lone message in a window are a flusher and lease", () => {
    const load = { fanOut: 1, perSecond: 1, bytes: 100, lingerMs: 250, history: false };
    const units = modelUnits(load);
    // Written: the message, the lease by the publisher and by the flusher, the row off the log, released, forgotten.
    expect(units).toMatchObject({ messages: 3, invocations: 2, readUnits: 4, writeUnits: 6, queueRequests: 0 });
    // The publisher's 26 ms; from the publication the window, less the time of the flusher's election. Then reading the
    // log and the subscribers, a post, taking off, releasing, reading, forgetting.
    expect(units.gbSeconds).toBeCloseTo(0.5 * (0.026 + 0.001 + 0.225 + 0.04), 9);
    expect(modelUnits({ ...load, lingerMs: 500 }).gbSeconds - units.gbSeconds).toBeCloseTo(0.5 * 0.25, 9);
    expect(modelUnits({ ...load, perSecond: 4 })).toEqual(units);
  });

  it("of many messages in a window include their share of its cost", () => {
    const load = { fanOut: 100, perSecond: 20, bytes: 100, lingerMs: 250, history: false };
    const { invocations, messages, readUnits, writeUnits, gbSeconds } = modelUnits(load);
    const digits = 2;
    expect(messages).toBeCloseTo(2 + 100 / 5, digits);
    expect(invocations).toBeCloseTo(1, digits);
    expect(writeUnits).toBeCloseTo(2 + 1 / 5, digits);
    expect(readUnits).toBeCloseTo(1 + 2 / 5, digits);
    expect(gbSeconds).toBeCloseTo(0.5 * (0.011 + 0.25 / 5), 4);
  });

  it("of a flusher with several windows include its last, empty window", () => {
    const load = { fanOut: 10, perSecond: 20, bytes: 100, lingerMs: 250, history: false };
    const units = modelUnits(load, { publications: 10, windows: 2 });
    expect(units).toMatchObject({
      messages: 2 + 2,
      writeUnits: 2 + (1 + 3 + 2) / 10,
      readUnits: 1 + (2 * 2 + 2) / 10,
      invocations: 1.1,
    });
  });

  it("of 8 KB messages fill as many frames as they need", () => {
    expect(framesPerWindow({ fanOut: 10, perSecond: 20, bytes: 8_192, lingerMs: 500, history: false })).toBe(4);
    expect(framesPerWindow({ fanOut: 10, perSecond: 20, bytes: 100, lingerMs: 500, history: false })).toBe(1);
  });
});

describe("cells", () => {
  it("are all there, with distinguishable shapes", () => {
    expect(cells).toHaveLength(LOADS.length);
    for (const cell of cells) {
      expect(cell).toMatchObject({ basis: "modelled" });
      for (const name of ["pushIt", "appSyncEvents", "iotCore", "awsSample"] as const) {
        expect(cell.withoutConnectionMinutes[name]).toBeGreaterThan(0);
        expect(cell[name]).toBeGreaterThanOrEqual(cell.withoutConnectionMinutes[name]);
      }
    }
  });

  it("cost as promised: like AppSync Events without batching, far less with it", () => {
    const ratio = ({ withoutConnectionMinutes: { pushIt, appSyncEvents: peer } }: ScenarioCost): number =>
      pushIt / peer;
    const plainly = (fanOut: number): ScenarioCost[] =>
      cellsWhere((cell) => cell.fanOut === fanOut && cell.perSecond === 1 && cell.bytes === 100 && cell.lingerMs === 0);
    for (const cell of plainly(100)) expect(ratio(cell)).toBeLessThanOrEqual(1.03);
    for (const cell of plainly(1_000)) expect(ratio(cell)).toBeLessThanOrEqual(1.015);
    const busy = (lingerMs: number): ScenarioCost[] =>
      cellsWhere(
        (cell) =>
          cell.fanOut >= 100 &&
          cell.perSecond === 20 &&
          cell.bytes === 100 &&
          cell.lingerMs === lingerMs &&
          !cell.boundBy,
      );
    for (const cell of busy(250)) expect(cell.pushIt).toBeLessThanOrEqual(0.3);
    for (const cell of busy(500)) expect(cell.pushIt).toBeLessThanOrEqual(0.15);
    for (const cell of cellsWhere(({ bytes, fanOut, lingerMs }) => bytes === 8_192 && fanOut >= 10 && lingerMs === 0)) {
      expect(cell.pushIt).toBeLessThanOrEqual(0.6 * cell.appSyncEvents);
    }
  });

  it("show that history costs at most 2.5 % from fan-out 100 on", () => {
    for (const kept of cellsWhere(
      ({ fanOut, bytes, lingerMs }) => fanOut >= 100 && bytes === 100 && lingerMs === 0,
      true,
    )) {
      const [plain] = cellsWhere(
        (cell) =>
          cell.fanOut === kept.fanOut && cell.perSecond === kept.perSecond && cell.bytes === 100 && cell.lingerMs === 0,
      );
      const ratio = kept.withoutConnectionMinutes.pushIt / plain!.withoutConnectionMinutes.pushIt;
      expect(ratio).toBeGreaterThan(1);
      expect(ratio).toBeLessThanOrEqual(1.025);
    }
  });

  it("say which default quotas do not permit them", () => {
    expect(scenarioCost({ fanOut: 10_000, perSecond: 20, bytes: 100, lingerMs: 0, history: false }).boundBy).toContain(
      "200,000 requests a second > 10,000",
    );
    expect(scenarioCost({ fanOut: 100, perSecond: 20, bytes: 100, lingerMs: 0, history: false }).boundBy).toBeNull();
  });

  it("use metered values if there are any", () => {
    const units = { ...modelUnits(LOADS[0]!), messages: 7 };
    const [metered] = scenarioCosts([{ fanOut: LOADS[0]!.fanOut, bytes: LOADS[0]!.bytes, history: false, units }]);
    expect(metered).toMatchObject({ basis: "metered" });
    expect(metered!.pushIt).toBeGreaterThan(7);
    expect(cost.table([metered!])).toContain("metered");
    expect(cost.charts?.(cells)[0]?.svg).toContain("<svg");
  });
});
