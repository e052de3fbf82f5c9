import { join } from "node:path";
import { WebSocket } from "ws";
import { PushIt as Client } from "push-it-client";
import { PushIt, type PushItProps } from "../../../infra/index.js";
import { startSystem } from "../../../local/dev/system/start-system.js";
import { difference, type MeterSnapshot } from "../../../local/meter/counts.js";
import type { Meter } from "../../../local/meter/meter.js";
import { synthesize } from "../../lib/synthesize.js";
import { makeWorkFolder } from "../../lib/work-folder.js";
import type { Units } from "../units.js";
import { FAN_OUTS, type Load, SIZES } from "./scenario.js";

/** Largest measured fan-out. The model extrapolates to larger ones. */
const MAX_MEASURED_FAN_OUT = 1_000;

/** Number of metered publications of each load, after one warm-up. */
const TIMES = 5;

/** Parallel connects. */
const CONNECTS_AT_ONCE = 20;

/** A publication: data of so many bytes of JSON, on the channel of this fan-out. */
interface MeteredLoad extends Pick<Load, "fanOut" | "bytes" | "history"> {
  /** Whether the message is ephemeral. */
  ephemeral?: boolean;
}

/** The metered units of one publication without `linger`. */
export interface Metered extends MeteredLoad {
  units: Units;
}

/** The channel of a fan-out. The length of its name affects the size of rows. */
const channelOf = (fanOut: number, history: boolean): string => `${history ? "kept" : "cost"}/${fanOut}`;

/** Channel options by pattern. */
export type Channels = NonNullable<PushItProps["channels"]>;

const CHANNELS: Channels = { "kept/*": { history: {} } };

/** Connects a client and subscribes it to these channels. */
const subscriber = (url: string, channels: string[]): Promise<Client> =>
  new Promise((resolve, reject) => {
    const client = new Client({ url, WebSocket, timeout: 120_000 });
    const missing = new Set(channels);
    // The SDK retries failures of a busy machine. The event reports success.
    client.on("error", () => undefined);
    client.on("subscribed", ({ channel }) => {
      missing.delete(channel);
      if (missing.size === 0) resolve(client);
    });
    client.on("unsubscribed", ({ channel, error }) => reject(error ?? new Error(`${channel} is not subscribed`)));
    client.on("state", ({ state, code, reason }) => {
      if (state === "denied") reject(new Error(`${code} ${reason}`));
      else if (state === "connected" && channels.length === 0) resolve(client);
    });
    for (const channel of channels) client.subscribe(channel);
  });

/** Returns the channels of a fan-out. */
type ChannelsOf = (fanOut: number) => string[];

/** Connects clients. The first `fanOut` of them are subscribed to the channels of each fan-out. */
const connect = async (
  url: string,
  fanOuts: readonly number[],
  of: ChannelsOf,
  progress: (share: number) => void,
): Promise<Client[]> => {
  const most = Math.max(...fanOuts);
  const clients: Client[] = [];
  while (clients.length < most) {
    const next = Array.from(
      { length: Math.min(CONNECTS_AT_ONCE, most - clients.length) },
      (_, at) => clients.length + at,
    );
    const channelsOf = (index: number): string[] => fanOuts.filter((fanOut) => index < fanOut).flatMap(of);
    clients.push(...(await Promise.all(next.map((index) => subscriber(url, channelsOf(index))))));
    progress(clients.length / most);
  }
  return clients;
};

/** Publishes once. Resolves when each subscriber has the message and the publisher its reply. */
const publishOnce = async (
  clients: readonly Client[],
  { fanOut, bytes, history, ephemeral }: MeteredLoad,
): Promise<void> => {
  const channel = channelOf(fanOut, history);
  const received = clients.slice(0, fanOut).map(
    (client) =>
      new Promise<void>((resolve) => {
        const off = client.channel(channel).on("message", () => {
          off();
          resolve();
        });
      }),
  );
  await Promise.all([clients[0]!.channel(channel).publish("x".repeat(bytes - 2), { ephemeral }), ...received]);
};

