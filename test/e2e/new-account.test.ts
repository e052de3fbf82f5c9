import { Duration } from "aws-cdk-lib";
import WebSocket from "ws";
import { PushIt, type PushItError } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

/** How many clients there are: with their subscriptions and pings at once, more frames than a new account runs functions. */
const CLIENTS = 8;

/** How many channels linger and are busy at the same time; each keeps one function of the account. */
const BUSY = 4;

const MESSAGES = 15;

const GUARDS = `
  export default {
    onConnectionRequest: (agent) => agent.connected({ userId: agent.credentials.user, info: agent.credentials.user }),
    onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) { channel.publish(message); agent.publicationSuccess(message); },
  };
`;

let system: TestSystem;
const clients: PushIt[] = [];

beforeAll(async () => {
  system = await TestSystem.start({
    guards: GUARDS,
    quotas: "new-account",
    asyncRetryScale: 0.05,
    props: { channels: { "busy/*": { linger: Duration.millis(500) }, "rooms/*": { presence: true } } },
  });
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await system.close();
});

const client = (user: string): PushIt => {
  const pushIt = new PushIt({
    url: system.running.websocketUrl,
    WebSocket,
    retryBase: 100,
    timeout: 5_000,
    credentials: { user },
  });
  pushIt.on("error", () => undefined);
  clients.push(pushIt);
  return pushIt;
};

/** Publishes as the docs say: after a retryable error again, with the same uuid. */
const publish = async (pushIt: PushIt, channel: string, data: number): Promise<void> => {
  const uuid = `${channel.replace("/", "-")}-${data}`;
  for (;;) {
    const error = await new Promise<PushItError | undefined>((resolve) => {
      pushIt.publish({ channel, data, uuid }, resolve, () => resolve(undefined));
    });
    if (!error) return;
    if (!error.retryable) throw error;
  }
};

it("serves linger and presence with 10 concurrent functions, throttled work later", async () => {
  const waiting = new Waiting(120_000);
  const received = new Map<string, number[]>();
  const all = Array.from({ length: CLIENTS }, (_, at) => client(`user-${at}`));
  await Promise.all(
    all.map(async (pushIt, at) => {
      pushIt.on("message", ({ channel, data }) => {
        const key = `${at} ${channel}`;
        received.set(key, [...(received.get(key) ?? []), data as number]);
        waiting.notify();
      });
      const channels = ["rooms/1", ...Array.from({ length: BUSY }, (_, busy) => `busy/${busy}`)];
      // A subscription that is throttled is asked again: the event says when it has succeeded.
      const subscribed = channels.map(
        (name) =>
          new Promise<void>((resolve) => pushIt.on("subscribed", ({ channel }) => channel === name && resolve())),
      );
      for (const name of channels) pushIt.subscribe(name);
      await Promise.all(subscribed);
    }),
  );
  const numbers = Array.from({ length: MESSAGES }, (_, at) => at);
  await Promise.all(
    Array.from({ length: BUSY }, async (_, busy) => {
      for (const data of numbers) await publish(all[busy]!, `busy/${busy}`, data);
    }),
  );
  const missing = () => CLIENTS * BUSY * MESSAGES - [...received.values()].reduce((sum, { length }) => sum + length, 0);
  await waiting.until(
    () => missing() === 0 || undefined,
    () => `${missing()} messages`,
  );
  for (const list of received.values()) expect(list).toEqual(numbers);
  const { members } = await all[0]!.channel("rooms/1").presence();
  expect(members.map(({ userId }) => userId).sort()).toEqual(all.map((_, at) => `user-${at}`));
});
