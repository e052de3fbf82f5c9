import { FakePushIt } from "push-it-client/testing";
import { DEPLOYMENT } from "./deployment.js";
import guards from "./guards.js";
import type { World } from "./world.js";

/** The suite's deployment as a fake. */
export const fakeWorld = (): World & { close(): void } => {
  const fake = new FakePushIt({ ...DEPLOYMENT, guards });
  return {
    client: (options) => fake.client({ logger: {}, ...options }),
    program: fake,
    cut: (client) => fake.cut(client),
    async pass() {
      await fake.advance(100);
    },
    moments: 300,
    close: () => fake.close(),
  };
};
