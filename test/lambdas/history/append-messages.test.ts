import fc from "fast-check";
import { PENDING_MS } from "../../../lambdas/history/history.js";
import { appendMessages, type AppendResult } from "../../../lambdas/history/append-messages.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MemoryStore, messageOf, TestClock } from "../support/fakes.js";
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

/** The messages in the order of their offsets. */
const told = ({ histories }: System): string[] =>
  histories.told(CHANNEL).flatMap((each) => (each.endsWith(":-") ? [] : [each.split(":")[1]!]));

const offsets = (settled: readonly AppendResult[]): unknown[] =>
  settled.map((each) => (typeof each === "object" ? each.position.offset : each));

/** Lets writers take turns, one step each, in an order that is drawn: any interleaving of them can come. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #draw: () => number;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  readonly wait = (): Promise<void> => new Promise((resolve) => this.#waiting.push(resolve));

  /** Ends when all work has. */
  async play<T>(work: readonly Promise<T>[]): Promise<T[]> {
    let over = false;
    const ended = Promise.all(work).finally(() => (over = true));
    while (!over) {
      // What was woken goes as far as its next step.
      await new Promise((resolve) => setImmediate(resolve));
      this.#waiting.splice(this.#draw() % Math.max(1, this.#waiting.length), 1)[0]?.();
    }
    return ended;
  }
}

/** A first try and repetitions of it, the later ones with more behind. */
const tries = fc.array(fc.constantFrom(["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]), {
  minLength: 2,
  maxLength: 3,
});

describe("messages of one frame", () => {
  test("are stored once, and in their order, whoever repeats them beside each other", async () => {
    await fc.assert(
      fc.asyncProperty(tries, fc.infiniteStream(fc.nat()), async (frames, numbers) => {
        const system = systemOf();
        const turns = new Turns(() => Number(numbers.next().value));
        system.histories.before = turns.wait;
        const settled = await turns.play(frames.map((uuids) => write(system, ...uuids)));
        const all = [...new Set(frames.flat())].sort();
        expect(told(system)).toEqual(all);
        // Every one of them is told the same.
        for (const [at, uuids] of frames.entries()) {
          expect(offsets(settled[at]!)).toEqual(
            uuids.map((uuid) => system.histories.claims.get(`${CHANNEL} ada ${uuid}`)?.offset),
          );
        }
        // And no reader has to wait for anything.
        const { offset } = system.histories.heads_.get(CHANNEL)!;
        expect(system.histories.told(CHANNEL)).toHaveLength(offset);
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  test("also where the first try had taken and claimed, and died, and readers have sealed its offsets", async () => {
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
    expect(system.histories.told(CHANNEL)).toEqual(["1:-", "2:-", "3:-", "4:a", "5:b", "6:c"]);
    expect(calls.filter((step) => step === "reserveOffsets")).toEqual(["reserveOffsets"]);
  });

  test("also where its writer is so slow that the offset of one is sealed before it comes", async () => {
    const system = systemOf();
    let puts = 0;
    system.histories.before = (step) => {
      if (step === "claim") system.clock.advance(PENDING_MS / 2);
      // A reader seals the first; the others it has not come to.
      if (step === "put" && (puts += 1) === 1)
        system.histories.rowsOf(CHANNEL).set(1, { offset: 1, at: system.clock.now() });
    };
    await write(system, "a", "b", "c");
    expect(told(system)).toEqual(["a", "b", "c"]);
  });

  test("stay where they are once they are stored, though one before them is not", async () => {
    const system = systemOf();
    await write(system, "b");
    expect(offsets(await write(system, "a", "b", "c"))).toEqual([2, 1, 4]);
    expect(system.histories.told(CHANNEL)).toEqual(["1:b", "2:a", "3:-", "4:c"]);
  });

  test("end with the first that the channel is too busy for: what is repeated then has their order", async () => {
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
      expect([step, ...told(system)]).toEqual([step, "a", "b", "c", "d"]);
    }
  });

  test("move on from an offset that is too old, though nobody has sealed it: whoever came meanwhile begins behind it", async () => {
    const system = systemOf();
    system.histories.before = busyAt("put");
    await write(system, "a");
    system.histories.before = () => undefined;
    system.clock.advance(PENDING_MS);
    expect(offsets(await write(system, "a"))).toEqual([2]);
    expect(system.histories.told(CHANNEL)).toEqual(["1:-", "2:a"]);
    system.clock.advance(PENDING_MS);
    expect(offsets(await write(system, "a"))).toEqual([2]);
  });

  test("never take for theirs what is somebody else's", async () => {
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
    expect(told(system)).toEqual(["other", "a"]);
  });
});
