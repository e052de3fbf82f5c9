import { byteLength, bytes, clock, duration, hueOf, size } from "../../../../local/console/model/format.js";

describe("sizes", () => {
  it("counts UTF-8", () => {
    expect(byteLength("Zoë 🦀")).toBe(9);
  });

  it("formats them for people", () => {
    expect([bytes(1), bytes(4096)]).toEqual(["1 byte", "4,096 bytes"]);
    expect([size(999), size(32_768)]).toEqual(["999 B", "32.0 KB"]);
  });
});

describe("times", () => {
  it("formats the local time of day to the millisecond", () => {
    expect(clock(new Date(2026, 10, 23, 4, 5, 6, 7).getTime())).toBe("04:05:06.007");
  });

  it.each([
    [11.6, "12 ms"],
    [1_000, "1 s"],
    [1_240, "1.2 s"],
    [540_000, "9 min"],
  ])("formats %d ms as %s", (milliseconds, told) => {
    expect(duration(milliseconds)).toBe(told);
  });
});

describe("hueOf", () => {
  it("is stable for a channel, and differs much for its neighbour", () => {
    const apart = Math.abs(hueOf("stories/5") - hueOf("stories/6"));
    expect(hueOf("stories/5")).toBe(hueOf("stories/5"));
    expect(Math.min(apart, 360 - apart)).toBeGreaterThan(60);
  });

  it("is a hue, also of a long name", () => {
    const hue = hueOf("x".repeat(128));
    expect(hue).toBeGreaterThanOrEqual(0);
    expect(hue).toBeLessThan(360);
  });
});
