import { Deduplicator } from "../../../client/src/messages/deduplicator.js";
import type { Message } from "../../../protocol/frames.js";

/** Which of messages `[channel, uuid, offset]` are new. */
const passed = (...messages: [channel: string, uuid: string, offset?: number][]): string[] => {
  const deduplicator = new Deduplicator();
  return messages
    .filter(([channel, uuid, offset]) =>
      deduplicator.isNew({ channel, uuid, data: null, ...(offset !== undefined && { offset }) }),
    )
    .map(([channel, uuid]) => `${channel}/${uuid}`);
};

const placed = (offset: number, epoch = "e", uuid = "order-7"): Message => ({
  channel: "a",
  uuid,
  data: 0,
  epoch,
  offset,
});

describe("a message", () => {
  it("that arrives again is delivered once", () => {
    expect(passed(["a", "1"], ["a", "2"], ["a", "1"], ["a", "2"])).toEqual(["a/1", "a/2"]);
  });

  it("is a different one on another channel", () => {
    expect(passed(["a", "1"], ["b", "1"], ["a", "11"], ["a1", "1"])).toEqual(["a/1", "b/1", "a/11", "a1/1"]);
  });

  it("is remembered among the last thousand", () => {
    const others = Array.from({ length: 999 }, (_, at): [string, string] => ["a", `x${at}`]);
    expect(passed(["a", "1"], ...others, ["a", "1"])).toHaveLength(1_000);
    expect(passed(["a", "1"], ...others, ["a", "y"], ["a", "1"])).toHaveLength(1_002);
  });

  it("without a uuid is not a message", () => {
    expect(new Deduplicator().isNew({ channel: "a", epoch: "e", offset: 1 } as Message)).toBe(false);
  });
});

describe("a message of a history", () => {
  it("is identified by its position, not by its uuid", () => {
    const deduplicator = new Deduplicator();
    const messages = [placed(1), placed(2), placed(1), placed(1, "f")];
    expect(messages.map((message) => deduplicator.isNew(message))).toEqual([true, true, false, true]);
  });

  it("may arrive after newer ones", () => {
    const deduplicator = new Deduplicator();
    expect([placed(5), placed(3)].map((message) => deduplicator.isNew(message))).toEqual([true, true]);
  });
});

describe("a message with an offset", () => {
  it("is delivered only if it is newer than all on its channel", () => {
    expect(passed(["a", "1", 5], ["a", "2", 7], ["a", "3", 6], ["a", "4", 7], ["a", "5", 8])).toEqual([
      "a/1",
      "a/2",
      "a/5",
    ]);
    expect(passed(["a", "1", 5], ["b", "2", 4])).toEqual(["a/1", "b/2"]);
  });

  it("does not affect messages without an offset, and vice versa", () => {
    expect(passed(["a", "1", 5], ["a", "2"], ["a", "3", 4], ["a", "4", 6])).toEqual(["a/1", "a/2", "a/4"]);
  });

  it("counts even if it is known: older ones stay older", () => {
    expect(passed(["a", "1", 5], ["a", "1", 8], ["a", "2", 7])).toEqual(["a/1"]);
  });

  it("may be on a channel named like a property of every object", () => {
    expect(passed(["constructor", "1", 5], ["constructor", "2", 4], ["constructor", "3", 6])).toEqual([
      "constructor/1",
      "constructor/3",
    ]);
  });

  it("is remembered for the thousand channels that were used last", () => {
    const deduplicator = new Deduplicator();
    const isNew = (channel: string, uuid: string, offset: number): boolean =>
      deduplicator.isNew({ channel, uuid, data: 0, offset });
    isNew("first", "1", 5);
    for (let n = 0; n < 999; n++) isNew(`c${n}`, "1", 5);
    expect(isNew("first", "2", 4)).toBe(false);
    isNew("one more", "1", 5);
    expect(isNew("first", "3", 4)).toBe(true);
  });
});

describe("an own message without echo", () => {
  it("is not new on any connection", () => {
    const deduplicator = new Deduplicator();
    deduplicator.suppress("a", "mine");
    const own: Message = { channel: "a", uuid: "mine", data: 0 };
    expect(
      [own, { ...own, epoch: "e", offset: 3 }, { ...own, channel: "b" }].map((message) => deduplicator.isNew(message)),
    ).toEqual([false, false, true]);
  });

  it("still counts as the newest value of its channel", () => {
    const deduplicator = new Deduplicator();
    deduplicator.suppress("a", "mine");
    expect(deduplicator.isNew({ channel: "a", uuid: "mine", data: 0, offset: 5 })).toBe(false);
    expect(deduplicator.isNew({ channel: "a", uuid: "older", data: 0, offset: 4 })).toBe(false);
  });
});

describe("after a reset", () => {
  it("all messages are new again", () => {
    const deduplicator = new Deduplicator();
    const message: Message = { channel: "a", uuid: "1", data: 0, offset: 3 };
    deduplicator.suppress("a", "mine");
    deduplicator.isNew(message);
    deduplicator.clear();
    expect([message, { channel: "a", uuid: "mine", data: 0 }].map((each) => deduplicator.isNew(each))).toEqual([
      true,
      true,
    ]);
  });
});
