import { inspect } from "node:util";
import type { Logger } from "push-it-client";
import { arrived, subscribed } from "./support/recorded.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

const { NODE_ENV } = process.env;
let warn: jest.SpyInstance;

beforeEach(() => {
  warn = jest.spyOn(console, "warn").mockImplementation(() => {});
  process.env.NODE_ENV = "development";
});

afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
  jest.restoreAllMocks();
});

const warnings = (): string[] => warn.mock.calls.map(([text]) => text as string);

describe("an error that no listener receives", () => {
  it("is a warning in development, with its channel and reason", async () => {
    const { pushIt } = await bench.connected();
    pushIt.publish({ channel: "stories/5", data: "x".repeat(100_000) });
    await settled();
    expect(warnings()).toEqual([
      expect.stringMatching(
        /^push-it: stories\/5: The request has 100,0\d\d bytes of JSON, but at most 32,639.*"error"/,
      ),
    ]);
  });

  it("is a warning when a subscription ends, too", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    pushIt.on("error", () => {});
    pushIt.subscribe("a");
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Members only." });
    await arrived(pushIt, peer);
    expect(warnings()).toEqual([expect.stringMatching(/^push-it: a: Members only\..*"unsubscribed"/)]);
  });

  it("is not a warning in production", async () => {
    process.env.NODE_ENV = "production";
    const { pushIt } = await bench.connected();
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
    await settled();
    expect(warnings()).toEqual([]);
  });

  it("goes to the logger, if there is one, also in production", async () => {
    process.env.NODE_ENV = "production";
    const logger = { warn: jest.fn() };
    const { pushIt } = await bench.connected({ logger });
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
    await settled();
    expect(logger.warn).toHaveBeenCalledWith("push-it", expect.objectContaining({ code: "too_large", channel: "a" }));
    expect(warnings()).toEqual([]);
  });
});

describe("an error that a listener or callback receives", () => {
  it("by a listener is not a warning", async () => {
    const { pushIt } = await bench.connected();
    pushIt.on("error", () => {});
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
    await settled();
    expect(warnings()).toEqual([]);
  });

  it("by a callback or a promise is not a warning", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) }, () => {});
    await expect(pushIt.channel("a").publish("x".repeat(40_000))).rejects.toMatchObject({ code: "too_large" });
    await arrived(pushIt, peer);
    expect(warnings()).toEqual([]);
  });

  it("of a subscription is a warning, because its promise may be ignored", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const refused = expect(pushIt.channel("b").subscribe()).rejects.toMatchObject({ code: "denied" });
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
    await refused;
    await arrived(pushIt, peer);
    expect(warnings()).toEqual([expect.stringContaining("b: No.")]);
  });
});

describe("the logger", () => {
  it("receives state changes and frames", async () => {
    const logger = { debug: jest.fn() };
    const { pushIt, peer } = await bench.connected({ logger });
    await pushIt.channel("stories/5").publish(1);
    peer.send({ channel: "stories/5", uuid: "u1", data: 1 });
    await arrived(pushIt, peer);
    const lines = logger.debug.mock.calls as unknown[][];
    expect(lines).toContainEqual([
      "push-it",
      "state",
      expect.objectContaining({ state: "connected", code: "connected" }),
    ]);
    expect(lines).toContainEqual(["push-it", "sent", "publish", "stories/5"]);
    expect(lines).toContainEqual(["push-it", "received", "stories/5", "u1"]);
  });

  it("never receives credentials or data", async () => {
    const seen: unknown[][] = [];
    const logger: Logger = { debug: (...details) => seen.push(details), warn: (...details) => seen.push(details) };
    const { pushIt, peer } = await subscribed(bench, { logger, credentials: () => ({ token: "SECRET" }) });
    pushIt.publish({ channel: "a", data: "SECRET" });
    peer.answer(await peer.frames.take(), { successful: true, data: "SECRET" });
    pushIt.send({ channel: "a", data: { deep: "SECRET" } });
    const renewed = pushIt.refreshCredentials();
    peer.answer(await peer.frames.find(({ action }) => action === "refresh"));
    await renewed;
    peer.send({ channel: "a", uuid: "u1", data: "SECRET", offset: 11, epoch: "e1" });
    await arrived(pushIt, peer);
    // A request fails, and there is no listener.
    pushIt.publish({ channel: "a", data: "SECRET".repeat(10_000) });
    const refused = expect(pushIt.channel("b").subscribe()).rejects.toMatchObject({ code: "denied" });
    peer.answer(await peer.frames.find(({ action }) => action === "subscribe"), {
      successful: false,
      code: "denied",
      error: "No.",
    });
    await refused;
    await settled();
    expect(seen.length).toBeGreaterThan(8);
    expect(inspect(seen, { depth: Infinity, showHidden: true })).not.toContain("SECRET");
    expect(JSON.stringify(seen)).not.toContain(Buffer.from('{"token":"SECRET"}').toString("base64url"));
  });

  it("may be the console, or have only some of its methods", async () => {
    const debug = jest.spyOn(console, "debug").mockImplementation(() => {});
    const { pushIt } = await bench.connected({ logger: console });
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
    await settled();
    expect([debug.mock.calls.length > 0, warn.mock.calls.length]).toEqual([true, 1]);
    const { pushIt: other } = await bench.connected({ logger: {} });
    other.publish({ channel: "a", data: "x".repeat(40_000) });
    await settled();
    expect(other.state).toBe("connected");
  });
});
