import type { Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Key } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { asPublishers, addPublishers } from "./support/permissions/publishers.js";
import { moduleWith } from "./support/permissions/guards.js";
import { readByGuard } from "./support/permissions/publishing.js";
import { BOTH, CHANNELS, type RunningStack, runStack } from "./support/permissions/stack.js";
import { doAllWork } from "./support/permissions/work.js";

/** Secrets that the guards read: one under the key of Secrets Manager, one under the developer's. */
const SECRETS = { PLAIN: "plain", LOCKED: "locked" };

const secretsOf = (scope: Stack): Record<keyof typeof SECRETS, Secret> => ({
  PLAIN: new Secret(scope, "Plain"),
  LOCKED: new Secret(scope, "Locked", { encryptionKey: new Key(scope, "SecretKey") }),
});

describe("the permissions with a guard module, its secrets and the developer's key", () => {
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
      addResources: addPublishers,
    });
  });
  afterAll(() => stack.close());

  it("suffice for all work of the functions and publishers, without unused grants", async () => {
    const { tools } = stack;
    await doAllWork(tools, [["Presence", () => readByGuard(tools)], ...asPublishers(tools)]);
    stack.expectNoUnusedGrant();
  });
});
