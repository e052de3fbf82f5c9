import type { Engine } from "../engines/engine.js";
import { CONVERSATION } from "./conversation.js";
import { LIFE } from "./life.js";
import { NETWORK } from "./network.js";
import { POLICY } from "./policy.js";
import { type BrowserTest, World } from "./world.js";

/** Every test of the SDK in a browser. */
const TESTS: readonly BrowserTest[] = [...CONVERSATION, ...NETWORK, ...LIFE, ...POLICY];

/** A missing engine fails the tests instead of being passed over. */
const mandatory = Boolean(process.env["CI"] ?? process.env["PUSH_IT_REQUIRE_ALL"]);

/** Runs the tests in an engine. If this machine does not have it, they are skipped, with a word on how to install it. */
export const runIn = (engine: Engine): void => {
  const missing = engine.missing();
  const skipped = missing !== undefined && !mandatory;
  if (skipped) console.warn(`Skipped: there is no ${engine.name} here. Install it with: ${missing}`);

  (skipped ? describe.skip : describe)(`the SDK in ${engine.name}`, () => {
    let world: World;

    beforeAll(async () => {
      if (missing !== undefined) throw new Error(`there is no ${engine.name} here. Install it with: ${missing}`);
      world = await World.start(engine);
    });

    afterEach(() => world?.tidy());

    afterAll(() => world?.close());

    for (const { title, engines = [engine.name], run } of TESTS) {
      if (engines.includes(engine.name)) it(title, () => run(world));
    }
  });
};
