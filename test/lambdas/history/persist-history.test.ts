import type { Json } from "../../../protocol/index.js";
import { persistHistory, type Submission } from "../../../lambdas/history/persist-history.js";
import { PENDING_MS } from "../../../lambdas/history/history.js";
import { replayFrom } from "../../../lambdas/history/replay.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MemoryStore, messageOf, NOW, TestClock } from "../support/fakes.js";
import { busyAt, MemoryHistories, type Step } from "./history-fakes.js";

const CHANNEL = "kept/1";
const KEEP = { size: 100, seconds: 3_600 };

const systemOf = () => {
  const clock = new TestClock();
  const settings = { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: KEEP } } };
  return { clock, settings, histories: new MemoryHistories(clock, settings.dedupeSeconds, new MemoryStore()) };
};
type System = ReturnType<typeof systemOf>;

/** What a publisher sends, and publishes as it is on some channels. */
const sent = (uuid: string, data: Json = uuid, ...channels: string[]): Submission => ({
  own: messageOf(channels[0] ?? CHANNEL, data, uuid),
  publications: (channels.length > 0 ? channels : [CHANNEL]).map((channel) => ({
    message: messageOf(channel, data, uuid),
  })),
});

const store = (system: System, ...submissions: Submission[]) => persistHistory(system, "ada", submissions);

/** All that a reader is told who begins at the beginning, and asks until nothing more is told now. */
const readAll = async (system: System, from = 0) => {
  const head = system.histories.heads_.get(CHANNEL)!;
  const { messages, position, pendingMs } = await replayFrom(
    system,
    { channel: CHANNEL, head, keep: KEEP },
    { epoch: head.epoch, offset: from },
    100,
  );
  return { told: messages.map(({ offset, message }) => `${offset}:${message.uuid}`), position, pendingMs };
};

describe("what is published on a channel with history", () => {
  test("gets the next offsets, in the order of the frame, in three writes; of several messages the first write is one", async () => {
    const system = systemOf();
    const recorded = await store(system, sent("m1"), sent("m2"), sent("m3"));
    const { epoch } = system.histories.heads_.get(CHANNEL)!;
    expect(recorded.map(({ position }) => position)).toEqual([1, 2, 3].map((offset) => ({ epoch, offset })));
    expect(recorded.flatMap(({ publications }) => publications)).toEqual(
      ["m1", "m2", "m3"].map((uuid, at) => ({ message: messageOf(CHANNEL, uuid, uuid), epoch, offset: at + 1 })),
    );
    expect(system.histories.told(CHANNEL)).toEqual(["1:m1", "2:m2", "3:m3"]);
    const one = systemOf();
    const calls: Step[] = [];
    one.histories.before = (step) => calls.push(step);
    await store(one, sent("m1"));
    expect(calls).toEqual(["reserveOffsets", "claim", "put"]);
  });

  test("leaves other channels as they are, and costs them nothing", async () => {
    const system = systemOf();
    system.histories.before = () => {
      throw new Error("asked");
    };
    const submissions = [sent("m1", 1, "plain")];
    expect(await persistHistory(system, "ada", submissions)).toBe(submissions);
  });

  test("has a position only where the guard published it on the publisher's own channel", async () => {
    const system = systemOf();
    const [elsewhere] = await store(system, {
      own: messageOf("kept/own", 1, "m1"),
      publications: [{ message: messageOf(CHANNEL, 1, "m1") }],
    });
    expect(elsewhere).not.toHaveProperty("position");
    expect(elsewhere?.publications[0]).toMatchObject({ offset: 1 });
  });
});

describe("what is published again", () => {
  test("is stored once, at its offset, and delivered again as it was stored; the offset that it did not need is sealed", async () => {
    const system = systemOf();
    const [first] = await store(system, sent("m1"));
    const changed: Submission = {
      own: messageOf(CHANNEL, "m1", "m1"),
      publications: [{ message: messageOf(CHANNEL, "other", "m1") }],
    };
    const [again] = await store(system, changed);
    expect(again).toEqual(first);
    expect(system.histories.told(CHANNEL)).toEqual(["1:m1", "2:-"]);
  });

  test("by somebody else, after the window, or in another history is another message", async () => {
    const system = systemOf();
    await store(system, sent("m1"));
    await persistHistory(system, "bob", [sent("m1")]);
    system.clock.advance(DEFAULT_SETTINGS.dedupeSeconds * 1000);
    await store(system, sent("m1"));
    expect(system.histories.told(CHANNEL)).toEqual(["1:m1", "2:m1", "3:m1"]);
    system.histories.heads_.delete(CHANNEL);
    system.clock.advance(1);
    expect((await store(system, sent("m1")))[0]?.position?.offset).toBe(1);
  });

  test("with other data is refused, and nothing is published", async () => {
    const system = systemOf();
    await store(system, sent("m1", 1));
    expect(await store(system, sent("m1", 2, CHANNEL, "plain"))).toEqual([
      { publications: [], refused: "uuid_reused" },
    ]);
    expect(system.histories.told(CHANNEL)).toEqual(["1:m1", "2:-"]);
  });

  test("in the same frame is one message, or refused before anything is written", async () => {
    const system = systemOf();
    const same = await store(system, sent("m1"), sent("m1"));
    expect(same[1]).toEqual(same[0]);
    expect(system.histories.told(CHANNEL)).toEqual(["1:m1"]);
    const recorded = await store(system, sent("m2", 1), sent("m2", 2), sent("m3"));
    expect(recorded.map(({ refused }) => refused)).toEqual([undefined, "uuid_reused", undefined]);
    const both = ["a", "b"].map((data) => ({ message: messageOf(CHANNEL, data, "m4") }));
    expect(await store(system, { own: messageOf(CHANNEL, 1, "m4"), publications: both })).toEqual([
      { publications: [], refused: "uuid_reused" },
    ]);
    expect(system.histories.told(CHANNEL)).toEqual(["1:m1", "2:m2", "3:m3"]);
  });
});