/** The units of one publication, without pings and disconnects. */
export const unitsOf = (used: MeterSnapshot, times: number): Units => ({
  messages: (used.messagesIn + used.messagesOut) / times,
  invocations: used.invocations / times,
  gbSeconds: used.gbSeconds / times,
  readUnits: used.readUnits / times,
  writeUnits: used.writeUnits / times,
  queueRequests: used.queueRequests / times,
});

/** Meters the units of one publication of a load. */
const meterOne = async (meter: Meter, clients: readonly Client[], publishing: MeteredLoad): Promise<Metered> => {
  // The first publication meets a cold function and an uncached agent.
  await publishOnce(clients, publishing);
  await meter.settled();
  const before = meter.snapshot();
  for (let time = 0; time < TIMES; time += 1) await publishOnce(clients, publishing);
  await meter.settled();
  return { ...publishing, units: unitsOf(difference(meter.snapshot(), before), TIMES) };
};

/** The options of a metered system. */
export interface MeterSetup {
  /** The repository's folder; it must be built. */
  root: string;
  channels: Channels;
  fanOuts: readonly number[];
  channelsOf: ChannelsOf;
  progress: (share: number) => void;
}

/** Runs a metered system with as many clients as the largest fan-out, while `use` runs. */
export const withSubscribers = async <Result>(
  { root, channels, fanOuts, channelsOf, progress }: MeterSetup,
  use: (meter: Meter, clients: readonly Client[]) => Promise<Result>,
): Promise<Result> => {
  const folder = makeWorkFolder(root, "bench-");
  const system = await startSystem({
    project: root,
    dist: join(root, "local/dist"),
    assembly: synthesize(folder.path, "Cost", (stack) => new PushIt(stack, "PushIt", { channels })),
    log: () => undefined,
    meter: true,
  });
  let clients: Client[] = [];
  try {
    if (!system.meter) throw new Error("the system has no meter");
    clients = await connect(system.websocketUrl, fanOuts, channelsOf, progress);
    return await use(system.meter, clients);
  } finally {
    for (const client of clients) client.disconnect();
    await system.close();
    folder.remove();
  }
};

/**
 * Runs a system, and meters one publication of each load.
 * @param root the repository's folder; it must be built
 */
export const meterLoads = (root: string, loads: readonly MeteredLoad[]): Promise<Metered[]> => {
  const fanOuts = [...new Set(loads.map(({ fanOut }) => fanOut))];
  const channelsOf = (fanOut: number): string[] => [channelOf(fanOut, false), channelOf(fanOut, true)];
  const setup = { root, channels: CHANNELS, fanOuts, channelsOf, progress: () => undefined };
  return withSubscribers(setup, async (meter, clients) => {
    const all: Metered[] = [];
    for (const load of loads) all.push(await meterOne(meter, clients, load));
    return all;
  });
};

/**
 * Runs a system, publishes, and meters the units of one publication.
 * @param root the repository's folder; it must be built
 */
export const meterPublications = (
  root: string,
  fanOuts: readonly number[] = FAN_OUTS.filter((fanOut) => fanOut <= MAX_MEASURED_FAN_OUT),
  progress: (share: number) => void = () => undefined,
): Promise<Metered[]> => {
  const channelsOf = (fanOut: number): string[] => [channelOf(fanOut, false), channelOf(fanOut, true)];
  return withSubscribers({ root, channels: CHANNELS, fanOuts, channelsOf, progress }, async (meter, clients) => {
    const all: Metered[] = [];
    for (const history of [false, true]) {
      for (const bytes of SIZES)
        for (const fanOut of fanOuts) all.push(await meterOne(meter, clients, { fanOut, bytes, history }));
    }
    return all;
  });
};
