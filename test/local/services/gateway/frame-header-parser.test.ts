import { FrameHeaderParser } from "../../../../local/services/gateway/connections/frame-header-parser.js";

const frame = (opcode: number, bytes: number, masked = true): Buffer => {
  const mask = masked ? 0x80 : 0;
  const first = 0x80 | opcode;
  const header =
    bytes < 126
      ? Buffer.from([first, mask | bytes])
      : bytes < 65_536
        ? Buffer.from([first, mask | 126, bytes >> 8, bytes & 255])
        : Buffer.concat([
            Buffer.from([first, mask | 127, 0, 0, 0, 0]),
            Buffer.from(Uint32Array.of(bytes).buffer).reverse(),
          ]);
  // A payload of 0x82 looks like headers of binary frames to a reader that lost count.
  return Buffer.concat([header, Buffer.alloc((masked ? 4 : 0) + bytes, 0x82)]);
};

const watched = (stream: Buffer, chunk: number): [number, number][] => {
  const seen: [number, number][] = [];
  const watch = new FrameHeaderParser((opcode, bytes) => void seen.push([opcode, bytes]));
  for (let at = 0; at < stream.length; at += chunk) watch.push(stream.subarray(at, at + chunk));
  return seen;
};

describe("frame headers in a byte stream", () => {
  const frames: [number, number][] = [
    [1, 0],
    [1, 125],
    [9, 4],
    [1, 126],
    [2, 32_768],
    [0, 65_535],
    [1, 65_536],
    [8, 2],
  ];
  const stream = Buffer.concat(frames.map(([opcode, bytes]) => frame(opcode, bytes)));

  it.each([1, 2, 3, 7, 1000, 65_536, stream.length])("are found in chunks of %i bytes", (chunk) =>
    expect(watched(stream, chunk)).toEqual(frames),
  );

  it("are found without a mask", () => {
    expect(watched(Buffer.concat([frame(1, 300, false), frame(2, 5, false)]), 11)).toEqual([
      [1, 300],
      [2, 5],
    ]);
  });

  it("are reported before the payload has arrived", () => {
    expect(watched(frame(1, 100_000).subarray(0, 10), 10)).toEqual([[1, 100_000]]);
  });
});
