import type { PresenceEventData } from "../../../../protocol/index.js";
import { PresenceRecordingTable } from "../../../../lambdas/aws/dynamodb/presence-recording-table.js";
import { LivenessTable } from "../../../../lambdas/aws/dynamodb/liveness-table.js";
import { MembersTable } from "../../../../lambdas/aws/dynamodb/members-table.js";
import { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import type { Agent } from "../../../../lambdas/connection/agent.js";
import { notifyChannel, notifyAllChannels } from "../../../../lambdas/presence/presence-notifier.js";
import { checkPresence, HEARTBEAT_MARGIN_MS } from "../../../../lambdas/presence/presence-checker.js";
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

/** Ann and Bob are connected, and Bob is subscribed to the room. */
const setUp = async (info?: Agent["info"]) => {
  const system = await engine.table();
  const { clock } = system;
  const members = new MembersTable(system, clock);
  const liveness = new LivenessTable(system, clock);
  const occupancy = new OccupancyTable(system, clock);
  const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };
  const log = new TestLog();
  const recorder = new PresenceRecorder({
    members,
    liveness,
    occupancy,
    announce: () => Promise.resolve(),
    settings,
    clock,
    log,
  });
  const store = new PresenceRecordingTable(system.client, system.name, clock, settings.channels, recorder);
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
    liveness,
    occupancy,
    wakeUps: { wakeUp: () => Promise.resolve(true) },
    events: NO_EVENTS,
  };
  const [ann, bob] = [agentOf("ann", info === undefined ? {} : { info }), agentOf("bob")];
  for (const agent of [ann, bob]) await store.putAgent(agent);
  const subscribe = (agent: Agent) => addSubscriptions({ store, settings }, agent, [[CHANNEL]], true);
  await subscribe(bob);
  return {
    testTable: system,
    clock,
    members,
    store,
    settings,
    ann,
    bob,
    subscribe,
    run: () => notifyChannel(announcing, CHANNEL),
    minute: () => notifyAllChannels(announcing, () => true),
    ping: (agent: Agent) => renewPresence({ members, liveness, settings, clock }, agent, [CHANNEL]),
    /** Ends the connections that said nothing for too long, as the schedule does. */
    check: () =>
      checkPresence(
        {
          store,
          guards: openGuards,
          liveness,
          recorder,
          connections: { exists: () => Promise.resolve(true), close: () => Promise.resolve(true) },
          settings,
          clock,
          log,
        },
        clock.now(),
        () => true,
      ),
    present: async () =>
      (
        await readPresencePage(
          { members, occupancy, clock, settings },
          { channel: CHANNEL },
          { bytes: 30_000, rows: 1_000 },
        )
      ).members.map(({ agent }) => agent),
    /** The events about Ann that Bob received. */
    eventsAboutAnn: () =>
      (connections.received("bob") as unknown as { data: PresenceEventData }[])
        .map(({ data }) => data)
        .filter(({ joined, left }) => (joined ?? left)?.agent === ann.uuid),
  };
};

describe("an agent that sends no heartbeat for too long", () => {
  const late = async () => {
    const system = await setUp();
    await system.subscribe(system.ann);
    await system.run();
    system.clock.advance(system.settings.presenceHeartbeatMs);
    await system.ping(system.bob);
    expect(await system.check()).toMatchObject({ silent: 0, checked: 1 });
    system.clock.advance(HEARTBEAT_MARGIN_MS + 1);
    expect(await system.check()).toMatchObject({ silent: 1, checked: 1 });
    system.clock.advance(system.settings.presenceGraceMs);
    // A presence query does not return Ann.
    expect(await system.present()).toEqual([system.bob.uuid]);
    return system;
  };

  test("learns that it is absent, and joins when it subscribes again", async () => {
    const system = await late();
    await system.minute();
    expect(await system.ping(system.ann)).toEqual([CHANNEL]);
    await system.subscribe(system.ann);
    await system.run();
    expect((await system.present()).sort()).toEqual([system.ann.uuid, system.bob.uuid]);
    const [first, second, third] = system.eventsAboutAnn();
    expect([first?.joined, second?.left, third?.joined]).toMatchObject(
      [1, 2, 3].map(() => ({ agent: system.ann.uuid })),
    );
    expect(third!.at).toBeGreaterThan(second!.at);
    expect(await system.ping(system.ann)).toEqual([]);
  });

  test("has left if it does not subscribe again", async () => {
    const system = await late();
    await system.ping(system.ann);
    await system.minute();
    expect(system.eventsAboutAnn()).toMatchObject([{ joined: {} }, { left: {} }]);
  });
});

describe("an agent that was renewed with another info", () => {
  const [moderator, guest] = [{ role: "moderator" }, { role: "guest" }];

  test("has the new info, even if a function cached the old one", async () => {
    const system = await setUp(moderator);
    const directory = new AgentCache(system.store, system.clock);
    await directory.connectionRecord("ann");
    await system.store.renewAgent({ ...system.ann, info: guest }, system.ann);
    const cached = await directory.connectionRecord("ann");
    if (!cached || !("agent" in cached)) throw new Error("there is no agent");
    expect(cached.agent.info).toEqual(moderator);
    await system.subscribe(cached.agent);
    await system.run();
    expect(system.eventsAboutAnn()).toMatchObject([{ joined: { info: guest } }]);
    expect((await system.members.all(CHANNEL)).find(({ connectionId }) => connectionId === "ann")).toMatchObject({
      info: guest,
    });
  });

  test("has the new info, even if renewed while it was being subscribed", async () => {
    const system = await setUp(moderator);
    let renewed = false;
    system.testTable.intercept = async (name, input, next) => {
      // After the members were written, and before the subscription's rows are.
      if (name === "BatchWriteItem" && !renewed) {
        renewed = true;
        await system.store.renewAgent({ ...system.ann, info: guest }, system.ann);
      }
      return next(input);
    };
    await system.subscribe(system.ann);
    await system.run();
    expect(renewed).toBe(true);
    expect(system.eventsAboutAnn().at(-1)).toMatchObject({ joined: { info: guest } });
  });
});
