import WebSocket from "ws";
import { Guards } from "../../infra/index.js";
import { PushIt, type PushItOptions } from "push-it-client";
import { GuardCode } from "./support/guard-functions.js";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

/** Part of each token. It must be in no log line and in no row. */
const SECRET = "planted-ticket";

/** Grants a channel to a token that names it. */
const DECIDE = `
  const decide = (channel, agent, token) => {
    if (token?.secret === "${SECRET}" && token.channel === channel.name) agent.subscribe(channel);
    else agent.subscriptionDenied(channel, "This needs a ticket.");
  };`;

const code = new GuardCode();
let system: TestSystem;
const clients: PushIt[] = [];

beforeAll(async () => {
  system = await TestSystem.start({
    guards: `${DECIDE} export default { channels: { "rooms/*": { onSubscriptionRequest: decide } } };`,
    guardFunctions: (stack) =>
      Guards.fromLambda({
        channels: {
          "apart/*": {
            onSubscriptionRequest: code.node(
              stack,
              "Tickets",
              `import { guardHandler } from "push-it-server/guards"; ${DECIDE}
               export const handler = guardHandler({ onSubscriptionRequest: decide });`,
            ),
          },
        },
      }),
    props: {
      channels: { "rooms/*": { history: {}, presence: true }, "apart/*": { history: {}, presence: true } },
    },
  });
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await system.close();
  code.remove();
});

const client = (options: Partial<PushItOptions> = {}): PushIt => {
  const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket, retryBase: 50, ...options });
  clients.push(pushIt);
  return pushIt;
};

/** Tokens for a channel, and how often they were asked for. */
const tickets = (channel: string, secret = SECRET) => {
  const asked = { count: 0 };
  const token = async () => ({ channel, secret, number: (asked.count += 1) });
  return { token, asked };
};

describe.each(["rooms/1", "apart/1"])("a token for %s", (name) => {
  it("opens the channel, its history and its members", async () => {
    const channel = client().channel(name);
    const { token, asked } = tickets(name);
    await channel.subscribe({ token, last: 5 });
    await channel.publish("hello");
    expect((await channel.history()).messages).toMatchObject([{ data: "hello" }]);
    expect((await channel.presence()).count).toBe(1);
    expect(asked.count).toBe(3);
    await channel.unsubscribe();
  });

  it("is needed by each request", async () => {
    const channel = client().channel(name);
    const denied = { code: "denied", message: "This needs a ticket." };
    await expect(channel.subscribe({ token: tickets("rooms/2").token })).rejects.toMatchObject(denied);
    await expect(channel.subscribe({ token: tickets(name, "other").token })).rejects.toMatchObject(denied);
    await expect(channel.subscribe()).rejects.toMatchObject(denied);
    await expect(channel.history()).rejects.toMatchObject(denied);
    await expect(channel.presence()).rejects.toMatchObject(denied);
  });

  it("is asked for again in a rotation and after a reconnection", async () => {
    const waiting = new Waiting(60_000);
    const sockets: WebSocket[] = [];
    class Kept extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const pushIt = client({ connectionLifetime: 8_000, WebSocket: Kept });
    const channel = pushIt.channel(name);
    const { token, asked } = tickets(name);
    let rotations = 0;
    pushIt.on("rotated", () => {
      rotations += 1;
      waiting.notify();
    });
    const errors: string[] = [];
    pushIt.on("error", ({ code }) => errors.push(code));
    pushIt.on("unsubscribed", ({ error }) => errors.push(error?.code ?? ""));
    await channel.subscribe({ token });
    await waiting.until(
      () => rotations > 0 || undefined,
      () => "a rotation",
    );
    const before = asked.count;
    expect(before).toBeGreaterThan(1);
    const subscribed = new Promise((resolve) => channel.on("subscribed", resolve));
    sockets.at(-1)!.terminate();
    await subscribed;
    expect(asked.count).toBeGreaterThan(before);
    expect(errors).toEqual([]);
    await channel.unsubscribe();
  });
});

it("tokens are in no log line and in no row", async () => {
  expect(system.logs.length).toBeGreaterThan(5);
  expect(system.logs.filter(({ message }) => message.includes(SECRET))).toEqual([]);
  expect(JSON.stringify(await system.rows())).not.toContain(SECRET);
});
