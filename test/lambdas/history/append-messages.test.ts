import fc from "fast-check";
import { PENDING_MS } from "../../../lambdas/history/history.js";
import { appendMessages, type AppendResult } from "../../../lambdas/history/append-messages.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { messageOf, TestClock } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { busyAt, MemoryHistories } from "./history-fakes.js";

const CHANNEL = "kept/1";

const systemOf = () => {
  const clock = new TestClock();
  const settings = { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: { size: 100, seconds: 3_600 } } } };
  return { clock, settings, histories: new MemoryHistories(clock, settings.dedupeSeconds, new MemoryStore()) };
};
type System = ReturnType<typeof systemOf>;

const write = (system: System, ...uuids: string[]): Promise<AppendResult[]> =>
  appendMessages(
    system,
    "ada",
    uuids.map((uuid) => ({ message: messageOf(CHANNEL, uuid, uuid), hash: uuid })),
  );

/** The uuids of the messages, in the order of their offsets. */
const storedUuids = ({ histories }: System): string[] =>
  histories.listOffsets(CHANNEL).flatMap((each) => (each.endsWith(":-") ? [] : [each.split(":")[1]!]));

const offsets = (settled: readonly AppendResult[]): unknown[] =>
  settled.map((each) => (typeof each === "object" ? each.position.offset : each));

/** Lets writers take turns, one step each, in a random order, so that any interleaving is possible. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #draw: () => number;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  readonly wait = (): Promise<void> => new Promise((resolve) => this.#waiting.push(resolve));

  /** Ends when all work has ended. */
  async play<T>(work: readonly Promise<T>[]): Promise<T[]> {
    let over = false;
    const ended = Promise.all(work).finally(() => (over = true));
    while (!over) {
      // The resumed writer runs up to its next step.
      await new Promise((resolve) => setImmediate(resolve));
      this.#waiting.splice(this.#draw() % Math.max(1, this.#waiting.length), 1)[0]?.();
    }
    return ended;
  }
}

/** A first frame and repetitions of it, the later ones with more messages. */
const tries = fc.array(fc.constantFrom(["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]), {
  minLength: 2,
  maxLength: 3,
});

describe("messages of one frame", () => {
  test("are stored once and in order, even if repeated concurrently", async () => {
    await fc.assert(
      fc.asyncProperty(tries, fc.infiniteStream(fc.nat()), async (frames, numbers) => {
        const system = systemOf();
        const turns = new Turns(() => Number(numbers.next().value));
        system.histories.before = turns.wait;
        const settled = await turns.play(frames.map((uuids) => write(system, ...uuids)));
        const all = [...new Set(frames.flat())].sort();
        expect(storedUuids(system)).toEqual(all);
        // All writers get the same offsets.
        for (const [at, uuids] of frames.entries()) {
          expect(offsets(settled[at]!)).toEqual(
            uuids.map((uuid) => system.histories.claims.get(`${CHANNEL} ada ${uuid}`)?.offset),
          );
        }
        // No reader has to wait for an offset.
        const { offset } = system.histories.heads_.get(CHANNEL)!;
        expect(system.histories.listOffsets(CHANNEL)).toHaveLength(offset);
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  // The first writer had reserved and claimed the offsets, then died.
  test("are stored in order after a killed writer's offsets were sealed", async () => {
    const system = systemOf();
    system.histories.before = (step) => {
      if (step === "put") throw new Error("killed");
    };
    await write(system, "a", "b", "c").catch(() => undefined);
    system.histories.before = () => undefined;
    for (const offset of [1, 2]) system.histories.rowsOf(CHANNEL).set(offset, { offset, at: system.clock.now() });
    const calls: string[] = [];
    system.histories.after = (step) => calls.push(step);
    expect(offsets(await write(system, "a", "b", "c"))).toEqual([4, 5, 6]);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:-", "2:-", "3:-", "4:a", "5:b", "6:c"]);
    expect(calls.filter((step) => step === "reserveOffsets")).toEqual(["reserveOffsets"]);
  });

  test("are stored in order if a slow writer's offset was sealed", async () => {
    const system = systemOf();
    let puts = 0;
    system.histories.before = (step) => {
      if (step === "claim") system.clock.advance(PENDING_MS / 2);
      // A reader seals the first offset. It has not read the others.
      if (step === "put" && (puts += 1) === 1)
        system.histories.rowsOf(CHANNEL).set(1, { offset: 1, at: system.clock.now() });
    };
    await write(system, "a", "b", "c");
    expect(storedUuids(system)).toEqual(["a", "b", "c"]);
  });

  test("keep their offsets once stored, even if an earlier message has none", async () => {
    const system = systemOf();
    await write(system, "b");
    expect(offsets(await write(system, "a", "b", "c"))).toEqual([2, 1, 4]);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:b", "2:a", "3:-", "4:c"]);
  });

  // So a repetition stores the messages in order.
  test("stop at the first message that a busy channel refuses", async () => {
    for (const step of ["claim", "put"] as const) {
      const system = systemOf();
      let times = 0;
      system.histories.before = (now) => {
        if (now === step && (times += 1) === 2) busyAt(step)(step);
      };
      const settled = await write(system, "a", "b", "c", "d");
      expect(settled.map((each) => (typeof each === "object" ? "stored" : each)).slice(0, 2)).toEqual([
        "stored",
        "channel_busy",
      ]);
      system.histories.before = () => undefined;
      await write(system, "b", "c", "d");
      expect([step, ...storedUuids(system)]).toEqual([step, "a", "b", "c", "d"]);
    }
  });

  // New subscribers begin after such an offset.
  test("move on from an old offset, even if it is not sealed", async () => {
    const system = systemOf();
    system.histories.before = busyAt("put");
    await write(system, "a");
    system.histories.before = () => undefined;
    system.clock.advance(PENDING_MS);
    expect(offsets(await write(system, "a"))).toEqual([2]);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:-", "2:a"]);
    system.clock.advance(PENDING_MS);
    expect(offsets(await write(system, "a"))).toEqual([2]);
  });

  test("never use an offset that belongs to another publisher", async () => {
    const system = systemOf();
    const { epoch, offset } = await system.histories.reserveOffsets(CHANNEL, 1, "e", { size: 1, seconds: 1 });
    const at = system.clock.now();
    await system.histories.put(
      CHANNEL,
      epoch,
      { offset, at, message: { uuid: "other", data: 1 } },
      { size: 1, seconds: 1 },
    );
    await system.histories.claim({ channel: CHANNEL, publisher: "ada", uuid: "a" }, { epoch, offset, at, hash: "a" });
    expect(offsets(await write(system, "a"))).toEqual([2]);
    expect(storedUuids(system)).toEqual(["other", "a"]);
  });
});
