import { type Placed, placeOf } from "../../../../local/console/model/history.js";

const message = (channel: string, offset?: number, epoch = "e"): Placed => ({
  channel,
  uuid: `${channel}-${epoch}-${offset}`,
  ...(offset !== undefined && { position: { epoch, offset } }),
});

describe("placeOf", () => {
  const list = [message("a", 3), message("b"), message("a", 5), message("c", 1)];

  it("puts an earlier message before the next one of its channel", () => {
    expect(placeOf(list, message("a", 2))).toBe(0);
    expect(placeOf(list, message("a", 4))).toBe(2);
  });

  it("puts at the end what none of its channel follows", () => {
    expect(placeOf(list, message("a", 6))).toBe(4);
    expect(placeOf(list, message("d", 1))).toBe(4);
    expect(placeOf([], message("a", 1))).toBe(0);
  });

  it("leaves out what is there already", () => {
    expect(placeOf(list, message("a", 5))).toBeUndefined();
    expect(placeOf(list, message("a", 3))).toBeUndefined();
  });

  it("compares no offsets of different histories", () => {
    expect(placeOf(list, message("a", 1, "another"))).toBe(4);
  });
});
