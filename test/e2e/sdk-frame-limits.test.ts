import WebSocket from "ws";
import { PushIt, type PushItError, type PushItOptions } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

let system: TestSystem;
const clients: PushIt[] = [];

beforeAll(async () => {
  system = await TestSystem.start({ props: { limits: { channelsPerFrame: 3, messagesPerFrame: 3 } } });
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await system.close();
});

const client = (options: Partial<PushItOptions> = {}) => {
  const sockets: WebSocket[] = [];
  const frames: string[] = [];
  class Noted extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
    override send(text: string): void {
      frames.push(text);
      super.send(text);
    }
  }
  const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket: Noted, retryBase: 50, ...options });
  clients.push(pushIt);
  return { pushIt, sockets, frames };
};

describe("a deployment that takes three channels and messages in a frame", () => {
  it("has all channels subscribed again after a cut", async () => {
    const { pushIt, sockets } = client();
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) await pushIt.channel(name).subscribe();
    const waiting = new Waiting();
    const [subscribed, ended, received]: string[][] = [[], [], []];
    pushIt.on("subscribed", ({ channel }) => {
      subscribed!.push(channel);
      waiting.notify();
    });
    pushIt.on("unsubscribed", ({ channel, error }) => ended!.push(`${channel} ${error?.code}`));
    pushIt.on("message", ({ channel }) => {
      received!.push(channel);
      waiting.notify();
    });
    sockets[0]!.terminate();
    await waiting.until(
      () => subscribed!.length === names.length,
      () => `all subscribed: ${subscribed!.join()}`,
    );
    const publisher = client().pushIt;
    for (const name of names) await publisher.channel(name).publish(1);
    await waiting.until(
      () => received!.length === names.length,
      () => `all messages: ${received!.join()}`,
    );
    expect([[...received!].sort(), ended, pushIt.state]).toEqual([names, [], "connected"]);
  });

  it("takes five publications of one turn, in order", async () => {
    const { pushIt } = client();
    const waiting = new Waiting();
    const received: unknown[] = [];
    const channel = pushIt.channel<number>("x");
    channel.on("message", ({ data }) => {
      received.push(data);
      waiting.notify();
    });
    await channel.subscribe();
    const outcomes = await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        channel.publish(n).then(
          () => "ok",
          ({ code }: PushItError) => code,
        ),
      ),
    );
    expect(outcomes).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    await waiting.until(
      () => received.length === 5,
      () => `all messages: ${JSON.stringify(received)}`,
    );
    expect(received).toEqual([1, 2, 3, 4, 5]);
  });

  it("subscribes to many channels of a new client at once", async () => {
    const channels = Array.from({ length: 10 }, (_, n) => `many/${n}`);
    const { pushIt, frames } = client({ channels });
    const waiting = new Waiting();
    const subscribed: string[] = [];
    pushIt.on("subscribed", ({ channel }) => {
      subscribed.push(channel);
      waiting.notify();
    });
    await waiting.until(
      () => subscribed.length === channels.length,
      () => `all subscribed: ${subscribed.join()}`,
    );
    const sizes = frames
      .map((text) => JSON.parse(text) as { action: string; data?: { channels: string[] } })
      .flatMap(({ action, data }) => (action === "subscribe" ? [data!.channels.length] : []));
    expect(Math.max(...sizes.slice(-4))).toBeLessThanOrEqual(3);
  });
});