describe("a channel that takes no more", () => {
  test.each<[Step]>([["reserveOffsets"], ["claim"], ["put"]])(
    "at %s is an outcome, of which a repetition makes one message",
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
      expect((await readAll(system)).told.map((each) => each.split(":")[1])).toEqual(["m1"]);
    },
  );

  test("holds up no other channel of the frame", async () => {
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

  test("is no outcome where something else fails: nobody knows what is stored", async () => {
    const system = systemOf();
    system.histories.before = (step) => {
      if (step === "put") throw new Error("down");
    };
    await expect(store(system, sent("m1"))).rejects.toThrow("down");
  });
});

describe("a writer that is slower than readers wait", () => {
  test("finds its offset sealed, and stores its message at a new one, once", async () => {
    const system = systemOf();
    system.histories.before = async (step) => {
      if (step !== "put") return;
      system.histories.before = () => undefined;
      await persistHistory(system, "bob", [sent("other")]);
      system.clock.advance(PENDING_MS);
      expect((await readAll(system)).told).toEqual(["2:other"]);
    };
    const [recorded] = await store(system, sent("m1"));
    expect(recorded?.position?.offset).toBe(3);
    expect(system.histories.told(CHANNEL)).toEqual(["1:-", "2:other", "3:m1"]);
    expect((await store(system, sent("m1")))[0]?.position?.offset).toBe(3);
  });

  test("and whoever repeats it meanwhile store it once, wherever the one meets the other", async () => {
    for (const step of ["claim", "put", "row", "reserveOffsets", "reclaim"] as const) {
      const system = systemOf();
      let met = false;
      let steps = 0;
      system.histories.before = async (now) => {
        // Readers seal what is pending, so that the writer has to move on; then it is met at its step.
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
      const { told } = await readAll(system);
      expect([step, met, told]).toEqual([step, true, [`${recorded!.position!.offset}:m1`]]);
    }
  });
});

/** Lets a writer die before or after its `at`-th step. */
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
    revived: () => {
      system.histories[when] = () => undefined;
    },
  };
};

describe.each(["before", "after"] as const)("a writer that is killed %s any of its writes", (when) => {
  /** Kills a writer of two messages wherever it can be, and gives what a test does then. */
  const everywhere = async (
    then: (system: System, died: string) => Promise<void>,
    prepare: (system: System) => Promise<unknown> = async () => undefined,
  ) => {
    const died = new Set<string>();
    for (let at = 1; at <= 12; at += 1) {
      const system = systemOf();
      await prepare(system);
      const { dead, revived } = dieAt(system, at, when);
      await store(system, sent("m1"), sent("m2")).catch(() => undefined);
      revived();
      if (dead.died) died.add(dead.died);
      await then(system, dead.died);
    }
    return died;
  };

  test("holds readers up for no longer than they wait, and the order that they were told stays", async () => {
    const died = await everywhere(async (system) => {
      await persistHistory(system, "bob", [sent("next")]);
      const early = await readAll(system);
      system.clock.advance(PENDING_MS);
      const late = await readAll(system);
      expect(late.pendingMs).toBeUndefined();
      expect(late.told.at(-1)).toMatch(/:next$/);
      expect(late.told.slice(0, early.told.length)).toEqual(early.told);
      // Whoever repeats it now changes nothing of what has been told.
      await store(system, sent("m1"), sent("m2"));
      const all = await readAll(system);
      expect(all.told.slice(0, late.told.length)).toEqual(late.told);
      expect(all.told.map((each) => each.split(":")[1]).sort()).toEqual(["m1", "m2", "next"]);
    });
    expect([...died].sort()).toEqual(["claim", "put", "reserveOffsets"]);
  });

  test("loses nothing that is repeated at once, and stores it once", async () => {
    await everywhere(async (system) => {
      const recorded = await store(system, sent("m1"), sent("m2"));
      expect(recorded.map(({ refused }) => refused)).toEqual([undefined, undefined]);
      system.clock.advance(PENDING_MS);
      expect((await readAll(system)).told.map((each) => each.split(":")[1]).sort()).toEqual(["m1", "m2"]);
    });
  });

  test("also where it repeats what another had begun, whose offsets have been sealed", async () => {
    const died = await everywhere(
      async (system) => {
        await store(system, sent("m1"), sent("m2"));
        system.clock.advance(PENDING_MS);
        expect((await readAll(system)).told.map((each) => each.split(":")[1]).sort()).toEqual(["m1", "m2"]);
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
