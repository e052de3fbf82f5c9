import { Pace } from "../../../tools/fuzz/pace.js";

describe("the number of parallel episodes", () => {
  it("grows while the machine keeps up, and halves if not", () => {
    const pace = new Pace(4);
    const lanes = [true, true, true, false, false, false, true].map((inTime) => {
      pace.record(inTime);
      return pace.lanes;
    });
    expect(lanes).toEqual([3, 4, 4, 2, 1, 1, 2]);
    expect(new Pace(1).lanes).toBe(1);
  });
});
