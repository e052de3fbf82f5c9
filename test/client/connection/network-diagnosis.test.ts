import { NetworkDiagnosis } from "../../../client/src/connection/network-diagnosis.js";
import { FakeConnection, FakeInternals, FakeTransport } from "../support/fake-internals.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

const make = (url = "wss://push-it.test/live") => {
  const client = new FakeInternals({ url });
  const connection = new FakeConnection();
  connection.state = "connecting";
  const diagnosis = new NetworkDiagnosis(client, connection);
  diagnosis.onConnecting();
  return { client, platform: client.platform, connection, diagnosis };
};

describe("a Content-Security-Policy that forbids the connection", () => {
  it("is named with the missing source; retries are rare", () => {
    const { platform, connection } = make();
    platform.dispatch("securitypolicyviolation", { blockedURI: "wss://push-it.test/live", disposition: "enforce" });
    expect(connection.calls).toEqual([
      ["lose", "csp", expect.stringContaining("add wss://push-it.test to its connect-src"), 300_000],
    ]);
  });

  it.each([
    ["is only reported", { blockedURI: "wss://push-it.test/live", disposition: "report" }],
    ["blocks another host", { blockedURI: "wss://other.test/live", disposition: "enforce" }],
    ["blocks the probe over HTTPS", { blockedURI: "https://push-it.test/live", disposition: "enforce" }],
    ["blocks something inline", { blockedURI: "inline", disposition: "enforce" }],
    ["says nothing", {}],
  ])("is not assumed when a violation %s", (_what, fields) => {
    const { platform, connection } = make();
    platform.dispatch("securitypolicyviolation", fields);
    expect(connection.calls).toEqual([]);
  });

  it("does not end an open connection", () => {
    const { platform, connection } = make();
    connection.transport = new FakeTransport();
    platform.dispatch("securitypolicyviolation", { blockedURI: "wss://push-it.test/live", disposition: "enforce" });
    expect(connection.calls).toEqual([]);
  });

  it.each([
    ["throws, as in Firefox and WebKit", true],
    ["reports an error and never closes, as in Chromium", false],
  ])("gives the state the code csp when the class %s", async (_how, throws) => {
    let made = 0;
    class Forbidden {
      readonly protocol = "";
      onopen = null;
      onmessage = null;
      onclose = null;
      onerror: (() => void) | null = null;
      constructor(url: string) {
        made += 1;
        // The violation is dispatched in a task of its own, before a timer that was set here.
        setImmediate(() => {
          bench.platform.dispatch("securitypolicyviolation", { blockedURI: url, disposition: "enforce" });
          this.onerror?.();
        });
        if (throws) throw new Error("The operation is insecure.");
      }
      send(): void {}
      close(): void {}
    }
    const { pushIt, states } = bench.client({ WebSocket: Forbidden });
    const change = await states.find(({ code }) => code === "csp");
    expect(change).toMatchObject({
      state: "connecting",
      retryIn: 300_000,
      reason: expect.stringContaining("connect-src"),
    });
    bench.platform.advance(299_999);
    await settled();
    expect([made, pushIt.state]).toEqual([1, "connecting"]);
    bench.platform.advance(1);
    await settled();
    expect(made).toBe(2);
  });
});

describe("a network that blocks WebSockets", () => {
  it("is probed over HTTPS after the third failure, once", () => {
    const { client, diagnosis } = make();
    const fetch = jest.fn().mockResolvedValue({});
    client.platform.fetch = fetch;
    for (let failures = 1; failures <= 10; failures++) diagnosis.onUnreachable(failures);
    expect(fetch.mock.calls).toEqual([
      ["https://push-it.test/live", { mode: "no-cors", cache: "no-store", credentials: "omit" }],
    ]);
  });

  it("is reported when the probe gets through", async () => {
    const { client, diagnosis } = make();
    client.platform.fetch = () => Promise.resolve({});
    diagnosis.onUnreachable(3);
    await settled();
    expect(client.states).toEqual([
      expect.objectContaining({ state: "connecting", previous: "connecting", code: "websocket_blocked" }),
    ]);
  });

  it("is not reported if the probe fails or the client connects", async () => {
    const { client, connection, diagnosis } = make();
    client.platform.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    diagnosis.onUnreachable(3);
    await settled();
    client.platform.fetch = () => Promise.resolve({});
    connection.state = "connected";
    diagnosis.onUnreachable(3);
    await settled();
    expect(client.states).toEqual([]);
  });

  it("is not probed by a runtime without fetch", () => {
    const { client, diagnosis } = make();
    expect(() => diagnosis.onUnreachable(3)).not.toThrow();
    expect(client.states).toEqual([]);
  });

  it.each([
    ["a proxy that answers the upgrade with 200", 200],
    ["a proxy that answers the upgrade with 403", 403],
    ["a gateway that finds the headers too large", 431],
  ])("%s: a hint, and as many attempts as before", async (_what, status) => {
    bench.platform.fetch = () => Promise.resolve({ type: "opaque" });
    bench.server.refuse = status;
    const { states } = bench.client();
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const { retryIn } = await states.find(({ code }) => code === "unreachable");
      waits.push(retryIn);
      if (attempt < 3) bench.platform.advance(retryIn!);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    expect(states.all.filter(({ code }) => code === "websocket_blocked")).toHaveLength(1);
  });

  it("may be a gateway that refuses cookies: the hint mentions headers", async () => {
    bench.platform.fetch = () => Promise.resolve({ type: "opaque" });
    bench.server.refuse = 431;
    const { states } = bench.client();
    for (let attempt = 0; attempt < 3; attempt++)
      bench.platform.advance((await states.find(({ code }) => code === "unreachable")).retryIn!);
    expect((await states.find(({ code }) => code === "websocket_blocked")).reason).toMatch(/cookie/i);
  });
});
