import { CHANNELS } from "../../../tools/chaos/channels.js";
import { planOf, UUID_PATTERN } from "../../../tools/chaos/plan.js";
import { isPermitted } from "../../../tools/chaos/policy.js";

describe("the planned publications", () => {
  const all = (seed: number, messages: number) => [...planOf(seed, messages).values()].flat();

  it("is the same for the same seed, and another for another", () => {
    expect(planOf(7, 500)).toEqual(planOf(7, 500));
    expect(planOf(8, 500)).not.toEqual(planOf(7, 500));
  });

  it("has the requested size, with a uuid in the trails per message", () => {
    const planned = all(1, 5_000);
    expect(new Set(planned.map(({ uuid }) => uuid)).size).toBe(5_000);
    expect(planned.filter(({ uuid }) => uuid.match(UUID_PATTERN)?.[0] !== uuid)).toEqual([]);
  });

  it("uses every channel, and each kind of guard 20 times in 5,000", () => {
    const planned = all(1, 5_000);
    expect(new Set(planned.map(({ channel }) => channel))).toEqual(new Set(CHANNELS.map(({ name }) => name)));
    const doing = planned.flatMap(({ data }) => data.do ?? []);
    expect(doing.filter((each) => each === "slow").length).toBeGreaterThanOrEqual(20);
    expect(doing.filter((each) => each === "deny").length).toBeGreaterThanOrEqual(20);
    expect(doing.filter((each) => !isPermitted({ do: each }) && each !== "deny").length).toBeGreaterThanOrEqual(20);
  });
});
