import { DEFAULT_ENTRY, entriesFor, HANDLERS, type Manifest, manifestError } from "../../protocol/guard-manifest.js";

const ask = "onSubscriptionRequest" as const;
const manifest = (...entries: string[]): Manifest => Object.fromEntries(entries.map((entry) => [entry, [ask]]));

describe("the guard that decides about a channel", () => {
  const all = manifest(DEFAULT_ENTRY, "a/*", "a/b/*", "a/b/c");

  test("is the most specific entry: a channel's own guard wins over the default", () => {
    expect(entriesFor(all, ask, "a/b/c")).toEqual(["a/b/c"]);
    expect(entriesFor(all, ask, "a/b/d")).toEqual(["a/b/*"]);
    expect(entriesFor(all, ask, "a/x")).toEqual(["a/*"]);
    expect(entriesFor(all, ask, "x")).toEqual([DEFAULT_ENTRY]);
  });

  test("does not depend on the order in which entries are written", () => {
    const reversed = Object.fromEntries(Object.entries(all).reverse());
    for (const channel of ["a/b/c", "a/b/d", "a/x", "x"]) {
      expect(entriesFor(reversed, ask, channel)).toEqual(entriesFor(all, ask, channel));
    }
  });

  test("is the less specific entry where the more specific one leaves that guard out", () => {
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

  test("of a connection is the default's, whatever channels are guarded", () => {
    const module: Manifest = { [DEFAULT_ENTRY]: ["onConnectionRequest"], "a/*": [ask] };
    expect(entriesFor(module, "onConnectionRequest", "")).toEqual([DEFAULT_ENTRY]);
    expect(entriesFor(module, "onDisconnect", "")).toEqual([]);
  });

  test("is nobody where nothing is guarded", () => {
    expect(entriesFor({}, ask, "a/b")).toEqual([]);
  });
});

describe("a wildcard subscription asks every entry it can match", () => {
  test("those below it, the one that covers it, and each once", () => {
    const all = manifest(DEFAULT_ENTRY, "a/*", "a/b", "a/b/*", "a/c/d", "b/*", "ab/x");
    expect(entriesFor(all, ask, "a/*").sort()).toEqual(["a/*", "a/b", "a/b/*", "a/c/d"]);
    expect(entriesFor(all, ask, "a/b/*")).toEqual(["a/b/*"]);
    expect(entriesFor(all, ask, "a/c/*").sort()).toEqual(["a/*", "a/c/d"]);
  });

  test("the default where only a part of the wildcard is guarded", () => {
    expect(entriesFor(manifest(DEFAULT_ENTRY, "a/b"), ask, "a/*").sort()).toEqual([DEFAULT_ENTRY, "a/b"]);
  });

  test("nobody for the part that nobody guards", () => {
    expect(entriesFor(manifest("a/b"), ask, "a/*")).toEqual(["a/b"]);
  });

  test("where an entry below leaves the guard out, whoever covers that entry", () => {
    const some: Manifest = { ...manifest(DEFAULT_ENTRY, "a/b/*"), "a/b/c": ["onPublicationRequest"] };
    expect(entriesFor(some, ask, "a/*").sort()).toEqual([DEFAULT_ENTRY, "a/b/*"]);
  });
});

describe("a manifest", () => {
  test.each([[DEFAULT_ENTRY], ["a"], ["a/b"], ["a/*"], ["/a/b/*"], ["__proto__"], ["constructor"]])(
    "may name %j",
    (entry) => {
      expect(manifestError(manifest(entry))).toBeUndefined();
    },
  );

  test.each([["a b"], ["*"], ["a*"], ["a/*/b"], ["/meta/connect"], ["/meta/*"], ["a//*"], ["/*"]])(
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

  test("that names what every object inherits guards nothing by that", () => {
    expect(entriesFor({}, ask, "constructor")).toEqual([]);
    expect(entriesFor(manifest("__proto__"), ask, "__proto__")).toEqual(["__proto__"]);
  });

  test("knows the guards by the seed's names", () => {
    expect([...HANDLERS].sort()).toEqual([
      "onConnectionRequest",
      "onDisconnect",
      "onMessageReceived",
      "onPublicationRequest",
      "onSubscriptionRequest",
      "onUnsubscriptionRequest",
    ]);
  });
});
