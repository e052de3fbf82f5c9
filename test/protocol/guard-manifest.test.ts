import { DEFAULT_ENTRY, entriesFor, HANDLERS, type Manifest, manifestError } from "../../protocol/guard-manifest.js";

const ask = "onSubscriptionRequest" as const;
const manifest = (...entries: string[]): Manifest => Object.fromEntries(entries.map((entry) => [entry, [ask]]));

describe("the guard that decides about a channel", () => {
  const all = manifest(DEFAULT_ENTRY, "a/*", "a/b/*", "a/b/c");

  test("is the most specific one: a channel's own before the default", () => {
    expect(entriesFor(all, ask, "a/b/c")).toEqual(["a/b/c"]);
    expect(entriesFor(all, ask, "a/b/d")).toEqual(["a/b/*"]);
    expect(entriesFor(all, ask, "a/x")).toEqual(["a/*"]);
    expect(entriesFor(all, ask, "x")).toEqual([DEFAULT_ENTRY]);
  });

  test("does not depend on the order of the entries", () => {
    const reversed = Object.fromEntries(Object.entries(all).reverse());
    for (const channel of ["a/b/c", "a/b/d", "a/x", "x"]) {
      expect(entriesFor(reversed, ask, channel)).toEqual(entriesFor(all, ask, channel));
    }
  });

  test("is a less specific one if the more specific entry lacks it", () => {
    const some: Manifest = {
      [DEFAULT_ENTRY]: [ask, "onPublicationRequest"],
      "a/*": ["onPublicationRequest"],
      "a/b": ["onMessageReceived"],
    };
    expect(entriesFor(some, "onMessageReceived", "a/b")).toEqual(["a/b"]);
    expect(entriesFor(some, "onPublicationRequest", "a/b")).toEqual(["a/*"]);
    expect(entriesFor(some, ask, "a/b")).toEqual([DEFAULT_ENTRY]);
    expect(entriesFor(some, "onUnsubscriptionRequest", "a/b")).toEqual([]);
  });

  test("matches whole segments", () => {
    expect(entriesFor(manifest("a/*"), ask, "a")).toEqual([]);
    expect(entriesFor(manifest("a/*"), ask, "abc/d")).toEqual([]);
  });

  test("of a connection is always the default", () => {
    const module: Manifest = { [DEFAULT_ENTRY]: ["onConnectionRequest"], "a/*": [ask] };
    expect(entriesFor(module, "onConnectionRequest", "")).toEqual([DEFAULT_ENTRY]);
    expect(entriesFor(module, "onDisconnect", "")).toEqual([]);
  });

  test("does not exist if no entry defines it", () => {
    expect(entriesFor({}, ask, "a/b")).toEqual([]);
  });
});

describe("a wildcard subscription asks", () => {
  test("the entry that covers it and all below it, each once", () => {
    const all = manifest(DEFAULT_ENTRY, "a/*", "a/b", "a/b/*", "a/c/d", "b/*", "ab/x");
    expect(entriesFor(all, ask, "a/*").sort()).toEqual(["a/*", "a/b", "a/b/*", "a/c/d"]);
    expect(entriesFor(all, ask, "a/b/*")).toEqual(["a/b/*"]);
    expect(entriesFor(all, ask, "a/c/*").sort()).toEqual(["a/*", "a/c/d"]);
  });

  test("the default if entries cover only a part of the wildcard", () => {
    expect(entriesFor(manifest(DEFAULT_ENTRY, "a/b"), ask, "a/*").sort()).toEqual([DEFAULT_ENTRY, "a/b"]);
  });

  test("no guard for a part without guards", () => {
    expect(entriesFor(manifest("a/b"), ask, "a/*")).toEqual(["a/b"]);
  });

  test("an entry with a middle segment that could match below it", () => {
    const all = manifest("rooms/*", "rooms/*/typing");
    expect(entriesFor(all, ask, "rooms/5/*").sort()).toEqual(["rooms/*", "rooms/*/typing"]);
    expect(entriesFor(all, ask, "rooms/5/x/*")).toEqual(["rooms/*"]);
    expect(entriesFor(all, ask, "rooms/5/typing")).toEqual(["rooms/*/typing"]);
  });

  test("the next entry up if an entry below lacks the guard", () => {
    const some: Manifest = { ...manifest(DEFAULT_ENTRY, "a/b/*"), "a/b/c": ["onPublicationRequest"] };
    expect(entriesFor(some, ask, "a/*").sort()).toEqual([DEFAULT_ENTRY, "a/b/*"]);
  });
});

describe("a manifest", () => {
  test.each([[DEFAULT_ENTRY], ["a"], ["a/b"], ["a/*"], ["/a/b/*"], ["a/*/b"], ["__proto__"], ["constructor"]])(
    "may name %j",
    (entry) => {
      expect(manifestError(manifest(entry))).toBeUndefined();
    },
  );

  test.each([["a b"], ["*"], ["a*"], ["*/b"], ["/meta/connect"], ["/meta/*"], ["a//*"], ["/*"]])(
    "may not name %j",
    (entry) => {
      expect(manifestError(manifest(DEFAULT_ENTRY, entry))).toContain(JSON.stringify(entry));
    },
  );

  test.each(["onConnectionRequest", "onDisconnect"] as const)(
    "may not put %s below a channel, where it would never run",
    (handler) => {
      expect(manifestError({ "a/*": [ask, handler] })).toContain(handler);
      expect(manifestError({ [DEFAULT_ENTRY]: [handler] })).toBeUndefined();
    },
  );

  test("does not define guards through inherited property names", () => {
    expect(entriesFor({}, ask, "constructor")).toEqual([]);
    expect(entriesFor(manifest("__proto__"), ask, "__proto__")).toEqual(["__proto__"]);
  });

  test("has exactly these guards", () => {
    expect([...HANDLERS].sort()).toEqual([
      "onConnectionRequest",
      "onDisconnect",
      "onMessageReceived",
      "onPresenceRequest",
      "onPublicationRequest",
      "onSubscriptionRequest",
      "onUnsubscriptionRequest",
    ]);
  });
});
