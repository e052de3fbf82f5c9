import { describeIn } from "../engines/describe-in.js";
import type { Engine } from "../engines/engine.js";
import { CONVERSATION } from "./conversation.js";
import { LIFE } from "./life.js";
import { NETWORK } from "./network.js";
import { POLICY } from "./policy.js";
import { type BrowserTest, World } from "./world.js";

/** Every test of the SDK in a browser. */
const TESTS: readonly BrowserTest[] = [...CONVERSATION, ...NETWORK, ...LIFE, ...POLICY];

/** Runs the tests in an engine. */
export const runIn = (engine: Engine): void =>
  describeIn(engine, `the SDK in ${engine.name}`, () => {
    let world: World;

    beforeAll(async () => {
      world = await World.start(engine);
    });

    afterEach(() => world?.tidy());

    afterAll(() => world?.close());

    for (const { title, engines = [engine.name], run } of TESTS) {
      if (engines.includes(engine.name)) it(title, () => run(world));
    }
  });
