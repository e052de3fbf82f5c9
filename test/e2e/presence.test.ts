import { Duration } from "aws-cdk-lib";
import type { Attendance, Attended, Member } from "../../protocol/index.js";
import { connectionOf, putRow } from "./support/rows.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      const { user, info = user, join } = agent.credentials ?? {};
      if (join) agent.subscribe(join);
      agent.connected({ userId: user, info });
    },
    onSubscriptionRequest(channel, agent) {
      if (channel === "rooms/closed") agent.subscriptionDenied("Closed.");
      else agent.subscribe(channel === "rooms/other" ? "rooms/else" : channel);
    },
    onPublicationRequest(channel, agent, message) {
      if (message.data === "bring me") agent.subscribe(channel.name);
      channel.publish(message);
      agent.publicationSuccess(message);
    },
    async onMessageReceived(channel, agent, message) { if (message.data !== "secret") agent.deliver(channel, message); },
  };
`;

/** Connections that API Gateway calls gone, and those whose `$disconnect` it forgets. */
const faults = { gone: new Set<string>(), forgotten: new Set<string>() };

const LEASE = Duration.seconds(20);

/** What a client has been told of who came and went on a channel. */
const heard = (wire: Wire, channel: string): Attended[] =>
  wire.received.filter((each) => each.channel === "/meta/presence" && each.successful === undefined).map(({ data }) => data as unknown as Attended).filter((each) => each.channel === channel);

/** Resolves when a client has been told that an agent came, or went. */
const told = (wire: Wire, channel: string, kind: "joined" | "left", agent: string): Promise<Attended> =>
  wire.until(() => heard(wire, channel).find((each) => each[kind]?.agent === agent), `that ${agent} ${kind} ${channel}`);

const ask = (wire: Wire, channel: string, after?: string) =>
  wire.request({ action: "presence", channel: "/meta/presence", data: { channel, ...(after === undefined ? {} : { after }) } });

const attendance = async (wire: Wire, channel: string): Promise<Attendance> => (await ask(wire, channel)).data as unknown as Attendance;

const ping = (wire: Wire, present: unknown) => wire.request({ action: "ping", channel: "/meta/ping", data: { present } });

describe("a channel with presence", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: { channels: { "rooms/*": { presence: true }, "rooms/latest": { presence: true, latest: true } }, presenceLease: LEASE, wildcards: ["rooms/*"] },
      faults: {
        beforePost: (connectionId) => (faults.gone.has(connectionId) ? "gone" : undefined),
        dropDisconnect: (connectionId) => faults.forgotten.has(connectionId),
      },
    });
  }, 60_000);
  afterAll(() => system.close());

  const arrive = async (user: string, ...channels: string[]) => {
    const wire = await system.connect({ credentials: { user } });
    const { agent } = (await wire.ping()).data as { agent: string };
    for (const channel of channels) expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
    const me: Member = { agent, userId: user, info: user };
    return { wire, me, agent, connectionId: connectionOf(await system.rows(), agent).connectionId };
  };

  const memberRow = async (channel: string, connectionId: string) =>
    (await system.rows()).find(({ pk, sk }) => pk === `p#${channel}` && sk === connectionId);

  const rowsOf = async (channel: string) => (await system.rows()).filter(({ pk, sk }) => pk === `p#${channel}` || (pk?.startsWith("o#") && sk === channel));

  /** Lets the lease of one agent on a channel be over. */
  const silence = async (channel: string, connectionId: string): Promise<void> =>
    putRow(system.running, { ...(await memberRow(channel, connectionId)), l: String(Date.now() - 1) });

  const minute = async (): Promise<void> => {
    for (const result of await system.running.runSchedules()) expect(result).toMatchObject({ ok: true });
  };

  it("tells who is there, and its subscribers who comes and who goes", async () => {
    const ada = await arrive("ada", "rooms/1");
    const bob = await arrive("bob");
    expect((await bob.wire.subscribe("rooms/1")).data).toEqual({ channel: "rooms/1", presentEvery: 10_000 });
    expect(await told(ada.wire, "rooms/1", "joined", bob.agent)).toEqual({ channel: "rooms/1", joined: bob.me, at: expect.any(Number) });
    expect(await attendance(ada.wire, "rooms/1")).toEqual({
      channel: "rooms/1",
      count: 2,
      members: [ada.me, bob.me].sort((a, b) => (a.agent < b.agent ? -1 : 1)),
    });
    await bob.wire.unsubscribe("rooms/1");
    const { at } = await told(ada.wire, "rooms/1", "left", bob.agent);
    expect(at).toBeGreaterThan((await told(ada.wire, "rooms/1", "joined", bob.agent)).at);
    expect(await attendance(ada.wire, "rooms/1")).toMatchObject({ count: 1, members: [ada.me] });
    const carl = await arrive("carl", "rooms/1");
    await told(ada.wire, "rooms/1", "joined", carl.agent);
    await carl.wire.close();
    await told(ada.wire, "rooms/1", "left", carl.agent);
  });
});
