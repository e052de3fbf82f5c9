import { join } from "node:path";
import { type Metered, meterPublications } from "../../../../tools/bench/cost/metered.js";
import { modelUnits } from "../../../../tools/bench/cost/model.js";

const modelOf = ({ fanOut, bytes, history }: Metered) =>
  modelUnits({ fanOut, bytes, history, perSecond: 1, lingerMs: 0 });

/** How far what the functions were billed is from the model, as a share of that; the worst of all. */
const furthest = (metered: readonly Metered[]): number =>
  Math.max(...metered.map((each) => Math.abs(each.units.gbSeconds / modelOf(each).gbSeconds - 1)));

/** How far it may be. */
const TOLERANCE = 0.35;

/** Whether the machine was too busy: waits of functions are billed as well, and slow recipients are enqueued. */
const disturbed = (metered: readonly Metered[]): boolean =>
  furthest(metered) >= TOLERANCE || metered.some(({ units }) => units.queueRequests > 0);

test("the model's units of one publication match the meter", async () => {
  const shares: number[] = [];
  const measure = () => meterPublications(join(__dirname, "../../../.."), [1, 10, 100], (share) => shares.push(share));
  let metered = await measure();
  for (let again = 0; again < 4 && disturbed(metered); again += 1) metered = await measure();
  expect(furthest(metered)).toBeLessThan(TOLERANCE);
  expect(metered).toHaveLength(12);
  expect(shares.at(-1)).toBe(1);
  for (const each of metered) {
    const { fanOut, bytes, history, units } = each;
    const { messages, invocations, writeUnits, queueRequests, readUnits } = modelOf(each);
    expect({ fanOut, bytes, history, ...units }).toMatchObject({
      fanOut,
      bytes,
      history,
      messages,
      invocations,
      writeUnits,
      queueRequests,
    });
    // A row's bytes depend on the channel's name; an agent may have to be read again.
    expect(Math.abs(units.readUnits - readUnits)).toBeLessThanOrEqual(1);
  }
}, 600_000);
