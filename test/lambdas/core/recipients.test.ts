import { recipientsOf } from "../../../lambdas/core/recipients.js";
import { agentOf, MemoryStore, messageOf } from "./fakes.js";

const publication = (channel: string, uuid: string, except?: string) => ({
  message: messageOf(channel, null, uuid),
  ...(except === undefined ? {} : { except }),
});

/** Who receives which messages, by their ids. */
const received = async (store: MemoryStore, wildcards: string[], ...publications: ReturnType<typeof publication>[]) => {
  const recipients = await recipientsOf(store, wildcards, publications);
  return Object.fromEntries(
    [...recipients].map(([{ connectionId }, mine]) => [connectionId, mine.map(({ message }) => message.uuid)]),
  );
};

describe("the recipients of publications", () => {
  test("receive each message once, in the order of publication, across channels and wildcards", async () => {
    const store = await new MemoryStore().with(agentOf("all"), "a/1", "a/2", "a/*");
    await store.with(agentOf("two"), "a/2");
    const publications = [publication("a/2", "m1"), publication("a/1", "m2"), publication("a/2", "m3")];
    expect(await received(store, ["a/*"], ...publications)).toEqual({ all: ["m1", "m2", "m3"], two: ["m1", "m3"] });
  });

  test("are spared what they asked not to hear, and nothing else", async () => {
    const store = await new MemoryStore().with(agentOf("c1"), "a");
    await store.with(agentOf("c2"), "a");
    const publications = [publication("a", "m1", "c1"), publication("a", "m2")];
    expect(await received(store, [], ...publications)).toEqual({ c1: ["m2"], c2: ["m1", "m2"] });
  });

  test("of each channel are read once, together with those of its enabled wildcards", async () => {
    const store = await new MemoryStore().with(agentOf("c1"), "a");
    await received(store, ["b/*"], publication("a", "m1"), publication("b/1", "m2"), publication("a", "m3"));
    expect(store.calls).toEqual(["subscribers a", "subscribers b/1 b/*"]);
  });

  test("carry when they connected, by which a 410 is judged", async () => {
    const store = await new MemoryStore().with(agentOf("c1"), "a");
    const [[subscriber] = []] = [...(await recipientsOf(store, [], [publication("a", "m1")]))];
    expect(subscriber).toEqual({ connectionId: "c1", connectedAt: agentOf("c1").connectedAt });
  });
});
