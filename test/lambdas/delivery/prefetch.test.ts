import { prefetch } from "../../../lambdas/delivery/prefetch.js";

/** Pages that say when they are asked for, and fail where they are told to. */
const pages = (count: number, log: string[], failAt = Infinity) =>
  (async function* () {
    try {
      for (let at = 1; at <= count; at += 1) {
        log.push(`read ${at}`);
        if (at === failAt) throw new Error(`page ${at}`);
        yield at;
      }
    } finally {
      log.push("closed");
    }
  })();

const tick = (): Promise<void> => new Promise(setImmediate);

test("the next value is asked for while the one before is worked on, and no further", async () => {
  const log: string[] = [];
  for await (const page of prefetch(pages(3, log))) {
    await tick();
    log.push(`work ${page}`);
  }
  expect(log).toEqual(["read 1", "read 2", "work 1", "read 3", "work 2", "closed", "work 3"]);
});

test("what fails is thrown in its turn, after what came before has been worked on", async () => {
  const log: string[] = [];
  const run = async (): Promise<void> => {
    for await (const page of prefetch(pages(3, log, 2))) {
      await tick();
      log.push(`work ${page}`);
    }
  };
  await expect(run()).rejects.toThrow("page 2");
  expect(log).toContain("work 1");
});

test("who stops early closes what is read", async () => {
  const log: string[] = [];
  for await (const _ of prefetch(pages(9, log))) break;
  expect(log).toEqual(["read 1", "read 2", "closed"]);
});
