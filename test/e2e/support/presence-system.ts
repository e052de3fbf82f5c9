import { Duration } from "aws-cdk-lib";
import { livenessKey } from "../../../lambdas/aws/dynamodb/keys.js";
import type { Member } from "../../../protocol/index.js";
import { connectionOf, putRow } from "./rows.js";
import { TestSystem } from "./system.js";

const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      const { user, info = user, join } = agent.credentials ?? {};
      if (join) agent.subscribe(join);
      agent.connected({ userId: user, info });
    },
    async onSubscriptionRequest(channel, agent) {
      if (channel.name === "rooms/past") {
        const past = await agent.channel("past/gap").history({ since: { epoch: "e1", offset: 0 } });
        const none = await agent.channel("past/new").history();
        if (past.position.offset !== 1 || none.messages.length > 0) return agent.subscriptionDenied(channel, "Not read.");
      }
      if (channel.name === "rooms/closed") agent.subscriptionDenied(channel, "Closed.");
      else agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      if (message.data === "bring me") agent.subscribe(channel.name);
      channel.publish(message);
      agent.publicationSuccess(message);
    },
    async onMessageReceived(channel, agent, message) { if (message.data !== "secret") agent.deliver(channel, message); },
  };
`;

/** Connections that API Gateway calls gone, and connections whose `$disconnect` it forgets. */
const faults = { gone: new Set<string>(), forgotten: new Set<string>() };

const HEARTBEAT = Duration.minutes(1);
/** Short, so that a leave is announced while a test waits. */
export const GRACE = Duration.seconds(1);

/** A system with presence for the tests of a file, and its helpers. */
export const usePresenceSystem = () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: {
        channels: {
          "rooms/*": { presence: true },
          "rooms/latest": { presence: true, latest: true },
          "past/*": { history: {} },
        },
        presenceHeartbeat: HEARTBEAT,
        presenceGrace: GRACE,
        wildcards: ["rooms/*"],
      },
      faults: {
        beforePost: (connectionId) => (faults.gone.has(connectionId) ? "gone" : undefined),
        dropDisconnect: (connectionId) => faults.forgotten.has(connectionId),
      },
    });
  });
  afterAll(() => system.close());

  const arrive = async (user: string, ...channels: string[]) => {
    const wire = await system.connect({ credentials: { user } });
    const { agent } = (await wire.ping()).data as { agent: string };
    for (const channel of channels) expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
    const me: Member = { agent, userId: user, info: user, connections: [agent] };
    return { wire, me, agent, connectionId: connectionOf(await system.rows(), agent).connectionId };
  };

  const memberRow = async (channel: string, connectionId: string) =>
    (await system.rows()).find(({ pk, c }) => pk === `p#${channel}` && c === connectionId);

  const rowsOf = async (channel: string) =>
    (await system.rows()).filter(({ pk, sk }) => pk === `p#${channel}` || (pk?.startsWith("o#") && sk === channel));

  /** Lets a connection have sent its last heartbeat at a time. */
  const silence = async (connectionId: string, heartbeatAt: number): Promise<void> => {
    const { pk, sk } = livenessKey(connectionId);
    const row = (await system.rows()).find((each) => each.pk === pk && each.sk === sk);
    await putRow(system.running, { ...row, h: String(heartbeatAt) });
  };

  /** Lets connections be old enough for a check. */
  const age = (...connectionIds: string[]): Promise<unknown> =>
    Promise.all(connectionIds.map((each) => silence(each, Date.now() - 31_000)));

  const minute = async (): Promise<void> => {
    for (const result of await system.running.runSchedules()) expect(result).toMatchObject({ ok: true });
  };

  return { arrive, memberRow, rowsOf, silence, age, minute, faults, system: () => system };
};
