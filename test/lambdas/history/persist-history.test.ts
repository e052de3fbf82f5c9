import type { Json } from "../../../protocol/index.js";
import { persistHistory, type Submission } from "../../../lambdas/history/persist-history.js";
import { PENDING_MS } from "../../../lambdas/history/history.js";
import { replayFrom } from "../../../lambdas/history/replay.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { deliveredOf, messageOf, NOW, TestClock } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { busyAt, MemoryHistories, type Step } from "./history-fakes.js";

const CHANNEL = "kept/1";
const KEEP = { size: 100, seconds: 3_600 };

const systemOf = () => {
  const clock = new TestClock();
  const settings = { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: KEEP } } };
  return { clock, settings, histories: new MemoryHistories(clock, settings.dedupeSeconds, new MemoryStore()) };
};
type System = ReturnType<typeof systemOf>;

/** A publisher's message, published unchanged on these channels. */
const sent = (uuid: string, data: Json = uuid, ...channels: string[]): Submission => ({
  own: messageOf(channels[0] ?? CHANNEL, data, uuid),
  publications: (channels.length > 0 ? channels : [CHANNEL]).map((channel) => ({
    message: messageOf(channel, data, uuid),
  })),
});

const store = (system: System, ...submissions: Submission[]) => persistHistory(system, "ada", submissions);

/** The replay of a reader that starts at the beginning and reads to the end. */
const readAll = async (system: System, from = 0) => {
  const head = system.histories.heads_.get(CHANNEL)!;
  const { messages, position, pendingMs } = await replayFrom(
    system,
    { channel: CHANNEL, head, keep: KEEP },
    { epoch: head.epoch, offset: from },
    100,
  );
  return { replayed: messages.map(({ offset, message }) => `${offset}:${message.uuid}`), position, pendingMs };
};

describe("a publication on a channel with history", () => {
  // Several messages of a frame share the first write.
  test("gets the next offset, in the frame's order, with three writes", async () => {
    const system = systemOf();
    const recorded = await store(system, sent("m1"), sent("m2"), sent("m3"));
    const { epoch } = system.histories.heads_.get(CHANNEL)!;
    expect(recorded.map(({ position }) => position)).toEqual([1, 2, 3].map((offset) => ({ epoch, offset })));
    expect(recorded.flatMap(({ publications }) => publications)).toEqual(
      ["m1", "m2", "m3"].map((uuid, at) => ({ message: deliveredOf(CHANNEL, uuid, uuid), epoch, offset: at + 1 })),
    );
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:m1", "2:m2", "3:m3"]);
    const one = systemOf();
    const calls: Step[] = [];
    one.histories.before = (step) => calls.push(step);
    await store(one, sent("m1"));
    expect(calls).toEqual(["reserveOffsets", "claim", "put"]);
  });

  test("leaves other channels unchanged, without any cost", async () => {
    const system = systemOf();
    system.histories.before = () => {
      throw new Error("asked");
    };
    const submissions = [sent("m1", 1, "plain")];
    expect(await persistHistory(system, "ada", submissions)).toBe(submissions);
  });

  test("has a position only if published on the publisher's own channel", async () => {
    const system = systemOf();
    const [elsewhere] = await store(system, {
      own: messageOf("kept/own", 1, "m1"),
      publications: [{ message: messageOf(CHANNEL, 1, "m1") }],
    });
    expect(elsewhere).not.toHaveProperty("position");
    expect(elsewhere?.publications[0]).toMatchObject({ offset: 1 });
  });
});

