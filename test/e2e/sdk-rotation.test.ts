import WebSocket from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

/** How long each connection lives, in milliseconds: some rotations in a few seconds. */
const LIFETIME = 8_000;

let system: TestSystem;
const clients: PushIt[] = [];

beforeAll(async () => {
  // All subscribers but one are reached by workers.
  system = await TestSystem.start({ props: { fanOutThreshold: 1 } });
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await system.close();
});

const client = (options: Partial<PushItOptions> = {}) => {
  let sockets = 0;
  class Counted extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets += 1;
    }
  }
  const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket: Counted, ...options });
  clients.push(pushIt);
  return { pushIt, sockets: () => sockets };
};

describe("rotations on a plain channel that workers deliver to", () => {
  it("lose and double nothing, and change no state", async () => {
    for (let n = 0; n < 4; n++) await (await system.connect()).subscribe("big");
    const { pushIt: publisher } = client();
    const waiting = new Waiting();
    const subscribers = await Promise.all(
      [1, 2, 3].map(async () => {
        const { pushIt, sockets } = client({ connectionLifetime: LIFETIME });
        const [received, events]: [number[], string[]] = [[], []];
        let rotations = 0;
        const channel = pushIt.channel<number>("big");
        channel.on("message", ({ data }) => {
          received.push(data);
          waiting.notify();
        });
        await channel.subscribe();
        pushIt.on("state", ({ state, code }) => events.push(`${state} ${code}`));
        pushIt.on("subscribed", ({ channel: name }) => events.push(`subscribed ${name}`));
        pushIt.on("error", ({ code }) => events.push(`error ${code}`));
        pushIt.on("rotated", ({ channels }) => {
          expect(channels).toEqual(["big"]);
          rotations += 1;
          waiting.notify();
        });
        return { received, events, sockets, rotations: () => rotations };
      }),
    );
    let published = 0;
    while (subscribers.some(({ rotations }) => rotations() < 2)) {
      await publisher.channel("big").publish((published += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const missing = ({ received }: { received: number[] }): number => published - new Set(received).size;
    await waiting.until(
      () => subscribers.every((each) => missing(each) === 0),
      () => `all messages; missing: ${subscribers.map(missing).join()}`,
    );
    for (const { received, events, sockets } of subscribers) {
      expect(received).toHaveLength(published);
      expect(events).toEqual([]);
      expect(sockets()).toBeGreaterThanOrEqual(3);
    }
  });
});
