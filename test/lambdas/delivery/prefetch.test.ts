import { prefetch } from "../../../lambdas/delivery/prefetch.js";

/** Pages that log when they are read, and fail at `failAt`. */
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

test("prefetch reads one value ahead of the loop, not more", async () => {
  const log: string[] = [];
  for await (const page of prefetch(pages(3, log))) {
    await tick();
    log.push(`work ${page}`);
  }
  expect(log).toEqual(["read 1", "read 2", "work 1", "read 3", "work 2", "closed", "work 3"]);
});

test("prefetch throws an error in its turn, after the earlier values", async () => {
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

test("prefetch closes its source when the loop ends early", async () => {
  const log: string[] = [];
  for await (const _ of prefetch(pages(9, log))) break;
  expect(log).toEqual(["read 1", "read 2", "closed"]);
});
