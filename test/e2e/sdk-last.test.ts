import WebSocket from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

const GUARDS = `
  export default {
    onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
    channels: {
      "kept/odd": {
        onMessageReceived(channel, agent, message) { if (message.data % 2) agent.deliver(channel, message); },
      },
    },
  };
`;

let system: TestSystem;
const clients: PushIt[] = [];

beforeAll(async () => {
  system = await TestSystem.start({
    guards: GUARDS,
    props: { wildcards: ["kept/*"], channels: { "kept/*": { history: { size: 50 } } } },
  });
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await system.close();
});

const client = (options: Partial<PushItOptions> = {}): PushIt => {
  const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket, retryBase: 50, ...options });
  clients.push(pushIt);
  return pushIt;
};

/** A component of an application that shows the newest messages of a channel. */
const mount = (pushIt: PushIt, name: string, last: number) => {
  const waiting = new Waiting();
  const shown: unknown[] = [];
  const channel = pushIt.channel(name);
  const off = channel.on("message", ({ data }) => {
    shown.push(data);
    waiting.notify();
  });
  const subscribed = channel.subscribe({ last });
  const until = (count: number): Promise<true> =>
    waiting.until(
      () => shown.length >= count || undefined,
      () => `${count} messages on ${name}: ${JSON.stringify(shown)}`,
    );
  const unmount = (): Promise<void> => {
    off();
    return channel.unsubscribe();
  };
  return { channel, shown, subscribed, until, unmount };
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

const publish = async (name: string, numbers: number[]): Promise<void> => {
  const publisher = client().channel(name);
  for (const number of numbers) await publisher.publish(number);
};

describe("subscribe({ last })", () => {
  it("shows a component the newest messages, also when it mounts again", async () => {
    await publish("kept/room", range(1, 8));
    const pushIt = client();
    const first = mount(pushIt, "kept/room", 5);
    await first.subscribed;
    expect(first.shown).toEqual(range(4, 8));
    await publish("kept/room", [9]);
    await first.until(6);
    const second = mount(pushIt, "kept/room", 3);
    await second.subscribed;
    expect([first.shown, second.shown]).toEqual([range(4, 9), range(7, 9)]);
    await first.unmount();
    await second.unmount();
    const third = mount(pushIt, "kept/room", 4);
    await third.subscribed;
    expect(third.shown).toEqual(range(6, 9));
    const { messages } = await third.channel.history({
      reverse: true,
      limit: 2,
      since: { ...pushIt.channel("kept/room").position!, offset: 6 },
    });
    expect(messages.map(({ data }) => data)).toEqual([5, 4]);
  });

  it("keeps the order while others publish", async () => {
    await publish("kept/busy", range(1, 20));
    const pushIt = client();
    await pushIt.channel("kept/busy").subscribe();
    const publishing = publish("kept/busy", range(21, 60));
    const mounted = [];
    for (let at = 0; at < 5; at += 1) {
      const one = mount(pushIt, "kept/busy", 10);
      await one.subscribed;
      mounted.push(one);
    }
    await publishing;
    for (const { shown, until } of mounted) {
      const first = shown[0] as number;
      await until(60 - first + 1);
      expect(shown).toEqual(range(first, 60));
    }
  });

  it("asks delivery guards, and leaves out what they withhold", async () => {
    await publish("kept/odd", range(1, 9));
    const pushIt = client();
    const [first, second] = [mount(pushIt, "kept/odd", 4), mount(pushIt, "kept/odd", 6)];
    await Promise.all([first.subscribed, second.subscribed]);
    // Of the newest messages, this recipient gets the odd ones.
    expect([first.shown, second.shown]).toEqual([
      [5, 7, 9],
      [5, 7, 9],
    ]);
  });

  it("has as many of the newest as fit a frame", async () => {
    const text = "x".repeat(3_000);
    const publisher = client().channel("kept/large");
    for (const number of range(1, 20)) await publisher.publish({ number, text });
    const one = mount(client(), "kept/large", 20);
    await one.subscribed;
    const shown = (one.shown as { number: number }[]).map(({ number }) => number);
    expect(shown.length).toBeGreaterThan(8);
    expect(shown).toEqual(range(20 - shown.length + 1, 20));
  });

  it("is refused on a wildcard and on a channel without history", async () => {
    const pushIt = client();
    await expect(pushIt.channel("kept/*").subscribe({ last: 5 })).rejects.toMatchObject({ code: "wildcard" });
    await expect(pushIt.channel("plain").subscribe({ last: 5 })).rejects.toMatchObject({
      code: "no_history",
      message: "History is not enabled on this channel.",
    });
  });
});
