import { fakeWorld } from "./fake-world.js";
import { SUITE } from "./suite.js";

/** The longest that a behaviour of the fake may take, in milliseconds. It takes some 5 otherwise. */
const TIMEOUT_MS = 1_500;

/**
 * Runs behaviours of the suite against the fake of this bundle.
 * @returns the reason of each failure, by name
 */
export const failures = async (names: readonly string[]): Promise<Record<string, string>> => {
  const failed: Record<string, string> = {};
  for (const { name, run } of SUITE.filter((each) => names.includes(each.name))) {
    const world = fakeWorld();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("it did not end")), TIMEOUT_MS);
    });
    try {
      await Promise.race([run(world), timeout]);
    } catch (error) {
      failed[name] = String(error);
    } finally {
      clearTimeout(timer);
      world.close();
    }
  }
  return failed;
};
