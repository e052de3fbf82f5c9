import { newId, requireRuntime } from "../../../client/src/platform/id.js";
import { isId } from "../../../protocol/index.js";

describe("ids", () => {
  it("are 22 characters that the protocol allows, and differ", () => {
    const ids = Array.from({ length: 1_000 }, newId);
    expect(ids.every((id) => isId(id) && id.length === 22)).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
  });
});

describe("the runtime", () => {
  it("has everything the SDK needs", () => {
    expect(requireRuntime).not.toThrow();
  });
});
