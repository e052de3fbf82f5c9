import { createSieve } from "../../client/src/sieve.js";
import type { Message } from "../../protocol/frames.js";

/** What is told of messages: `[channel, uuid, offset]`. */
const told = (...messages: [channel: string, uuid: string, offset?: number][]): string[] => {
  const heard: Message[] = [];
  const sieve = createSieve((message) => heard.push(message));
  for (const [channel, uuid, offset] of messages) sieve({ channel, uuid, data: null, ...(offset !== undefined && { offset }) });
  return heard.map(({ channel, uuid }) => `${channel}/${uuid}`);
};

describe("a message", () => {
  test("that arrives again is told once", () => {
    expect(told(["a", "1"], ["a", "2"], ["a", "1"], ["a", "2"])).toEqual(["a/1", "a/2"]);
  });

  test("is another one on another channel, however names and ids run together", () => {
    expect(told(["a", "1"], ["b", "1"], ["a", "11"], ["a1", "1"])).toEqual(["a/1", "b/1", "a/11", "a1/1"]);
  });

  test("is remembered among the last thousand", () => {
    const others = Array.from({ length: 999 }, (_, at): [string, string] => ["a", `x${at}`]);
    expect(told(["a", "1"], ...others, ["a", "1"])).toHaveLength(1_000);
    expect(told(["a", "1"], ...others, ["a", "y"], ["a", "1"])).toHaveLength(1_002);
  });
});

describe("a message of a history", () => {
  test("is another one at another offset, though two publishers have chosen one uuid; and the same one at the same", () => {
    const heard: unknown[] = [];
    const sieve = createSieve(({ data }) => heard.push(data));
    const message = (data: number, offset: number, epoch = "e"): void => sieve({ channel: "a", uuid: "order-7", data, epoch, offset });
    message(1, 1);
    message(2, 2);
    message(1, 1);
    message(3, 1, "f");
    expect(heard).toEqual([1, 2, 3]);
  });
});

describe("a message with an offset", () => {
  test("is told only if it is larger than any before it on its channel", () => {
    expect(told(["a", "1", 5], ["a", "2", 7], ["a", "3", 6], ["a", "4", 7], ["a", "5", 8])).toEqual(["a/1", "a/2", "a/5"]);
    expect(told(["a", "1", 5], ["b", "2", 4])).toEqual(["a/1", "b/2"]);
  });

  test("leaves those alone that have none, and they leave it", () => {
    expect(told(["a", "1", 5], ["a", "2"], ["a", "3", 4], ["a", "4", 6])).toEqual(["a/1", "a/2", "a/4"]);
  });

  test("that is known counts all the same: what is older than its repetition is older", () => {
    expect(told(["a", "1", 5], ["a", "1", 8], ["a", "2", 7])).toEqual(["a/1"]);
  });

  test("may be on a channel called like something every object has", () => {
    expect(told(["constructor", "1", 5], ["constructor", "2", 4], ["constructor", "3", 6])).toEqual(["constructor/1", "constructor/3"]);
  });
});
