import { Bench } from "../support/setup.js";

const bench = Bench.use();

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

const tokenOf = ({ protocols }: { protocols: string[] }): string =>
  Buffer.from(protocols[3]!.split(".")[2]!, "base64url").toString();

describe("credentials from a function", () => {
  it("are asked for on every attempt", async () => {
    let count = 0;
    const { states, peer } = await bench.connected({ credentials: async () => ++count });
    peer.socket.close();
    await states.find(({ code }) => code === "closed");
    passBackoff();
    const next = await bench.server.peers.take();
    expect([peer, next].map(tokenOf)).toEqual(["1", "2"]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no token");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no token"))],
    ["gives what is not JSON", () => 1n],
  ])("that %s fail with a code, and are retried", async (_how, fail) => {
    let credentials: () => unknown = fail;
    const { states } = bench.client({ credentials: () => credentials() });
    const change = await states.find(({ code }) => code !== "connect");
    expect(change).toMatchObject({ state: "connecting", code: "credentials_failed", retryIn: 500 });
    expect(change.reason).toMatch(/no token|BigInt/);
    credentials = () => "token";
    passBackoff();
    await states.find(({ state }) => state === "connected");
  });
});

describe("credentials that are too large", () => {
  it("are not sent, and stop the client with both sizes", async () => {
    const { pushIt, states } = bench.client({ credentials: "x".repeat(5_000) });
    const waiting = pushIt.channel("a").publish(1);
    const change = await states.find(({ code }) => code !== "connect");
    expect(change).toMatchObject({ state: "disconnected", code: "credentials_too_large", retryIn: undefined });
    expect(change.reason).toBe("The credentials have 5,002 bytes of JSON, but at most 4,096 are allowed.");
    await expect(waiting).rejects.toMatchObject({ code: "credentials_too_large" });
    expect(bench.server.peers.all).toEqual([]);
  });

  it("are a token with 200 groups, for example", async () => {
    const groups = Array.from({ length: 200 }, (_, n) => `group-${n}-of-the-company`);
    const token = [
      "header",
      Buffer.from(JSON.stringify({ sub: "ann", groups })).toString("base64url"),
      "signature",
    ].join(".");
    const { states } = bench.client({ credentials: () => ({ token }) });
    expect((await states.find(({ code }) => code === "credentials_too_large")).reason).toMatch(
      /^The credentials have [5-9],\d{3} bytes of JSON, but at most 4,096 are allowed\./,
    );
  });

  it("leave no timer", async () => {
    const { states } = bench.client({ credentials: "x".repeat(5_000) });
    await states.find(({ code }) => code === "credentials_too_large");
    expect(bench.platform.timers).toBe(0);
  });

  it("are retried when the application connects", async () => {
    let token = "x".repeat(5_000);
    const { pushIt, states } = bench.client({ credentials: () => token });
    await states.find(({ code }) => code === "credentials_too_large");
    token = "small";
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
  });
});

describe("connect({ credentials })", () => {
  it("replaces an open connection at once", async () => {
    const { pushIt, states, peer } = await bench.connected({ credentials: "guest", channels: ["a"] });
    pushIt.connect({ credentials: "member" });
    expect(await states.find(({ state }) => state === "connecting")).toMatchObject({ code: "connect" });
    const next = await bench.server.peers.take();
    expect([peer, next].map(tokenOf)).toEqual(['"guest"', '"member"']);
    await peer.closed;
    await states.find(({ state }) => state === "connected");
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
  });

  it("ends a denial without disconnect()", async () => {
    bench.server.select = "push-it.v1.denied";
    bench.server.automatic = false;
    const { pushIt, states } = bench.client({ credentials: "guest" });
    const denied = await bench.server.peers.take();
    denied.answer(await denied.frames.take(), { successful: false, code: "denied", error: "Members only." });
    await states.find(({ state }) => state === "denied");
    bench.server.select = "push-it.v1";
    pushIt.connect({ credentials: "member" });
    expect(tokenOf(await bench.server.peers.take())).toBe('"member"');
    await states.find(({ state }) => state === "connected");
  });

  it("replaces an attempt that is under way", async () => {
    let give = (_token: string): void => {};
    const { pushIt, states } = bench.client({ credentials: () => new Promise((resolve) => (give = resolve)) });
    pushIt.connect({ credentials: "member" });
    give("guest");
    await states.find(({ state }) => state === "connected");
    expect(bench.server.peers.all.map(tokenOf)).toEqual(['"member"']);
  });

  it("keeps the new credentials for every later attempt", async () => {
    const { pushIt, states } = await bench.connected({ credentials: "guest" });
    pushIt.connect({ credentials: () => "member" });
    const next = await bench.server.peers.take();
    await states.find(({ code }) => code === "connect");
    await states.find(({ state }) => state === "connected");
    next.socket.terminate();
    await states.find(({ code }) => code === "closed");
    passBackoff();
    expect(tokenOf(await bench.server.peers.take())).toBe('"member"');
  });

  it("can remove the credentials", async () => {
    const { pushIt } = await bench.connected({ credentials: "guest" });
    pushIt.connect({ credentials: undefined });
    expect((await bench.server.peers.take()).protocols).toHaveLength(3);
  });
});

describe("connect() without credentials", () => {
  it("does not change an open connection", async () => {
    const { pushIt, states, peer } = await bench.connected();
    pushIt.connect();
    await pushIt.channel("a").publish(1);
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
    expect([peer.frames.all.length, bench.server.peers.waiting]).toEqual([1, 0]);
  });
});