describe("a repeated publication", () => {
  // The offset that it did not need is sealed.
  test("is stored once and delivered again as it was stored", async () => {
    const system = systemOf();
    const [first] = await store(system, sent("m1"));
    const changed: Submission = {
      own: messageOf(CHANNEL, "m1", "m1"),
      publications: [{ message: messageOf(CHANNEL, "other", "m1") }],
    };
    const [again] = await store(system, changed);
    expect(again).toEqual(first);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:m1", "2:-"]);
  });

  test("is another message for another publisher, window or history", async () => {
    const system = systemOf();
    await store(system, sent("m1"));
    await persistHistory(system, "bob", [sent("m1")]);
    system.clock.advance(DEFAULT_SETTINGS.dedupeSeconds * 1000);
    await store(system, sent("m1"));
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:m1", "2:m1", "3:m1"]);
    system.histories.heads_.delete(CHANNEL);
    system.clock.advance(1);
    expect((await store(system, sent("m1")))[0]?.position?.offset).toBe(1);
  });

  test("with other data is refused, and not published", async () => {
    const system = systemOf();
    await store(system, sent("m1", 1));
    expect(await store(system, sent("m1", 2, CHANNEL, "plain"))).toEqual([
      { publications: [], refused: "uuid_reused" },
    ]);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:m1", "2:-"]);
  });

  test("in the same frame is one message, or refused before any write", async () => {
    const system = systemOf();
    const same = await store(system, sent("m1"), sent("m1"));
    expect(same[1]).toEqual(same[0]);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:m1"]);
    const recorded = await store(system, sent("m2", 1), sent("m2", 2), sent("m3"));
    expect(recorded.map(({ refused }) => refused)).toEqual([undefined, "uuid_reused", undefined]);
    const both = ["a", "b"].map((data) => ({ message: messageOf(CHANNEL, data, "m4") }));
    expect(await store(system, { own: messageOf(CHANNEL, 1, "m4"), publications: both })).toEqual([
      { publications: [], refused: "uuid_reused" },
    ]);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:m1", "2:m2", "3:m3"]);
  });
});

describe("a channel that is busy", () => {
  test.each<[Step]>([["reserveOffsets"], ["claim"], ["put"]])(
    "at %s refuses the message, and a repetition stores it once",
    async (step) => {
      const system = systemOf();
      system.histories.before = busyAt(step);
      expect(await store(system, sent("m1", 1, CHANNEL, "plain"))).toEqual([
        { publications: [], refused: "channel_busy" },
      ]);
      system.histories.before = () => undefined;
      const [again] = await store(system, sent("m1", 1, CHANNEL, "plain"));
      expect(again?.publications.map(({ message }) => message.channel)).toEqual([CHANNEL, "plain"]);
      system.clock.advance(PENDING_MS);
      expect((await readAll(system)).replayed.map((each) => each.split(":")[1])).toEqual(["m1"]);
    },
  );

  test("does not delay other channels of the frame", async () => {
    const system = systemOf();
    const { reserveOffsets: take } = system.histories;
    system.histories.reserveOffsets = async (channel, ...rest) => {
      if (channel === CHANNEL) busyAt("reserveOffsets")("reserveOffsets");
      return take.call(system.histories, channel, ...rest);
    };
    const recorded = await store(system, sent("m1"), sent("m2", 2, "kept/2"), sent("m3", 3, "plain"));
    expect(recorded.map(({ refused, publications }) => [refused, publications.length])).toEqual([
      ["channel_busy", 0],
      [undefined, 1],
      [undefined, 1],
    ]);
  });

  // Nothing is known about the stored rows then.
  test("is not the result if another error occurs, which is thrown", async () => {
    const system = systemOf();
    system.histories.before = (step) => {
      if (step === "put") throw new Error("down");
    };
    await expect(store(system, sent("m1"))).rejects.toThrow("down");
  });
});

describe("a writer that is slower than readers wait", () => {
  test("finds its offset sealed and stores its message at a new one", async () => {
    const system = systemOf();
    system.histories.before = async (step) => {
      if (step !== "put") return;
      system.histories.before = () => undefined;
      await persistHistory(system, "bob", [sent("other")]);
      system.clock.advance(PENDING_MS);
      expect((await readAll(system)).replayed).toEqual(["2:other"]);
    };
    const [recorded] = await store(system, sent("m1"));
    expect(recorded?.position?.offset).toBe(3);
    expect(system.histories.listOffsets(CHANNEL)).toEqual(["1:-", "2:other", "3:m1"]);
    expect((await store(system, sent("m1")))[0]?.position?.offset).toBe(3);
  });

  test("and a concurrent repetition store the message once, at any step", async () => {
    for (const step of ["claim", "put", "row", "reserveOffsets", "reclaim"] as const) {
      const system = systemOf();
      let met = false;
      let steps = 0;
      system.histories.before = async (now) => {
        // Readers seal the pending offset, so that the writer has to move on. Then the repetition runs at the writer's
        // step.
        if (now === "put" && (steps += 1) === 1) {
          const { epoch } = system.histories.heads_.get(CHANNEL)!;
          system.histories.rowsOf(CHANNEL, epoch).set(1, { offset: 1, at: NOW });
        }
        if (met || now !== step || (step !== "claim" && steps === 0)) return;
        if (step === "reserveOffsets" && steps < 1) return;
        met = true;
        await store(system, sent("m1"));
      };
      const [recorded] = await store(system, sent("m1"));
      system.histories.before = () => undefined;
      system.clock.advance(PENDING_MS);
      const { replayed } = await readAll(system);
      expect([step, met, replayed]).toEqual([step, true, [`${recorded!.position!.offset}:m1`]]);
    }
  });
});

