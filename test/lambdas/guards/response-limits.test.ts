import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { CONTRACT_VERSION, type GuardRequest } from "../../../lambdas/guards/contract.js";
import { readDecision } from "../../../lambdas/guards/response.js";
import { NOW } from "../support/fakes.js";

const limits = { ...DEFAULT_LIMITS, channelLength: 5, channelPunctuation: "" };
const read = (guard: GuardRequest["guard"], fields: object) =>
  readDecision(
    JSON.stringify({ version: CONTRACT_VERSION, ...fields }),
    { version: CONTRACT_VERSION, guard, timeoutMs: 1_000, wildcards: [] },
    NOW,
    limits,
  );

describe("channel names in a guard function's response", () => {
  test.each([
    ["abcde", true],
    ["abcdef", false],
    ["a-b", false],
  ])("the deployment's limits allow subscribing to %s: %s", (name, may) => {
    expect("value" in read("onConnectionRequest", { verdict: "connected", subscribe: [name] })).toBe(may);
  });
});
