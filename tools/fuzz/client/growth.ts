// Measures the memory of a client that sees ever new channels. Run with `--expose-gc`, it prints a line of JSON.
import { createClient, WIRE, type Client, type SocketClass } from "./adapter.js";
import { SeededRandom } from "./seeded-random.js";
import { Clock } from "./clock.js";
import { Link } from "./link.js";
import { Platform } from "./platform.js";
import { targetsOf } from "./server/subscribe-handler.js";
import type { ClientFrame } from "./server/types.js";

/** Rounds before the first measurement, which fill all bounded collections. */
const WARM_UP = 3_000;

/** Rounds between both measurements, each with new channels. */
const ROUNDS = 15_000;

/** A server without state: it denies names that begin with `d`, and permits all others. */
const reply = (link: Link, frame: ClientFrame): void => {
  const { action, uuid } = frame;
  const meta = `/meta/${action}`;
  if (action === "subscribe" || action === "unsubscribe")
    link.post(
      JSON.stringify(
        targetsOf(frame).map(({ channel }) =>
          channel.startsWith("d")
            ? { channel: meta, uuid, successful: false, code: "denied", error: "No.", data: { channel } }
            : {
                channel: meta,
                uuid,
                successful: true,
                data: { channel, ...(channel.startsWith("h") && positionOf(channel)) },
              },
        ),
      ),
    );
  else if (action === "publish") {
    const answers = (frame.messages ?? [frame as unknown as { uuid: string }]).map((message) => ({
      ...{ channel: "/meta/successful", uuid: message.uuid, successful: true },
      position: { epoch: "e", offset: 1 },
    }));
    link.post(JSON.stringify(answers));
  } else link.post(JSON.stringify({ channel: meta, uuid, successful: true, data: { agent: "a" } }));
};

const positionOf = (channel: string): object => ({
  position: { epoch: `e${channel}`, offset: 1 },
  [WIRE.historyCheck]: 1e9,
});

/** One round: messages, subscriptions and publications on new channels. */
const round = async (client: Client, clock: Clock, link: Link, n: number): Promise<void> => {
  link.post(
    JSON.stringify([
      { channel: `latest/${n}`, uuid: `l${n}`, data: n, offset: n },
      { channel: `history/${n}`, uuid: `h${n}`, data: n, offset: n, epoch: "e" },
      { channel: "/meta/presence", uuid: `p${n}`, data: { channel: "room", joined: { agent: `a${n}` }, at: n } },
    ]),
  );
  client.subscribe(`denied/${n}`, () => {});
  client.subscribe(`hs/${n}`);
  client.publish({ channel: `hp/${n}`, data: n, echo: false });
  await clock.advance(clock.now + 50);
  client.unsubscribe(`hs/${n}`);
  await clock.advance(clock.now + 50);
};

const heap = (): number => {
  for (let times = 0; times < 4; times += 1) (globalThis as { gc?(): void }).gc!();
  return process.memoryUsage().heapUsed;
};

const main = async (): Promise<void> => {
  const clock = new Clock();
  const links: Link[] = [];
  const WebSocket = class {
    constructor() {
      const link: Link = new Link(
        links.length + 1,
        clock,
        () => 1,
        () => {},
        () => {},
        false,
      );
      links.push(link);
      link.serverEnd = { received: (text) => reply(link, JSON.parse(text) as ClientFrame), gone: () => {} };
      link.accept("push-it.v1");
      return link.socket;
    }
  } as unknown as SocketClass;
  const options = { channels: ["latest/*", "history/*"], since: {}, pingInterval: 540_000, connectionLifetime: 1e9 };
  const client = createClient(options, new Platform(clock, new SeededRandom(1)), WebSocket);
  for (const event of ["error", "unsubscribed"] as const) client.on(event, () => {});
  await clock.advance(clock.now + 100);
  for (let n = 1; n <= WARM_UP; n += 1) await round(client, clock, links.at(-1)!, n);
  const before = heap();
  for (let n = WARM_UP + 1; n <= WARM_UP + ROUNDS; n += 1) await round(client, clock, links.at(-1)!, n);
  const bytes = heap() - before;
  process.stdout.write(
    `${JSON.stringify({ rounds: ROUNDS, bytes, timers: clock.timers, connections: links.length })}\n`,
  );
};

void main();
