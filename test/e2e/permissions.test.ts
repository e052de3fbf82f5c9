import { EventBus } from "aws-cdk-lib/aws-events";
import { Guards } from "../../infra/index.js";
import { HANDLERS } from "../../protocol/guard-manifest.js";
import { GuardCode } from "./support/guard-functions.js";
import { FUNCTION } from "./support/permissions/guards.js";
import { BOTH, CHANNELS, type RunningStack, runStack } from "./support/permissions/stack.js";
import { doAllWork } from "./support/permissions/work.js";

describe("what the functions may do", () => {
  const code = new GuardCode();
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await runStack({
      has: ["presence", "linger", "latest", "history"],
      guardFunctions: (scope) =>
        Guards.fromLambda(
          Object.fromEntries(HANDLERS.map((handler) => [handler, code.node(scope, handler, FUNCTION)])),
        ),
      props: (scope) => ({
        eventBus: new EventBus(scope, "Bus"),
        channels: { ...CHANNELS.presence, ...CHANNELS.linger, ...CHANNELS.latest, ...CHANNELS.history, ...BOTH },
      }),
    });
  });
  afterAll(async () => {
    await stack.close();
    code.remove();
  });

  it("suffice for all their work, without unused grants", async () => {
    await doAllWork(stack.tools);
    stack.expectNoUnusedGrant();
  });
});
