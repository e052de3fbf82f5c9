import { join } from "node:path";
import { meterPublications } from "../../../bench/cost/metered.js";
import { modelled } from "../../../bench/cost/units.js";

test("the model's units of one publication are those that the meter counts when the system runs", async () => {
  const shares: number[] = [];
  const metered = await meterPublications(join(__dirname, "../../.."), [1, 10, 100], (share) => shares.push(share));
  expect(metered).toHaveLength(6);
  expect(shares.at(-1)).toBe(1);
  for (const { fanOut, bytes, units } of metered) {
    const model = modelled({ fanOut, bytes, perSecond: 1, lingerMs: 0 });
    const { messages, invocations, writeUnits, queueRequests, readUnits, gbSeconds } = model;
    expect({ fanOut, bytes, ...units }).toMatchObject({ fanOut, bytes, messages, invocations, writeUnits, queueRequests });
    // A row's bytes depend on the channel's name; an agent may have to be read again.
    expect(Math.abs(units.readUnits - readUnits)).toBeLessThanOrEqual(1);
    expect(Math.abs(units.gbSeconds / gbSeconds - 1)).toBeLessThan(0.35);
  }
}, 600_000);
