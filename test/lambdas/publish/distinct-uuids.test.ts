import { isId } from "../../../protocol/index.js";
import { withDistinctUuids } from "../../../lambdas/publish/distinct-uuids.js";
import { messageOf } from "../support/fakes.js";

const uuidsOf = (messages: Parameters<typeof withDistinctUuids>[0]): string[] =>
  withDistinctUuids(messages).map(({ uuid }) => uuid);

describe("the uuids of what one guard call publishes", () => {
  test("stay as they are, while no two messages of a channel share one", () => {
    const messages = [messageOf("a", 1, "m1"), messageOf("b", 1, "m1"), messageOf("a", 2, "m2")];
    expect(withDistinctUuids(messages)).toEqual(messages);
  });

  test("are all different on one channel; the first keeps the one that they share", () => {
    const [first, ...others] = uuidsOf([1, 2, 3].map((data) => messageOf("a", data, "m1")));
    expect(first).toBe("m1");
    expect(new Set([first, ...others]).size).toBe(3);
    expect(others.every(isId)).toBe(true);
  });

  test("are the same when the guard runs again", () => {
    const messages = [1, 2, 3].map((data) => messageOf("a", data, "m1"));
    expect(uuidsOf(messages)).toEqual(uuidsOf(messages));
  });

  test("leave everything else of the messages as it is", () => {
    expect(withDistinctUuids([messageOf("a", 1, "m1"), messageOf("a", { x: 2 }, "m1")])).toMatchObject([
      messageOf("a", 1, "m1"),
      { channel: "a", data: { x: 2 } },
    ]);
  });
});
