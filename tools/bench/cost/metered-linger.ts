import { setTimeout as sleep } from "node:timers/promises";
import { Duration } from "aws-cdk-lib";
import type { PushIt as Client } from "push-it-client";
import { difference } from "../../../local/meter/counts.js";
import type { Meter } from "../../../local/meter/meter.js";
import type { Units } from "../units.js";
import type { Load } from "./scenario.js";
import { type Channels, unitsOf, withSubscribers } from "./metered.js";

/** A load on a channel with `linger`. */
export interface LingerLoad extends Load {
  /** Number of metered publications. */
  publications: number;
}

/** The metered units of one publication with `linger`, with its share of the flusher. */
export interface MeteredLinger extends LingerLoad {
  units: Units;
}

type Channel = Pick<Load, "fanOut" | "lingerMs" | "history">;

/** As long as the names without `linger`, because rows contain names. */
const channelOf = ({ fanOut, lingerMs, history }: Channel): string => `${history ? "k" : "l"}${lingerMs}/${fanOut}`;

const patternsOf = (loads: readonly Channel[]): Channels =>
  Object.fromEntries(
    loads.map(({ lingerMs, history }) => [
      channelOf({ fanOut: 0, lingerMs, history }).replace("/0", "/*"),
      { linger: Duration.millis(lingerMs), ...(history && { history: {} }) },
    ]),
  );

/** Resolves when each subscriber has received `messages` messages. */
const allReceived = (clients: readonly Client[], { fanOut, ...channel }: Channel, messages: number): Promise<unknown> =>
  Promise.all(
    clients.slice(0, fanOut).map(
      (client) =>
        new Promise<void>((resolve) => {
          let count = 0;
          const off = client.channel(channelOf({ fanOut, ...channel })).on("message", () => {
            if ((count += 1) < messages) return;
            off();
            resolve();
          });
        }),
    ),
  );

/** Publishes at the load's rate. Resolves when each subscriber has all messages. */
const publishAll = async (clients: readonly Client[], load: LingerLoad): Promise<void> => {
  const { perSecond, bytes, publications } = load;
  const all = allReceived(clients, load, publications);
  const begun = performance.now();
  for (let at = 0; at < publications; at += 1) {
    await sleep(begun + (at * 1_000) / perSecond - performance.now());
    // Awaited, so that the SDK does not batch two messages in one frame.
    await clients[0]!.channel(channelOf(load)).publish("x".repeat(bytes - 2));
  }
  await all;
};

/** Meters a load on the running system. */
export type MeterLinger = (load: LingerLoad) => Promise<MeteredLinger>;

const meterOne = async (meter: Meter, clients: readonly Client[], load: LingerLoad): Promise<MeteredLinger> => {
  const before = meter.snapshot();
  await publishAll(clients, load);
  // The flusher still removes the posted messages from the log.
  await meter.settled();
  return { ...load, units: unitsOf(difference(meter.snapshot(), before), load.publications) };
};

/**
 * Runs a system with the channels of these loads, and meters them.
 * @param root the repository's folder; it must be built
 */
export const withLingerChannels = <Result>(
  root: string,
  loads: readonly LingerLoad[],
  use: (meterOf: MeterLinger) => Promise<Result>,
): Promise<Result> => {
  const fanOuts = [...new Set(loads.map(({ fanOut }) => fanOut))];
  const channelsOf = (fanOut: number): string[] => [
    ...new Set(loads.filter((load) => load.fanOut === fanOut).map(channelOf)),
  ];
  const setup = { root, channels: patternsOf(loads), fanOuts, channelsOf, progress: () => undefined };
  return withSubscribers(setup, async (meter, clients) => {
    // The first publication meets cold functions and an uncached agent.
    await publishAll(clients, { ...loads[0]!, publications: 1 });
    await meter.settled();
    return use((load) => meterOne(meter, clients, load));
  });
};
