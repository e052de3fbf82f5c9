import type { Subscriber } from "../../../lambdas/ports.js";
import { mergePages } from "../../../lambdas/delivery/merge-streams.js";

const subscriber = (connectionId: string, expired = false): Subscriber => ({
  connectionId,
  connectedAt: 1,
  ...(expired ? { expired } : {}),
});

/** Pages of subscribers, and the number of pages that were read. */
const source = (...pages: string[][]) => {
  const stream = {
    asked: 0,
    ended: false,
    async *pages(): AsyncGenerator<Subscriber[]> {
      try {
        for (const page of pages) {
          stream.asked += 1;
          yield page.map((id) => subscriber(id.replace("!", ""), id.endsWith("!")));
        }
      } finally {
        stream.ended = true;
      }
    },
  };
  return stream;
};

const idsOf = (pages: readonly (readonly Subscriber[])[]): string[] =>
  pages.flat().map(({ connectionId }) => connectionId);

const all = async (...sources: ReturnType<typeof source>[]): Promise<(readonly Subscriber[])[]> => {
  const found: (readonly Subscriber[])[] = [];
  for await (const page of mergePages(sources.map((each) => each.pages()))) found.push(page);
  return found;
};

test("several sources are merged in order, each page when complete", async () => {
  const pages = await all(source(["a", "d"], ["e", "i"]), source(["b", "c", "h"]), source([], ["f"], []));
  expect(pages.map((page) => idsOf([page]))).toEqual([["a", "b", "c", "d"], ["e", "f"], ["h"], ["i"]]);
});

test("a subscriber of several sources appears once, alive if one row is", async () => {
  const pages = await all(source(["a!", "b", "c!"]), source(["a", "b", "c!"]));
  expect(pages.flat()).toEqual([subscriber("a"), subscriber("b"), subscriber("c", true)]);
});

test("a source is read when needed, and closed with the merged stream", async () => {
  const [first, second] = [source(["a"], ["b"]), source(["x"], ["y"])];
  for await (const page of mergePages([first.pages(), second.pages()])) {
    expect(idsOf([page])).toEqual(["a"]);
    break;
  }
  expect({ asked: [first.asked, second.asked], ended: [first.ended, second.ended] }).toEqual({
    asked: [1, 1],
    ended: [true, true],
  });
});

test("no sources, or empty ones, have no subscribers", async () => {
  expect(await all()).toEqual([]);
  expect(await all(source(), source([]))).toEqual([]);
});

test("an error of a source is thrown", async () => {
  const failing: AsyncIterable<Subscriber[]> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("no page")) }),
  };
  await expect(async () => {
    for await (const _ of mergePages([source(["a"]).pages(), failing]));
  }).rejects.toThrow("no page");
});
