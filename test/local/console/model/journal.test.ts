import { Journal } from "../../../../local/console/model/journal.js";

describe("Journal", () => {
  it("keeps the newest entries and counts all", () => {
    const journal = new Journal<number>(3);
    for (let entry = 1; entry <= 5; entry++) journal.add(entry);
    expect(journal.entries).toEqual([3, 4, 5]);
    expect(journal.total).toBe(5);
  });

  it("gives what came since, as far as it is kept", () => {
    const journal = new Journal<number>(3);
    for (let entry = 1; entry <= 5; entry++) journal.add(entry);
    expect(journal.since(4)).toEqual([5]);
    expect(journal.since(5)).toEqual([]);
    expect(journal.since(0)).toEqual([3, 4, 5]);
  });

  it("takes an entry in between, and drops the oldest above its limit", () => {
    const journal = new Journal<string>(3);
    journal.add("a");
    journal.add("c");
    journal.insert(1, "b");
    expect(journal.entries).toEqual(["a", "b", "c"]);
    journal.insert(3, "d");
    expect([journal.total, journal.entries]).toEqual([4, ["b", "c", "d"]]);
  });

  it("starts anew after a clear", () => {
    const journal = new Journal<number>(3);
    journal.add(1);
    journal.clear();
    expect([journal.total, journal.entries]).toEqual([0, []]);
    journal.add(2);
    expect(journal.since(0)).toEqual([2]);
  });
});
