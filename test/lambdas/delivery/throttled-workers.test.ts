import { MAX_SEGMENT_RECEIVES } from "../../../protocol/deployment.js";
import { deliverSegment, fanOut, DELIVERY_DEADLINE_MS } from "../../../lambdas/delivery/fan-out.js";
import { SLOW_CLIENT_GRACE_MS } from "../../../lambdas/delivery/segment-dispatcher.js";
import {
  atAttempt,
  attemptOf,
  type SegmentAttempts,
  decodeSegment,
  encodeSegment,
  SEGMENT_ATTEMPTS,
} from "../../../lambdas/delivery/segments.js";
import { audienceOf, fanOutSystem, type FanOutSystem } from "./fan-out-system.js";
import { messageOf, NOW } from "../support/fakes.js";

/** When a message comes back that found all workers busy. AWS takes longer: this is the worse case. */
const THROTTLED_MS = 13_000;

/** When a segment comes back whose worker has died: its time and five seconds. */
const DEAD_MS = 21_000;

interface Queued {
  id: string;
  body: string;
  receives: number;
  visibleAt: number;
}

class CountedAttempts implements SegmentAttempts {
  readonly counts = new Map<string, number>();

  begin(id: string): Promise<number> {
    const count = (this.counts.get(id) ?? 0) + 1;
    this.counts.set(id, count);
    return Promise.resolve(count);
  }
}

/** A queue and its workers, on the system's clock: runs until nothing is left in the queue. */
const run = async (
  system: FanOutSystem,
  { freeAt = 0, dies = () => false }: { freeAt?: number; dies?: (begun: number) => boolean },
) => {
  const attempts = new CountedAttempts();
  const [queue, dead]: [Queued[], Queued[]] = [[], []];
  let [deaths, sent] = [0, 0];
  const enqueue = (): void => {
    for (const { segment, delaySeconds } of system.segments.sent.splice(0)) {
      queue.push({
        id: `m${(sent += 1)}`,
        body: encodeSegment(segment),
        receives: 0,
        visibleAt: system.clock.now() + delaySeconds * 1_000,
      });
    }
  };
  enqueue();
  while (queue.length > 0) {
    queue.sort((a, b) => a.visibleAt - b.visibleAt);
    const message = queue.shift()!;
    system.clock.advance(Math.max(0, message.visibleAt - system.clock.now()));
    message.receives += 1;
    if (message.receives > MAX_SEGMENT_RECEIVES) {
      dead.push(message);
    } else if (system.clock.now() < freeAt) {
      queue.push({ ...message, visibleAt: message.visibleAt + THROTTLED_MS });
    } else {
      const attempt = await attemptOf(attempts, message.id, message.receives);
      if (dies(attempt)) {
        deaths += 1;
        queue.push({ ...message, visibleAt: system.clock.now() + DEAD_MS });
      } else {
        await deliverSegment(system, atAttempt(decodeSegment(message.body), attempt));
        enqueue();
      }
    }
  }
  return { deaths, dead, writes: [...attempts.counts.values()].reduce((sum, each) => sum + each, 0) };
};

const publications = [{ message: messageOf("a", "hello", "m1") }];

/** Ten subscribers, of whom workers have nine. */
const system = async () => {
  const made = fanOutSystem({ threshold: 1 });
  const ids = await audienceOf(made, 10, "a");
  return { made, ids };
};

describe("workers that are all busy for five minutes, but for the last second", () => {
  const freeAt = NOW + DELIVERY_DEADLINE_MS - 1_000;

  test("cost nobody anything: everybody is reached then, and nobody closed", async () => {
    const { made, ids } = await system();
    await fanOut(made, publications);
    expect(await run(made, { freeAt })).toMatchObject({ dead: [], deaths: 0 });
    expect(made.connections.closed).toEqual([]);
    for (const id of ids) expect(made.connections.to(id)).toHaveLength(1);
  });

  test("do not make a client one that reads nothing: it is tried before it is closed", async () => {
    const { made } = await system();
    made.connections.scripts.set("c0", () =>
      Promise.resolve(made.clock.now() < NOW + SLOW_CLIENT_GRACE_MS ? "busy" : "sent"),
    );
    await fanOut(made, publications);
    expect(await run(made, { freeAt })).toMatchObject({ dead: [] });
    expect(made.connections.closed).toEqual([]);
  });

  test("cost nobody anything either if a worker dies afterwards", async () => {
    const { made } = await system();
    await fanOut(made, publications);
    // The second one comes later than a message may be, so it closes.
    expect(await run(made, { freeAt: NOW + 60_000, dies: (attempt) => attempt < SEGMENT_ATTEMPTS })).toMatchObject({
      deaths: SEGMENT_ATTEMPTS - 1,
    });
    expect(made.connections.closed).toEqual([]);
  });
});

describe("a segment that all workers die of", () => {
  test("is ended after five or six of them: the next one closes the recipients", async () => {
    for (const [freeAt, deaths] of [
      [0, SEGMENT_ATTEMPTS + 1],
      [NOW + 60_000, SEGMENT_ATTEMPTS],
    ] as const) {
      const { made, ids } = await system();
      await fanOut(made, publications);
      expect(await run(made, { freeAt, dies: (attempt) => attempt <= SEGMENT_ATTEMPTS })).toMatchObject({
        dead: [],
        deaths,
      });
      expect([...made.connections.closed].sort()).toEqual(ids.slice(1).sort());
      // Within the time that a message may take, so that it was the deaths that ended it.
      expect(made.clock.now()).toBeLessThan(NOW + DELIVERY_DEADLINE_MS);
    }
  });

  test("is in the dead-letter queue in the end if those that are to close die, too", async () => {
    const { made } = await system();
    await fanOut(made, publications);
    const { dead, deaths } = await run(made, { dies: () => true });
    expect(dead).toHaveLength(1);
    expect(deaths).toBe(MAX_SEGMENT_RECEIVES);
  });
});

test("what goes well costs no write", async () => {
  const { made } = await system();
  await fanOut(made, publications);
  expect(await run(made, {})).toMatchObject({ writes: 0, deaths: 0 });
});
