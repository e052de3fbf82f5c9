import { Duration } from "aws-cdk-lib";
import { Meta, SUBPROTOCOL_DENIED } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";

/** The connection guard's timeout here. */
const TIMEOUT_MS = 1_000;

describe("guards that cannot be loaded", () => {
  it.each([
    ["throw", 'throw new Error("planted secret");'],
    ["export no object", "export default 1 as unknown as object;"],
    ["export something that is no guard", "export default { onSubscriptionRequest: 1 };"],
    ["guard a channel that cannot be", 'export default { channels: { "a*": {} } };'],
    ["loop for ever", "for (;;);"],
    ["exit", "process.exit(0);"],
  ])("because they %s permit nothing", async (_name, guards) => {
    const timeout = Duration.millis(TIMEOUT_MS);
    const system = await TestSystem.start({ guards: guards.includes("default") ? guards : `${guards}\nexport default {};`, props: { timeouts: { onConnectionRequest: timeout } } });
    try {
      const denied = await system.connect({ credentials: 1 });
      expect(denied.protocol).toBe(SUBPROTOCOL_DENIED);
      const answer = await denied.request({ action: "connect", channel: Meta.connect });
      expect(answer).toMatchObject({ successful: false, code: expect.stringMatching(/^guard_(timeout|failed)$/) });
      expect(answer.error).not.toContain("planted secret");
      expect((await system.rows()).filter(({ u }) => u)).toEqual([]);
    } finally {
      await system.close();
    }
  });
});
