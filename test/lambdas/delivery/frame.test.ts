import { createHash } from "node:crypto";
import { Frame } from "../../../lambdas/delivery/frame.js";

const text = '{"data":"größe 🎉\\u0000"}';

describe("a frame", () => {
  test("has its UTF-8 bytes, one per character", () => {
    expect(Buffer.from(new Frame(text).latin1, "latin1").toString()).toBe(text);
    expect(new Frame(text).latin1).toHaveLength(Buffer.byteLength(text));
  });

  test("has the hash of its bytes", () => {
    expect(new Frame(text).sha256).toBe(createHash("sha256").update(Buffer.from(text)).digest("hex"));
  });

  test("is encoded once, however often it is posted", () => {
    const encode = jest.spyOn(Buffer, "from");
    const frame = new Frame(text);
    for (let post = 0; post < 100; post += 1) expect(frame.latin1).not.toBe("");
    expect(encode).toHaveBeenCalledTimes(1);
    encode.mockRestore();
  });
});
