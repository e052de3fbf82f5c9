import { encodeFrame, FrameReader } from "../../../../../local/services/lambda/frames.js";

const VALUES = [{ a: 1 }, "ünïcödé 🎉", null, { text: "x".repeat(100_000) }];

describe("frames", () => {
  const bytes = Buffer.concat(VALUES.map(encodeFrame));

  test.each([1, 3, 4, 5, 7, 1000, 65_536])("are read from pieces of %d bytes", (size) => {
    const reader = new FrameReader();
    const read: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
    expect(read).toEqual(VALUES);
  });

  test("that came together are read together, and half of one waits", () => {
    const reader = new FrameReader();
    const half = encodeFrame("later");
    expect(reader.push(Buffer.concat([bytes, half.subarray(0, 6)]))).toEqual(VALUES);
    expect(reader.push(half.subarray(6))).toEqual(["later"]);
  });
});
