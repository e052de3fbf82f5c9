import { type Publication, type Recipient, recipientsOf } from "../../../lambdas/delivery/recipients.js";
import { agentOf, messageOf, NOW } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

const publication = (channel: string, uuid: string, except?: string) => ({
  message: messageOf(channel, null, uuid),
  ...(except === undefined ? {} : { except }),
});

/** The ids of the messages of each recipient. */
const received = async (store: MemoryStore, wildcards: string[], ...publications: ReturnType<typeof publication>[]) => {
  const all = (await pages(store, wildcards, publications)).flat();
  return Object.fromEntries(
    all.map(({ subscriber, publications: mine }) => [subscriber.connectionId, mine.map(({ message }) => message.uuid)]),
  );
};

const pages = async (
  store: MemoryStore,
  wildcards: string[],
  publications: Publication[],
  after?: string,
): Promise<Recipient[][]> => {
  const read: Recipient[][] = [];
  for await (const page of recipientsOf(store, wildcards, publications, after)) read.push(page);
  return read;
};

describe("the recipients of publications", () => {
  test("receive each message once, in order, across channels and wildcards", async () => {
    const store = await new MemoryStore().with(agentOf("all"), "a/1", "a/2", "a/*");
    await store.with(agentOf("two"), "a/2");
    const publications = [publication("a/2", "m1"), publication("a/1", "m2"), publication("a/2", "m3")];
    expect(await received(store, ["a/*"], ...publications)).toEqual({ all: ["m1", "m2", "m3"], two: ["m1", "m3"] });
  });

  test("do not receive messages that exclude them", async () => {
    const store = await new MemoryStore().with(agentOf("c1"), "a");
    await store.with(agentOf("c2"), "a");
    const publications = [publication("a", "m1", "c1"), publication("a", "m2")];
    expect(await received(store, [], ...publications)).toEqual({ c1: ["m2"], c2: ["m1", "m2"] });
  });

  test("are read once per channel and enabled wildcard", async () => {
    const store = await new MemoryStore().with(agentOf("c1"), "a");
    await received(store, ["b/*"], publication("a", "m1"), publication("b/1", "m2"), publication("a", "m3"));
    expect(store.calls).toEqual(["subscribers a", "subscribers b/1", "subscribers b/*"]);
  });

  test("have the time when they connected, which a 410 needs", async () => {
    const store = await new MemoryStore().with(agentOf("c1"), "a");
    const [[recipient] = []] = await pages(store, [], [publication("a", "m1")]);
    expect(recipient!.subscriber).toEqual({ connectionId: "c1", connectedAt: agentOf("c1").connectedAt });
  });
});

describe("the pages of recipients", () => {
  /** Subscribers of several channels with interleaved ids, on small pages. */
  const setUpSubscribers = async (pageSize: number) => {
    const store = new MemoryStore();
    store.pageSize = pageSize;
    for (let at = 10; at < 60; at += 1) {
      const channels = ["a/1", "a/*", "b"].filter((_, which) => at % (which + 2) === 0);
      if (channels.length > 0) await store.with(agentOf(`c${at}`), ...channels);
    }
    return store;
  };
  const publications = [publication("a/1", "m1"), publication("b", "m2")];

  test.each([1, 2, 3, 7, 100])("hold each recipient once, in order of ids (%i per page)", async (pageSize) => {
    const read = (await pages(await setUpSubscribers(pageSize), ["a/*"], publications)).flat();
    const ids = Array.from({ length: 50 }, (_, at) => at + 10).filter((at) =>
      [2, 3, 4].some((divisor) => at % divisor === 0),
    );
    expect(read.map(({ subscriber }) => subscriber.connectionId)).toEqual(ids.map((at) => `c${at}`));
    for (const { subscriber, publications: mine } of read) {
      const at = Number(subscriber.connectionId.slice(1));
      const uuids = [...(at % 2 === 0 || at % 3 === 0 ? ["m1"] : []), ...(at % 4 === 0 ? ["m2"] : [])];
      expect(mine.map(({ message }) => message.uuid)).toEqual(uuids);
    }
  });

  test("start after a given connection id", async () => {
    const all = (await pages(await setUpSubscribers(3), ["a/*"], publications)).flat();
    const rest = (await pages(await setUpSubscribers(3), ["a/*"], publications, "c33")).flat();
    expect(rest).toEqual(all.filter(({ subscriber }) => subscriber.connectionId > "c33"));
    expect(rest.length).toBeGreaterThan(5);
  });

  test("share one list among recipients of the same messages", async () => {
    const read = (await pages(await setUpSubscribers(5), ["a/*"], publications)).flat();
    expect(new Set(read.map(({ publications: mine }) => mine)).size).toBeLessThanOrEqual(7);
  });

  test("are read only as far as they are needed", async () => {
    const store = await setUpSubscribers(1);
    for await (const _ of recipientsOf(store, [], [publication("b", "m1")])) break;
    expect(store.calls).toEqual(["subscribers b"]);
  });

  // Its rows end at different times while it is renewed.
  test("use the longest-lived row of an agent", async () => {
    const rows = {
      "a/1": { connectionId: "c1", connectedAt: NOW, expired: true as const },
      "a/*": { connectionId: "c1", connectedAt: NOW },
    };
    const store = {
      async *subscribers(channel: string) {
        yield [rows[channel as keyof typeof rows]];
      },
    };
    for await (const [recipient] of recipientsOf(store, ["a/*"], [publication("a/1", "m1")]))
      expect(recipient!.subscriber).toBe(rows["a/*"]);
    expect.assertions(1);
  });
});
