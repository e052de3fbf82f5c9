import { BoundedMap } from "../../client/src/bounded-map.js";

describe("a bounded map", () => {
  it("drops the entry that was set longest ago", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    map.set("c", 4);
    expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([3, undefined, 4]);
    expect(["a", "b", "c"].map((key) => map.has(key))).toEqual([true, false, true]);
  });

  it("drops deleted entries, and all entries when it is cleared", () => {
    const map = new BoundedMap<string, number>(3);
    for (const key of ["a", "b", "c"]) map.set(key, 0);
    map.delete("b");
    expect([map.has("a"), map.has("b")]).toEqual([true, false]);
    map.clear();
    expect([map.has("a"), map.has("c")]).toEqual([false, false]);
  });
});
