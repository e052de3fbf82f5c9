import WebSocket from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

const GUARDS = `
  export default {
    onConnectionRequest: (agent) => agent.connected(),
    onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) {
      channel.publish(message);
      agent.publicationSuccess(message);
    },
  };
`;

/** The SDK from source against the built bundles and real sockets, on channels with history. */
describe("the SDK recovers", () => {
  let system: TestSystem;
  /** How many of the next posts are lost: API Gateway says that they were sent. */
  let lose = 0;
  const clients: PushIt[] = [];
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: { channels: { "kept/*": { history: {} } } },
      faults: { beforePost: () => (lose > 0 && lose-- ? "lose" : undefined) },
    });
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await system.close();
  });

  /** A client, its open sockets, and its messages on a channel. */
  const client = async (channel: string, options: Partial<PushItOptions> = {}) => {
    const sockets: WebSocket[] = [];
    class Noted extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket: Noted, retryBase: 50, ...options });
    clients.push(pushIt);
    const waiting = new Waiting();
    const received: unknown[] = [];
    const kept = pushIt.channel(channel);
    kept.on("message", ({ data }) => {
      received.push(data);
      waiting.notify();
    });
    await kept.subscribe();
    const hasReceived = (count: number) =>
      waiting.until(
        () => received.length >= count,
        () => `${count} messages, but ${received.join()}`,
      );
    return { pushIt, kept, sockets, received, hasReceived };
  };

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

  it("all messages once, in order, while sockets are cut", async () => {
    const subscriber = await client("kept/cut");
    const publisher = await client("kept/cut");
    // One timer at a time: of several that are late, Node may run a later one first.
    const publishing = (async () => {
      const published: Promise<unknown>[] = [];
      for (const data of upTo(100)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        published.push(publisher.kept.publish(data));
      }
      await Promise.all(published);
    })();
    for (let cuts = 0; cuts < 4; cuts++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      subscriber.sockets.at(-1)!.terminate();
      if (cuts % 2) publisher.sockets.at(-1)!.terminate();
    }
    await publishing;
    await Promise.all([subscriber.hasReceived(100), publisher.hasReceived(100)]);
    expect(subscriber.received).toEqual(publisher.received);
    expect([...subscriber.received].sort((a, b) => Number(a) - Number(b))).toEqual(upTo(100));
    expect(subscriber.received).toEqual(upTo(100));
  });

  it("and rotates connections without a gap, repetition or state change", async () => {
    const subscriber = await client("kept/over", { connectionLifetime: 1_500 });
    const states: string[] = [];
    subscriber.pushIt.on("state", ({ code }) => states.push(code));
    const publisher = await client("kept/over");
    for (const data of upTo(100)) {
      await publisher.kept.publish(data);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await subscriber.hasReceived(100);
    expect(subscriber.received).toEqual(upTo(100));
    expect(states).toEqual([]);
    expect(subscriber.sockets.length).toBeGreaterThan(1);
    subscriber.pushIt.disconnect();
  });

  it("from a stored position, after the page was loaded anew", async () => {
    const before = await client("kept/page");
    const publisher = await client("kept/page");
    for (const data of upTo(3)) await publisher.kept.publish(data);
    await before.hasReceived(3);
    const stored = JSON.stringify(before.kept.position);
    before.pushIt.disconnect();
    for (const data of [4, 5]) await publisher.kept.publish(data);
    const after = await client("kept/page", { since: { "kept/page": JSON.parse(stored) } });
    await publisher.kept.publish(6);
    await after.hasReceived(3);
    expect([...before.received, ...after.received]).toEqual(upTo(6));
    expect((await after.kept.history({ reverse: true, limit: 2 })).messages.map(({ data }) => data)).toEqual([6, 5]);
  });

  it("a last message that was lost, with nothing after it", async () => {
    const subscriber = await client("kept/tail", { checkInterval: 1_000 });
    const publisher = await client("kept/elsewhere");
    lose = 1;
    await publisher.pushIt.channel("kept/tail").publish("the last");
    // Its only post is lost: another function delivers it, not the publication.
    expect(lose).toBe(0);
    await subscriber.hasReceived(1);
    expect(subscriber.received).toEqual(["the last"]);
  }, 40_000);
});
