import { randomFillSync } from "node:crypto";
import { isId, isUserId, newId, MAX_USER_ID_LENGTH } from "../../protocol/index.js";

const filledWith = (value: number) => (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(value);

describe("a new id", () => {
  test("is 22 characters of 0-9A-Za-z-_", () => {
    for (let round = 0; round < 200; round += 1) expect(newId(randomFillSync)).toMatch(/^[0-9A-Za-z_-]{22}$/);
  });

  test("does not repeat", () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newId(randomFillSync))).size).toBe(1_000);
  });

  test("uses each of the 64 characters equally", () => {
    const characters = new Set(Array.from({ length: 256 }, (_, byte) => newId(filledWith(byte))[0]));
    expect(characters.size).toBe(64);
    expect(newId(filledWith(3))).toBe(newId(filledWith(67)));
  });

  test("can name a request", () => {
    expect(isId(newId(randomFillSync))).toBe(true);
  });
});

describe("the id of a request or message", () => {
  test.each(["a", "-", "_", "0123456789", "x".repeat(64)])("can be %s", (id) => {
    expect(isId(id)).toBe(true);
  });

  test.each([
    ["empty", ""],
    ["65 characters", "x".repeat(65)],
    ["a space", "a b"],
    ["a line break at the end", "abc\n"],
    ["a dot", "a.b"],
    ["letters outside ASCII", "é"],
    ["a number", 5],
    ["null", null],
    ["missing", undefined],
    ["a list", ["abc"]],
    ["an object that reads like one", { toString: () => "abc" }],
  ])("cannot be %s", (_, id) => {
    expect(isId(id)).toBe(false);
  });
});

test("a user's id is well-formed text of at most 128 code units", () => {
  for (const id of ["a", "größe 🎉", "a/b#c", "x".repeat(MAX_USER_ID_LENGTH)]) expect(isUserId(id)).toBe(true);
  for (const id of ["", 1, undefined, "x".repeat(MAX_USER_ID_LENGTH + 1), "\ud800", "a\udc00b"])
    expect(isUserId(id)).toBe(false);
});
