import type { Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Key } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { asBackEnds, makeBackEnds } from "./support/permissions/back-end.js";
import { moduleWith } from "./support/permissions/guards.js";
import { readByGuard } from "./support/permissions/publishing.js";
import { BOTH, CHANNELS, type RunningStack, runStack } from "./support/permissions/stack.js";
import { doAllWork } from "./support/permissions/work.js";

/** What the stack's guards read before each decision: one under Secrets Manager's own key, one under the developer's. */
const SECRETS = { PLAIN: "plain", LOCKED: "locked" };

const secretsOf = (scope: Stack): Record<keyof typeof SECRETS, Secret> => ({
  PLAIN: new Secret(scope, "Plain"),
  LOCKED: new Secret(scope, "Locked", { encryptionKey: new Key(scope, "SecretKey") }),
});

describe("what the functions may do where guards are a module with secrets, and the table and the queues are under the developer's key", () => {
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await runStack({
      has: ["presence", "linger", "latest", "history"],
      guards: moduleWith(Object.keys(SECRETS)),
      guardProps: (scope) => ({ secrets: secretsOf(scope) }),
      secrets: SECRETS,
      props: (scope) => ({
        eventBus: new EventBus(scope, "Bus"),
        encryptionKey: new Key(scope, "Key"),
        publishUrl: true,
        channels: { ...CHANNELS.presence, ...CHANNELS.linger, ...CHANNELS.latest, ...CHANNELS.history, ...BOTH },
      }),
      beside: makeBackEnds,
    });
  });
  afterAll(() => stack.close());

  it("is what they do, and back ends what they are granted: each goes through all its work, is refused nothing, and leaves no grant unused", async () => {
    const { tools } = stack;
    await doAllWork(tools, [["Presence", () => readByGuard(tools)], ...asBackEnds(tools)]);
    stack.expectNothingSpare();
  });
});
