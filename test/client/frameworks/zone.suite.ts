// Angular keeps an application in a zone, and calls it stable once no timer of that zone is pending.
import "zone.js";
import WebSocket from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { type Peer, ScriptedServer } from "../support/scripted-server.js";

interface HasTask {
  macroTask: boolean;
}

/** The part of zone.js that Angular uses. */
interface ZoneLike {
  name: string;
  run<Result>(callback: () => Result): Result;
  fork(spec: {
    name: string;
    onHasTask?: (parent: unknown, current: ZoneLike, target: ZoneLike, state: HasTask) => void;
    onScheduleTask?: unknown;
    onInvokeTask?: unknown;
  }): ZoneLike;
}

const { Zone } = globalThis as unknown as { Zone: { root: ZoneLike; current: ZoneLike } };

/** A zone as Angular makes one, and how many of its timers are pending. */
const angular = () => {
  const changes: boolean[] = [];
  const zone = Zone.root.fork({
    name: "angular",
    onHasTask: (_parent, current, target, { macroTask }) => {
      if (current === target) changes.push(macroTask);
    },
  });
  return { zone, hadTimer: (): boolean => changes.includes(true), isStable: (): boolean => changes.at(-1) !== true };
};

/** The name of the zone in which code runs. */
const here = (): string => Zone.current.name;

let server: ScriptedServer;
const clients: PushIt[] = [];

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.on("error", () => {});
    client.disconnect();
  }
  await server.stop();
});

/** A client that an Angular application makes, with the page's own clock. */
const connected = async (
  zone: ZoneLike,
  options: Partial<PushItOptions> = {},
): Promise<{ pushIt: PushIt; peer: Peer }> => {
  const pushIt = zone.run(() => new PushIt({ url: server.url, WebSocket, ...options }));
  clients.push(pushIt);
  const peer = await server.peers.take();
  while (!pushIt.me) await new Promise((resolve) => setImmediate(resolve));
  return { pushIt, peer };
};

describe("in Angular's zone", () => {
  it("a plain timer keeps the application unstable", () => {
    const { zone, isStable } = angular();
    const timer = zone.run(() => setTimeout(() => {}, 60_000));
    expect(isStable()).toBe(false);
    clearTimeout(timer);
    expect(isStable()).toBe(true);
  });

  it("a client never leaves a timer pending", async () => {
    const { zone, hadTimer, isStable } = angular();
    const { pushIt, peer } = await connected(zone, {
      channels: ["a"],
      checkInterval: 20_000,
      suspendWhenHidden: 60_000,
    });
    await zone.run(() => pushIt.channel("b").subscribe());
    await zone.run(() => pushIt.channel("b").publish(1));
    server.automatic = false;
    // A request is open, with its timeout.
    void zone.run(() => pushIt.channel("c").subscribe());
    await peer.frames.find(({ action, data }) => action === "subscribe" && data!.channels!.includes("c"));
    expect([hadTimer(), isStable()]).toEqual([false, true]);
  });

  it("a client that waits for its next attempt leaves no timer pending", async () => {
    const { zone, hadTimer } = angular();
    server.refuse = 503;
    const states = new Mailbox<string>();
    const pushIt = zone.run(() => new PushIt({ url: server.url, WebSocket, retryBase: 60_000 }));
    clients.push(pushIt);
    pushIt.on("state", ({ code }) => states.put(code));
    await states.find((code) => code === "unreachable");
    expect(hadTimer()).toBe(false);
  });

  it("listeners run in the zone in which they were added", async () => {
    const { zone } = angular();
    const { pushIt, peer } = await connected(zone);
    const zones = new Mailbox<string>();
    zone.run(() => pushIt.on("message", () => zones.put(here())));
    zone.run(() => pushIt.channel("a").on("message", () => zones.put(here())));
    Zone.root.run(() => pushIt.on("message", () => zones.put(here())));
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    expect([await zones.take(), await zones.take(), await zones.take()]).toEqual(["angular", "angular", "<root>"]);
  });

  it("onMessageReceived runs in the zone that made the client", async () => {
    const { zone } = angular();
    const { pushIt, peer } = await connected(zone);
    const zones = new Mailbox<string>();
    pushIt.onMessageReceived = () => zones.put(here());
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    expect(await zones.take()).toBe("angular");
  });

  it("callbacks run in the zone of the call", async () => {
    const { zone } = angular();
    const { pushIt } = await connected(zone);
    const zones = new Mailbox<string>();
    zone.run(() => pushIt.publish({ channel: "a", data: 1 }, undefined, () => zones.put(here())));
    expect(await zones.take()).toBe("angular");
    zone.run(() => pushIt.publish({ channel: "a", data: "x".repeat(40_000) }, () => zones.put(here())));
    expect(await zones.take()).toBe("angular");
    zone.run(() => pushIt.subscribe("b", undefined, () => zones.put(here())));
    expect(await zones.take()).toBe("angular");
  });

  it("code that awaits a promise continues in its zone", async () => {
    const { zone } = angular();
    const { pushIt } = await connected(zone);
    const name = await zone.run(() => pushIt.channel("a").subscribe().then(here));
    expect(name).toBe("angular");
  });
});
