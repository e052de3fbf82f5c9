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
import { addSubscribers, fanOutSystem, type FanOutSystem } from "./fan-out-system.js";
import { messageOf, NOW } from "../support/fakes.js";

/** When a message is visible again that found all workers busy. AWS takes longer, so this is the worse case. */
const THROTTLED_MS = 13_000;

/** When a segment is visible again whose worker died: after the worker's timeout and five seconds. */
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

/** A queue and its workers, on the test's clock. Runs until the queue is empty. */
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

/** Ten subscribers, of which workers deliver to nine. */
const system = async () => {
  const made = fanOutSystem({ threshold: 1 });
  const ids = await addSubscribers(made, 10, "a");
  return { made, ids };
};

describe("workers that are busy until the last second of five minutes", () => {
  const freeAt = NOW + DELIVERY_DEADLINE_MS - 1_000;

  test("reach every subscriber then, and close none", async () => {
    const { made, ids } = await system();
    await fanOut(made, publications);
    expect(await run(made, { freeAt })).toMatchObject({ dead: [], deaths: 0 });
    expect(made.connections.closed).toEqual([]);
    for (const id of ids) expect(made.connections.to(id)).toHaveLength(1);
  });

  test("try a slow client before they close it", async () => {
    const { made } = await system();
    made.connections.scripts.set("c0", () =>
      Promise.resolve(made.clock.now() < NOW + SLOW_CLIENT_GRACE_MS ? "busy" : "sent"),
    );
    await fanOut(made, publications);
    expect(await run(made, { freeAt })).toMatchObject({ dead: [] });
    expect(made.connections.closed).toEqual([]);
  });

  test("close no client if a worker dies afterwards", async () => {
    const { made } = await system();
    await fanOut(made, publications);
    // The second worker comes later than a message may be, so it closes the recipients.
    expect(await run(made, { freeAt: NOW + 60_000, dies: (attempt) => attempt < SEGMENT_ATTEMPTS })).toMatchObject({
      deaths: SEGMENT_ATTEMPTS - 1,
    });
    expect(made.connections.closed).toEqual([]);
  });
});

describe("a segment whose workers all die", () => {
  test("is tried five or six times, then its recipients are closed", async () => {
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
      // The deadline of the message has not passed, so the deaths ended the delivery.
      expect(made.clock.now()).toBeLessThan(NOW + DELIVERY_DEADLINE_MS);
    }
  });

  test("is in the dead-letter queue if the closing workers die, too", async () => {
    const { made } = await system();
    await fanOut(made, publications);
    const { dead, deaths } = await run(made, { dies: () => true });
    expect(dead).toHaveLength(1);
    expect(deaths).toBe(MAX_SEGMENT_RECEIVES);
  });
});

test("a segment that succeeds costs no write", async () => {
  const { made } = await system();
  await fanOut(made, publications);
  expect(await run(made, {})).toMatchObject({ writes: 0, deaths: 0 });
});
