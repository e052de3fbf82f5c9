import type { Engine } from "./engine.js";

/** A missing engine fails the tests instead of being passed over. */
const mandatory = Boolean(process.env["CI"] ?? process.env["PUSH_IT_REQUIRE_ALL"]);

/**
 * Describes tests in an engine. If this machine does not have it, they are skipped, with a word on how to install it, or
 * fail if nothing may be skipped.
 */
export const describeIn = (engine: Engine, title: string, tests: () => void): void => {
  const missing = engine.missing();
  const skipped = missing !== undefined && !mandatory;
  if (skipped) console.warn(`Skipped: there is no ${engine.name} here. Install it with: ${missing}`);

  (skipped ? describe.skip : describe)(title, () => {
    beforeAll(() => {
      if (missing !== undefined) throw new Error(`there is no ${engine.name} here. Install it with: ${missing}`);
    });
    tests();
  });
};
