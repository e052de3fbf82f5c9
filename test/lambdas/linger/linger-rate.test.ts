import type { Reply } from "../../../protocol/index.js";
import { channelSettings } from "../../../protocol/channel-settings.js";
import { LINGERING_MS } from "../../../lambdas/requests/request-rates.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { fanOutSystem, publishUnanswered as publish } from "../delivery/fan-out-system.js";

const channels = { "slow/*": { lingerMs: 5_000 }, "busy/*": { lingerMs: 250 } } as const;
const agent = agentOf("c1");

const setUp = async () => {
  const system = fanOutSystem({ channels });
  await system.store.with(agent);
  let last = 0;
  /** Publishes one message on each channel, in frames. */
  const publishOn = async (names: string[]): Promise<Reply[]> => {
    const answers: Reply[] = [];
    for (let at = 0; at < names.length; at += 25) {
      answers.push(
        ...(await publish(
          system,
          agent,
          names.slice(at, at + 25).map((name) => messageOf(name, 1, `m${(last += 1)}`)),
        )),
      );
    }
    return answers;
  };
  const accepted = (answers: Reply[]): number => answers.filter(({ successful }) => successful).length;
  return { ...system, publishOn, accepted };
};

const names = (folder: string, count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => `${folder}/${from + at}`);

describe("the windows that one agent opens", () => {
  test("are ten at once of the longest, and two more per second", async () => {
    const { publishOn, accepted, tasks, clock } = await setUp();
    const answers = await publishOn(names("slow", 100));
    expect(accepted(answers)).toBe(10);
    expect(answers.at(-1)).toMatchObject({ channel: "/meta/error", code: "rate_limited" });
    expect(tasks).toHaveLength(10);
    for (let second = 1; second <= 5; second += 1) {
      clock.advance(1_000);
      await publishOn(names("slow", 100, 100 * second));
    }
    expect(tasks).toHaveLength(20);
  });

  test("may be more if they are shorter", async () => {
    const { publishOn, accepted } = await setUp();
    expect(accepted(await publishOn(names("busy", 200)))).toBe(200);
    expect(accepted(await publishOn(names("busy", 10, 200)))).toBe(0);
  });

  test("do not count while a flusher of the channel waits already", async () => {
    const { publishOn, accepted, tasks } = await setUp();
    await publishOn(names("slow", 10));
    expect(accepted(await publishOn([...names("slow", 10), "slow/99", "plain"]))).toBe(11);
    expect(tasks).toHaveLength(10);
  });

  test("always allow one channel, even of the longest window", () => {
    expect(LINGERING_MS.burst).toBeGreaterThanOrEqual(channelSettings(channels, "slow/1").lingerMs!);
  });

  test("are not opened by a publication that is refused", async () => {
    const { publishOn, lingering, store } = await setUp();
    await publishOn(names("slow", 10));
    store.calls.length = 0;
    await publishOn(["slow/99"]);
    expect(store.calls).toEqual(["heldUntil"]);
    expect((await lingering.waiting("slow/99")).entries).toEqual([]);
  });
});
