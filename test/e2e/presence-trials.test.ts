import { setTimeout as sleep } from "node:timers/promises";
import { Duration } from "aws-cdk-lib";
import WebSocket from "ws";
import { PushIt } from "push-it-client";
import type { PresencePage } from "../../protocol/index.js";
import { ask, presenceEvents } from "./support/presence.js";
import { Network } from "./support/network.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

/** `npm run presence` runs all of it, in real time. An ordinary run of the tests has time for the rotations alone. */
const FULL = process.env["PUSH_IT_PRESENCE"] === "full";

const CHANNEL = "rooms/1";
const [MEMBERS, USERS, TRIALS] = [20, 12, 20];

/** How long each connection lives, and how long others watch, in milliseconds. */
const LIFETIME_MS = FULL ? 30_000 : 8_000;
const WATCHED_MS = FULL ? 180_000 : 20_000;

/** How often the schedule runs, in milliseconds, as in AWS. */
const MINUTE_MS = 60_000;

/** The shortest interval of heartbeats that the construct permits, in milliseconds. */
const HEARTBEAT_MS = 60_000;

/** How late presence may be: after a close, and after a network has vanished, in milliseconds. */
const LEASE_MS = 120_000;
const VANISHED_MS = HEARTBEAT_MS + 150_000;

const GUARDS = `
  export default {
    onConnectionRequest(agent) { agent.connected({ userId: agent.credentials.user, info: agent.credentials.user }); },
    onSubscriptionRequest(channel, agent) { agent.subscribe(channel); },
  };
`;

const forgotten = new Set<string>();

describe(`${MEMBERS} members of ${USERS} users on one channel`, () => {
  let system: TestSystem;
  let schedule: NodeJS.Timeout | undefined;
  const clients: PushIt[] = [];

  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: {
        channels: { "rooms/*": { presence: true, history: {} } },
        presenceHeartbeat: Duration.millis(HEARTBEAT_MS),
      },
      faults: { dropDisconnect: (connectionId) => forgotten.has(connectionId) },
    });
    schedule = setInterval(() => void system.running.runSchedules(), MINUTE_MS);
  });
  afterAll(async () => {
    clearInterval(schedule);
    for (const client of clients) client.disconnect();
    await system.close();
  });

  /** A client that sees events, and is not a member itself. */
  const watch = async (): Promise<Wire> => {
    const wire = await system.connect({ credentials: { user: "watcher" } });
    const data = { channel: CHANNEL, present: false };
    expect(await wire.request({ action: "subscribe", channel: "/meta/subscribe", data })).toMatchObject({
      successful: true,
    });
    return wire;
  };

  const present = async (wire: Wire): Promise<string[]> => {
    const { members } = (await ask(wire, CHANNEL)).data as unknown as PresencePage;
    return members.map(({ userId }) => userId ?? "").sort();
  };

  const users = Array.from({ length: USERS }, (_, at) => `user-${String(at).padStart(2, "0")}`);

  it(
    "neither leave nor join while their connections rotate",
    async () => {
      let rotations = 0;
      await Promise.all(
        Array.from({ length: MEMBERS }, async (_, at) => {
          const credentials = { user: users[at % USERS]! };
          const url = system.running.websocketUrl;
          const client = new PushIt({ url, WebSocket, credentials, connectionLifetime: LIFETIME_MS });
          clients.push(client);
          client.on("rotated", () => (rotations += 1));
          await client.channel(CHANNEL).subscribe();
        }),
      );
      const watcher = await watch();
      // All joins have been announced.
      await sleep(2_000);
      expect(await present(watcher)).toEqual(users);
      const before = presenceEvents(watcher, CHANNEL).length;
      await sleep(WATCHED_MS);
      expect(rotations).toBeGreaterThan(MEMBERS);
      expect(presenceEvents(watcher, CHANNEL).slice(before)).toEqual([]);
      expect(await present(watcher)).toEqual(users);
      for (const client of clients.splice(0)) client.disconnect();
      await watcher.until(
        () => presenceEvents(watcher, CHANNEL).filter(({ left }) => left).length === USERS,
        "the leaves",
      );
      await watcher.close();
    },
    WATCHED_MS + 280_000,
  );

  /** Ends trials one by one, and returns how long each user was still a member afterwards, in milliseconds. */
  const endOneByOne = async (trials: readonly { user: string; end: () => unknown }[]): Promise<number[]> => {
    const watcher = await watch();
    const ended = new Map<string, number>();
    const took = new Map<string, number>();
    await Promise.all(
      trials.map(async ({ user, end }, at) => {
        await sleep((at * MINUTE_MS) / trials.length);
        await end();
        ended.set(user, Date.now());
      }),
    );
    const deadline = Date.now() + VANISHED_MS + MINUTE_MS;
    while (took.size < trials.length && Date.now() < deadline) {
      const there = await present(watcher);
      for (const [user, at] of ended) if (!there.includes(user) && !took.has(user)) took.set(user, Date.now() - at);
      await sleep(1_000);
    }
    expect([...took.keys()].sort()).toEqual([...ended.keys()].sort());
    await watcher.close();
    return [...took.values()];
  };

  const trialUsers = Array.from({ length: TRIALS }, (_, at) => `trial-${String(at).padStart(2, "0")}`);

  if (FULL) {
    it("are right within a lease after a connection closed without $disconnect", async () => {
      const trials = await Promise.all(
        trialUsers.map(async (user) => {
          const wire = await system.connect({ credentials: { user } });
          expect(await wire.subscribe(CHANNEL)).toMatchObject({ successful: true });
          const { connectionId } = await system.connectionOf(wire);
          const end = (): void => {
            forgotten.add(connectionId);
            wire.socket.terminate();
          };
          return { user, end };
        }),
      );
      const took = await endOneByOne(trials);
      console.log(`present for so long after a lost $disconnect, in ms: ${took.sort((a, b) => a - b).join(" ")}`);
      expect(Math.max(...took)).toBeLessThan(LEASE_MS);
    }, 600_000);

    it("are right within the stated time after a network has vanished", async () => {
      const networks: Network[] = [];
      const trials = await Promise.all(
        trialUsers.map(async (user) => {
          const network = await Network.to(system.running.websocketUrl);
          networks.push(network);
          const client = new PushIt({ url: network.url, WebSocket, credentials: { user } });
          clients.push(client);
          await client.channel(CHANNEL).subscribe();
          return { user, end: () => network.vanish() };
        }),
      );
      // Each has sent a heartbeat or more before its network vanishes.
      await sleep(HEARTBEAT_MS + MINUTE_MS / 2);
      const watcher = await watch();
      expect(await present(watcher)).toEqual(trialUsers);
      await watcher.close();
      const took = await endOneByOne(trials);
      console.log(`present for so long after the network vanished, in ms: ${took.sort((a, b) => a - b).join(" ")}`);
      for (const network of networks) await network.close();
      expect(Math.max(...took)).toBeLessThan(VANISHED_MS);
    }, 900_000);
  }
});
