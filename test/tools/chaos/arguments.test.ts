import { parseChaosArguments } from "../../../tools/chaos/arguments.js";

describe("the command line of the chaos run", () => {
  it("has defaults", () => {
    expect(parseChaosArguments([], 42)).toEqual({
      help: false,
      json: false,
      options: { messages: 5_000, seed: 42, dynamodb: "embedded" },
    });
  });

  it("takes what it is given", () => {
    const { json, options } = parseChaosArguments(
      ["--seed", "3", "--messages", "200", "--dynamodb", "local", "--json"],
      42,
    );
    expect({ json, options }).toEqual({ json: true, options: { messages: 200, seed: 3, dynamodb: "local" } });
  });

  it.each([
    ["--seed", "-1"],
    ["--messages", "0"],
    ["--messages", "many"],
    ["--dynamodb", "cloud"],
    ["--sed", "1"],
  ])("refuses %s %s", (...args) => {
    expect(() => parseChaosArguments(args, 1)).toThrow();
  });
});
