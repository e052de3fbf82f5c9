import WebSocket from "ws";
import { PushIt, type PushItError, type PushItOptions } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

const GUARDS = `
  export default {
    onConnectionRequest: (agent) => agent.connected(),
    onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) {
      if (channel.name.endsWith("/twice")) {
        channel.publish({ data: { part: 1 } });
        channel.publish({ data: { part: 2 }, uuid: "a-uuid-of-my-own" });
      } else channel.publish(message);
      agent.publicationSuccess(message);
    },
  };
`;

let system: TestSystem;
const clients: PushIt[] = [];

beforeAll(async () => {
  system = await TestSystem.start({
    guards: GUARDS,
    props: { wildcards: ["kept/*"], channels: { "kept/*": { history: {} } } },
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

/** The messages that a client receives on a channel, and a way to wait for them. */
const receiving = <Data>(pushIt: PushIt, name: string, timeoutMs?: number) => {
  const waiting = new Waiting(timeoutMs);
  const received: Data[] = [];
  pushIt.on("message", ({ channel, data }) => {
    if (channel !== name) return;
    received.push(data as Data);
    waiting.notify();
  });
  const until = (isThere: () => boolean): Promise<true> =>
    waiting.until(
      () => isThere() || undefined,
      () => `all on ${name}: ${JSON.stringify(received)}`,
    );
  return { received, until };
};

describe("a component that leaves and comes back in one turn", () => {
  it("receives later messages on a channel with history", async () => {
    const [subscriber, publisher] = [client(), client()];
    const { received, until } = receiving<unknown>(subscriber, "kept/1");
    const chat = subscriber.channel("kept/1");
    await chat.subscribe();
    await publisher.channel("kept/1").publish("before");
    await until(() => received.length === 1);
    // An effect's cleanup, and the effect again.
    void chat.unsubscribe();
    await chat.subscribe();
    for (let n = 1; n <= 5; n++) await publisher.channel("kept/1").publish(n);
    await until(() => received.length >= 6);
    expect(received).toEqual(["before", 1, 2, 3, 4, 5]);
    expect(subscriber.state).toBe("connected");
    expect(chat.position).toMatchObject({ offset: 6 });
  });
});

describe("who receives a room by a wildcard", () => {
  it("loses nothing by subscribing to the room itself", async () => {
    const publisher = client();
    await publisher.channel("kept/2").publish(0);
    for (let round = 1; round <= 5; round++) {
      const subscriber = client();
      const { received, until } = receiving<number>(subscriber, "kept/2");
      await subscriber.channel("kept/*").subscribe();
      let last = round * 1_000;
      let isOn = true;
      const publishing = (async () => {
        while (isOn) await publisher.channel("kept/2").publish((last += 1));
      })();
      await until(() => received.length >= 2);
      await subscriber.channel("kept/2").subscribe();
      const reached = last + 2;
      await until(() => received.some((n) => n >= reached));
      isOn = false;
      await publishing;
      await until(() => received.includes(last));
      const first = Math.min(...received);
      const missing = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter(
        (n) => !received.includes(n),
      );
      expect(missing).toEqual([]);
      expect(new Set(received).size).toBe(received.length);
      subscriber.disconnect();
    }
  });
});

describe("a guard that publishes two messages on one channel", () => {
  it.each(["plain/twice", "kept/twice"])("has both delivered: %s", async (name) => {
    const [subscriber, publisher] = [client(), client()];
    const { received, until } = receiving<unknown>(subscriber, name, 5_000);
    await subscriber.channel(name).subscribe();
    const outcome = await publisher
      .channel(name)
      .publish("go")
      .then(
        () => "success",
        ({ code }: PushItError) => code,
      );
    expect(outcome).toBe("success");
    await until(() => received.length === 2);
    expect(received).toEqual([{ part: 1 }, { part: 2 }]);
  });
});
