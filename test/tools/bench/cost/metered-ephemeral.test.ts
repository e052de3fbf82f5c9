import { join } from "node:path";
import { meterLoads } from "../../../../tools/bench/cost/metered.js";

const ROOT = join(__dirname, "../../../..");
const FAN_OUT = 10;

test("an ephemeral message on a history channel costs a plain one's units", async () => {
  const load = { fanOut: FAN_OUT, bytes: 100 };
  const [plain, ephemeral, kept] = await meterLoads(ROOT, [
    { ...load, history: false },
    { ...load, history: true, ephemeral: true },
    { ...load, history: true },
  ]);
  const { gbSeconds: _time, ...units } = plain!.units;
  expect(ephemeral!.units).toMatchObject(units);
  expect(units.writeUnits).toBe(0);
  expect(kept!.units.writeUnits).toBe(3);
}, 300_000);
