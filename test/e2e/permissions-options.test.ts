import { MODULE } from "./support/permissions/guards.js";
import { CHANNELS, runStack } from "./support/permissions/stack.js";
import type { Option } from "./support/permissions/tools.js";
import { doAllWork } from "./support/permissions/work.js";

/** Stacks by what is special about their channels: what one option needs, another one may need as well, and hide that. */
const STACKS: [name: string, has: Option[]][] = [
  ["plain channels", []],
  ["latest", ["latest"]],
  ["linger", ["linger"]],
  ["history", ["history"]],
  ["presence", ["presence"]],
];

describe("what the functions of a stack may do that has nothing but", () => {
  test.each(STACKS)(
    "%s: each goes through all its work, is refused nothing, and leaves no grant unused",
    async (_, has) => {
      const stack = await runStack({
        has,
        guards: MODULE,
        props: { channels: Object.fromEntries(has.flatMap((option) => Object.entries(CHANNELS[option]))) },
      });
      try {
        await doAllWork(stack.tools);
        stack.expectNothingSpare();
      } finally {
        await stack.close();
      }
    },
  );
});
