import { fakeWorld } from "./conformance/fake-world.js";
import { SUITE } from "./conformance/suite.js";

describe("the fake, in the conformance suite", () => {
  it.each(SUITE)("$name", async ({ run }) => {
    const world = fakeWorld();
    try {
      await run(world);
    } finally {
      world.close();
    }
  });
});
