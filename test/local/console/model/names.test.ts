import { nameOf } from "../../../../local/console/model/names.js";

describe("nameOf", () => {
  it.each([
    [{ agent: "wb4zoa4T4W5x5bKnvrwxoJ" }, "wb4zoa"],
    [{ agent: "wb4zoa4T4W5x5bKnvrwxoJ", userId: "ann" }, "ann"],
    [{ agent: "a", userId: "x".repeat(40) }, `${"x".repeat(24)}…`],
  ])("names %j %s", (member, name) => {
    expect(nameOf(member)).toBe(name);
  });
});
