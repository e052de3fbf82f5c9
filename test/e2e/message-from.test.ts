import { type Stack, Duration } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { PushIt as PushItConstruct } from "../../infra/index.js";
import type { Reply, Replay } from "../../protocol/index.js";
import { publisherOf } from "./support/publisher.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

jest.setTimeout(300_000);

const GUARDS = `
  export default {
    onConnectionRequest: (agent) =>
      agent.connected({ userId: agent.credentials.user, info: { name: agent.credentials.user } }),
    channels: {
      "rooms/*/secret": {
        onMessageReceived(channel, agent, message) {
          agent.deliver(channel, agent.userId === "ann" ? message : { ...message, from: undefined });
        },
      },
    },
  };
`;
const CHANNELS = {
  "rooms/*": { from: true, history: { size: 100, ttl: Duration.hours(1) } },
  "rooms/*/seats": { from: true, latest: true },
};

const addResources = (stack: Stack, pushIt: PushItConstruct): void =>
  void pushIt.grantPublish(new Role(stack, "BackEnd", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") }));

const history = (wire: Wire, channel: string): Promise<Reply> =>
  wire.request({ action: "history", channel: "/meta/history", data: { channel } });
const replay = ({ data }: Reply): Replay => data as unknown as Replay;

describe("the publisher of a message", () => {
  let system: TestSystem;
  let ann: Wire;
  let bob: Wire;
  let annsAgent: string;
  beforeAll(async () => {
    system = await TestSystem.start({ guards: GUARDS, addResources, props: { channels: CHANNELS } });
    [ann, bob] = await Promise.all([
      system.connect({ credentials: { user: "ann" } }),
      system.connect({ credentials: { user: "bob" } }),
    ]);
    annsAgent = ((await ann.ping()).data as { agent: string }).agent;
  });
  afterAll(() => system.close());

  const fromAnn = () => ({ connection: annsAgent, userId: "ann", info: { name: "ann" } });

  it("is the connection's agent, in deliveries, histories and the latest value", async () => {
    for (const channel of ["rooms/5", "rooms/5/seats"]) {
      await bob.subscribe(channel);
      const forged = { connection: "bob's", userId: "bob", info: "Bob" };
      await ann.request({ action: "publish", channel, data: channel, from: forged });
      expect((await bob.message(channel)).from).toEqual(fromAnn());
    }
    expect(replay(await history(bob, "rooms/5")).messages).toMatchObject([{ data: "rooms/5", from: fromAnn() }]);
    const late = await system.connect({ credentials: { user: "cid" } });
    expect((await late.subscribe("rooms/5/seats")).data).toMatchObject({ latest: { from: fromAnn() } });
  });

  it("is removed by a delivery guard, also from replays", async () => {
    const channel = "rooms/5/secret";
    await Promise.all([ann.subscribe(channel), bob.subscribe(channel)]);
    await ann.publish(channel, "hush");
    expect((await ann.message("hush")).from).toEqual(fromAnn());
    expect(await bob.message("hush")).not.toHaveProperty("from");
    expect(replay(await history(ann, channel)).messages).toMatchObject([{ from: fromAnn() }]);
    expect(JSON.stringify(await history(bob, channel))).not.toContain("from");
  });

  it("is in no stored message when the user was forgotten", async () => {
    const publisher = publisherOf(system, "BackEnd");
    await publisher.publish("rooms/5", "of the server");
    expect(await bob.message("of the server")).not.toHaveProperty("from");
    // Claims of uuids name the agent too, and expire within minutes.
    const stored = async (): Promise<string> =>
      JSON.stringify((await system.rows()).filter(({ pk }) => /^[mv]#/.test(pk ?? "")));
    expect(await stored()).toContain(annsAgent);
    expect(await publisher.forgetUser("ann")).toMatchObject({ deletedMessages: 3 });
    const left = await stored();
    expect(left).toContain("of the server");
    expect(left).not.toContain(annsAgent);
    expect(left).not.toMatch(/"ann|ann"/);
  });
});
