import type { PresenceEventData } from "../../../../protocol/index.js";
import { PresenceRecordingTable } from "../../../../lambdas/aws/dynamodb/presence-recording-table.js";
import { MembersTable } from "../../../../lambdas/aws/dynamodb/members-table.js";
import { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import type { Agent } from "../../../../lambdas/connection/agent.js";
import { notifyChannel, notifyAllChannels } from "../../../../lambdas/presence/presence-notifier.js";
import { readPresencePage } from "../../../../lambdas/presence/presence-query.js";
import { PresenceRecorder } from "../../../../lambdas/presence/presence-recorder.js";
import { NO_EVENTS } from "../../../../lambdas/server-api/server-events.js";
import { AgentCache } from "../../../../lambdas/connection/agent-cache.js";
import { renewPresence } from "../../../../lambdas/presence/presence-renewal.js";
import { addSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { openGuards } from "../../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf, TestConnections, TestLog, TestSegments } from "../../support/fakes.js";
import { useEngine } from "../../support/test-table.js";

const engine = useEngine();
const CHANNEL = "rooms/1";

/** Ann and Bob, connected; Bob is subscribed to the room. */
const setUp = async (info?: Agent["info"]) => {
  const it = await engine.table();
  const { clock } = it;
  const members = new MembersTable(it, clock);
  const occupancy = new OccupancyTable(it, clock);
  const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };
  const log = new TestLog();
  const attendance = new PresenceRecorder({
    members,
    occupancy,
    announce: () => Promise.resolve(),
    settings,
    clock,
    log,
  });
  const store = new PresenceRecordingTable(it.client, it.name, clock, settings.channels, attendance);
  const connections = new TestConnections(clock);
  const announcing = {
    store,
    guards: openGuards,
    connections,
    clock,
    log,
    settings,
    segments: new TestSegments(),
    members,
    occupancy,
    events: NO_EVENTS,
  };
  const [ann, bob] = [agentOf("ann", info === undefined ? {} : { info }), agentOf("bob")];
  for (const agent of [ann, bob]) await store.putAgent(agent);
  const subscribe = (agent: Agent) => addSubscriptions({ store, settings }, agent, [[CHANNEL]], true);
  await subscribe(bob);
  return {
    it,
    clock,
    members,
    store,
    settings,
    ann,
    bob,
    subscribe,
    run: () => notifyChannel(announcing, CHANNEL),
    minute: () => notifyAllChannels(announcing, () => true),
    ping: ({ connectionId }: Agent) => renewPresence({ members, settings, clock }, connectionId, [CHANNEL]),
    present: async () =>
      (
        await readPresencePage({ members, occupancy, clock }, { channel: CHANNEL }, { bytes: 30_000, rows: 1_000 })
      ).members.map(({ agent }) => agent),
    /** What Bob was told of Ann. */
    told: () =>
      (connections.received("bob") as unknown as { data: PresenceEventData }[])
        .map(({ data }) => data)
        .filter(({ joined, left }) => (joined ?? left)?.agent === ann.uuid),
  };
};

describe("an agent whose ping comes after the end of its lease", () => {
  const late = async () => {
    const it = await setUp();
    await it.subscribe(it.ann);
    await it.run();
    it.clock.advance(it.settings.presenceLeaseMs - 5_000);
    await it.ping(it.bob);
    await it.minute();
    it.clock.advance(7_000);
    // Somebody asks who is there, and does not see it.
    expect(await it.present()).toEqual([it.bob.uuid]);
    return it;
  };

  test("is told that it is absent, and told of as joined when it subscribes again", async () => {
    const it = await late();
    expect(await it.ping(it.ann)).toEqual([CHANNEL]);
    await it.subscribe(it.ann);
    await it.run();
    expect((await it.present()).sort()).toEqual([it.ann.uuid, it.bob.uuid]);
    const [first, second] = it.told();
    expect([first?.joined, second?.joined]).toMatchObject([{ agent: it.ann.uuid }, { agent: it.ann.uuid }]);
    expect(second!.at).toBeGreaterThan(first!.at);
  });

  test("is told of as left, if it does not", async () => {
    const it = await late();
    await it.ping(it.ann);
    await it.minute();
    expect(it.told()).toMatchObject([{ joined: {} }, { left: {} }]);
  });
});

describe("an agent that was renewed with another info", () => {
  const [moderator, guest] = [{ role: "moderator" }, { role: "guest" }];

  test("is described by the new one, also by a function that remembers the old one", async () => {
    const it = await setUp(moderator);
    const directory = new AgentCache(it.store, it.clock);
    await directory.connectionRecord("ann");
    await it.store.renewAgent({ ...it.ann, info: guest }, it.ann);
    const cached = await directory.connectionRecord("ann");
    if (!cached || !("agent" in cached)) throw new Error("there is no agent");
    expect(cached.agent.info).toEqual(moderator);
    await it.subscribe(cached.agent);
    await it.run();
    expect(it.told()).toMatchObject([{ joined: { info: guest } }]);
    expect((await it.members.all(CHANNEL)).find(({ connectionId }) => connectionId === "ann")).toMatchObject({
      info: guest,
    });
  });

  test("is described by the new one, also if it was renewed while it was subscribed", async () => {
    const it = await setUp(moderator);
    let renewed = false;
    it.it.intercept = async (name, input, next) => {
      // After the members were written, before the subscription's rows are.
      if (name === "BatchWriteItem" && !renewed) {
        renewed = true;
        await it.store.renewAgent({ ...it.ann, info: guest }, it.ann);
      }
      return next(input);
    };
    await it.subscribe(it.ann);
    await it.run();
    expect(renewed).toBe(true);
    expect(it.told().at(-1)).toMatchObject({ joined: { info: guest } });
  });
});
