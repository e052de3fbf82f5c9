import { base64url, formatNumber, utf8 } from "../../../client/src/platform/text.js";

describe("text", () => {
  it("is counted in bytes of UTF-8", () => {
    expect(["a", "ö", "€", "\u{1f600}"].map((text) => utf8(text).length)).toEqual([1, 2, 3, 4]);
  });

  it("in base64url is as Node writes it, without padding", () => {
    for (const length of [0, 1, 2, 3, 4, 255]) {
      const bytes = Uint8Array.from({ length }, (_, index) => 255 - index);
      expect(base64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    }
  });

  it("shows numbers with commas", () => {
    expect([999, 32_640, 1_234_567].map(formatNumber)).toEqual(["999", "32,640", "1,234,567"]);
  });
});