/** Kills a writer before or after its `at`-th step. */
const dieAt = (system: System, at: number, when: "before" | "after") => {
  let step = 0;
  const dead = { died: "" };
  system.histories[when] = (name) => {
    if ((step += 1) < at) return;
    dead.died ||= name;
    throw new Error("killed");
  };
  return {
    dead,
    restore: () => {
      system.histories[when] = () => undefined;
    },
  };
};

describe.each(["before", "after"] as const)("a writer that is killed %s any of its writes", (when) => {
  /** Kills a writer of two messages at every step, and then calls `then`. */
  const everywhere = async (
    then: (system: System, died: string) => Promise<void>,
    prepare: (system: System) => Promise<unknown> = async () => undefined,
  ) => {
    const died = new Set<string>();
    for (let at = 1; at <= 12; at += 1) {
      const system = systemOf();
      await prepare(system);
      const { dead, restore } = dieAt(system, at, when);
      await store(system, sent("m1"), sent("m2")).catch(() => undefined);
      restore();
      if (dead.died) died.add(dead.died);
      await then(system, dead.died);
    }
    return died;
  };

  test("delays readers only for their wait, and the replayed order stays", async () => {
    const died = await everywhere(async (system) => {
      await persistHistory(system, "bob", [sent("next")]);
      const early = await readAll(system);
      system.clock.advance(PENDING_MS);
      const late = await readAll(system);
      expect(late.pendingMs).toBeUndefined();
      expect(late.replayed.at(-1)).toMatch(/:next$/);
      expect(late.replayed.slice(0, early.replayed.length)).toEqual(early.replayed);
      // A repetition does not change anything that was replayed.
      await store(system, sent("m1"), sent("m2"));
      const all = await readAll(system);
      expect(all.replayed.slice(0, late.replayed.length)).toEqual(late.replayed);
      expect(all.replayed.map((each) => each.split(":")[1]).sort()).toEqual(["m1", "m2", "next"]);
    });
    expect([...died].sort()).toEqual(["claim", "put", "reserveOffsets"]);
  });

  test("loses no message that is repeated at once, and stores it once", async () => {
    await everywhere(async (system) => {
      const recorded = await store(system, sent("m1"), sent("m2"));
      expect(recorded.map(({ refused }) => refused)).toEqual([undefined, undefined]);
      system.clock.advance(PENDING_MS);
      expect((await readAll(system)).replayed.map((each) => each.split(":")[1]).sort()).toEqual(["m1", "m2"]);
    });
  });

  test("may have repeated a killed writer, whose offsets were sealed", async () => {
    const died = await everywhere(
      async (system) => {
        await store(system, sent("m1"), sent("m2"));
        system.clock.advance(PENDING_MS);
        expect((await readAll(system)).replayed.map((each) => each.split(":")[1]).sort()).toEqual(["m1", "m2"]);
      },
      async (system) => {
        system.histories.before = (step) => {
          if (step === "put") throw new Error("killed");
        };
        await store(system, sent("m1"), sent("m2")).catch(() => undefined);
        system.histories.before = () => undefined;
        system.clock.advance(PENDING_MS);
        await readAll(system);
      },
    );
    expect([...died]).toEqual(expect.arrayContaining(["claim", "claimed", "put", "reclaim", "row", "reserveOffsets"]));
  });
});
