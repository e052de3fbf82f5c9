import { MODULE } from "./support/permissions/guards.js";
import { CHANNELS, runStack } from "./support/permissions/stack.js";
import type { Option } from "./support/permissions/tools.js";
import { doAllWork } from "./support/permissions/work.js";

/** Stacks by the options of their channels. One option each, because two options may need the same permission. */
const STACKS: [name: string, has: Option[]][] = [
  ["plain channels", []],
  ["latest", ["latest"]],
  ["linger", ["linger"]],
  ["history", ["history"]],
  ["presence", ["presence"]],
];

// Together: they mostly wait.
describe("the permissions of a stack with only", () => {
  test.concurrent.each(STACKS)("%s suffice for all its work, without unused grants", async (_, has) => {
    const stack = await runStack({
      has,
      guards: MODULE,
      props: { channels: Object.fromEntries(has.flatMap((option) => Object.entries(CHANNELS[option]))) },
    });
    try {
      await doAllWork(stack.tools);
      stack.expectNoUnusedGrant();
    } finally {
      await stack.close();
    }
  });
});
