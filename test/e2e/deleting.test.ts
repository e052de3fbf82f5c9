import { type Stack, Duration } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import WebSocket from "ws";
import { type Deletion, PushIt } from "push-it-client";
import type { Publisher } from "push-it-server/publisher";
import type { PushIt as PushItConstruct } from "../../infra/index.js";
import { publisherOf } from "./support/publisher.js";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

const GUARDS = `
  export default {
    onConnectionRequest: (agent) => agent.connected({ userId: agent.credentials }),
    onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) { channel.publish(message); agent.publicationSuccess(message); },
  };
`;

const addResources = (stack: Stack, pushIt: PushItConstruct): void =>
  void pushIt.grantPublish(new Role(stack, "BackEnd", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") }));

let system: TestSystem;
let publisher: Publisher;
const clients: PushIt[] = [];

beforeAll(async () => {
  const channels = { "kept/*": { history: { size: 100, ttl: Duration.hours(1) } }, "prices/*": { latest: true } };
  system = await TestSystem.start({ guards: GUARDS, addResources, props: { channels } });
  publisher = publisherOf(system, "BackEnd");
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await system.close();
});

const client = (user: string): PushIt => {
  const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket, retryBase: 50, credentials: user });
  clients.push(pushIt);
  return pushIt;
};

/** The events `deleted` that a client receives about a channel, and a way to wait for them. */
const deletions = (pushIt: PushIt, name: string) => {
  const waiting = new Waiting();
  const received: Deletion[] = [];
  pushIt.channel(name).on("deleted", (deletion) => {
    received.push(deletion);
    waiting.notify();
  });
  return {
    received,
    until: (count: number) =>
      waiting.until(
        () => received.length >= count || undefined,
        () => `${count} deletions`,
      ),
  };
};

const uuidsOf = async (channel: string): Promise<string[]> =>
  (await publisher.history(channel)).messages!.map(({ uuid }) => uuid);

it("deletes one message, and notifies the subscribers", async () => {
  const ann = client("ann");
  const chat = ann.channel("kept/one");
  const deleted = deletions(ann, "kept/one");
  await chat.subscribe();
  const uuids = [
    (await chat.publish("good")).uuid,
    (await chat.publish("bad")).uuid,
    (await chat.publish("fine")).uuid,
  ];
  const bad = (await publisher.history("kept/one")).messages![1]!;
  const { epoch } = (await publisher.history("kept/one")).position;
  expect(await publisher.deleteMessage("kept/one", { epoch, offset: bad.offset })).toBe(true);
  await deleted.until(1);
  expect(deleted.received).toEqual([
    { channel: "kept/one", messages: [{ epoch, offset: bad.offset, uuid: uuids[1] }] },
  ]);
  expect((await chat.history()).messages.map(({ data }) => data)).toEqual(["good", "fine"]);
  expect(JSON.stringify(await system.rows())).not.toContain('\\"bad\\"');
  expect(await publisher.deleteMessage("kept/one", { epoch, offset: 99 })).toBe(false);
});

it("deletes a history with its rows, and continues with new messages", async () => {
  const ann = client("ann");
  const chat = ann.channel("kept/all");
  const deleted = deletions(ann, "kept/all");
  await chat.subscribe();
  for (const data of [1, 2, 3]) await chat.publish(data);
  const { epoch } = (await publisher.history("kept/all")).position;
  expect(await publisher.deleteHistory("kept/all")).toBe(3);
  await deleted.until(1);
  expect(deleted.received).toEqual([{ channel: "kept/all" }]);
  expect(await uuidsOf("kept/all")).toEqual([]);
  expect((await system.rows()).filter(({ pk }) => pk === `m#kept/all#${epoch}`)).toEqual([]);
  const next = await chat.publish("next");
  expect(await uuidsOf("kept/all")).toEqual([next.uuid]);
});

it("a last message is deleted", async () => {
  const ann = client("ann");
  await ann.channel("prices/gold").publish(1);
  expect(await publisher.deleteHistory("prices/gold")).toBe(0);
  expect((await system.rows()).filter(({ pk }) => pk === "v#prices/gold")).toEqual([]);
  await expect(publisher.deleteHistory("plain")).rejects.toMatchObject({ code: "no_history" });
});

it("forgets a user: disconnects its agents and deletes its rows and messages", async () => {
  const [mallory, bob] = [client("mallory"), client("bob")];
  const deleted = deletions(bob, "kept/room");
  await bob.channel("kept/room").subscribe();
  await mallory.channel("kept/room").subscribe();
  await mallory.channel("kept/room").publish("of mallory");
  const { uuid } = await bob.channel("kept/room").publish("of bob");
  await mallory.channel("kept/other").publish("of mallory too");
  mallory.on("state", () => undefined);
  expect(await publisher.forgetUser("mallory")).toEqual({ disconnected: 1, deletedMessages: 2 });
  await deleted.until(1);
  expect(await uuidsOf("kept/room")).toEqual([uuid]);
  expect(JSON.stringify(await system.rows())).not.toContain("mallory");
});
