import { setTimeout as sleep } from "node:timers/promises";
import { Duration } from "aws-cdk-lib";
import type { PushIt as Client } from "push-it-client";
import { difference } from "../../../local/meter/counts.js";
import type { Meter } from "../../../local/meter/meter.js";
import type { Units } from "../units.js";
import type { Load } from "./scenario.js";
import { type Channels, unitsOf, withSubscribers } from "./metered.js";

/** What is published on a channel with `linger`, at its rate. */
export interface LingerLoad extends Load {
  /** How many publications are metered. */
  publications: number;
}

/** The units of one publication with `linger`, as they were metered; its part of what the flusher used. */
export interface MeteredLinger extends LingerLoad {
  units: Units;
}

type Channel = Pick<Load, "fanOut" | "lingerMs" | "history">;

/** Names are as long as those that are metered without `linger`: rows are as long as their names. */
const channelOf = ({ fanOut, lingerMs, history }: Channel): string => `${history ? "k" : "l"}${lingerMs}/${fanOut}`;

const patternsOf = (loads: readonly Channel[]): Channels =>
  Object.fromEntries(
    loads.map(({ lingerMs, history }) => [
      channelOf({ fanOut: 0, lingerMs, history }).replace("/0", "/*"),
      { linger: Duration.millis(lingerMs), ...(history && { history: {} }) },
    ]),
  );

/** Resolves when every subscriber has heard so many messages. */
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

/** Publishes at the load's rate, one after the other; fulfilled when every subscriber has all of them. */
const publishAll = async (clients: readonly Client[], load: LingerLoad): Promise<void> => {
  const { perSecond, bytes, publications } = load;
  const all = allReceived(clients, load, publications);
  const begun = performance.now();
  for (let at = 0; at < publications; at += 1) {
    await sleep(begun + (at * 1_000) / perSecond - performance.now());
    // Awaited, so that the SDK does not send two of them in one frame.
    await clients[0]!.channel(channelOf(load)).publish("x".repeat(bytes - 2));
  }
  await all;
};

/** Meters loads on a system that runs. */
export type MeterLinger = (load: LingerLoad) => Promise<MeteredLinger>;

const meterOne = async (meter: Meter, clients: readonly Client[], load: LingerLoad): Promise<MeteredLinger> => {
  const before = meter.snapshot();
  await publishAll(clients, load);
  // The flusher still runs then: it takes off the log what it has posted.
  await meter.settled();
  return { ...load, units: unitsOf(difference(meter.snapshot(), before), load.publications) };
};

/**
 * Runs a system with the channels of these loads, and has them metered.
 * @param root the package's folder; it has been built
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
    // The first publication finds cold functions, and an agent that is in no cache.
    await publishAll(clients, { ...loads[0]!, publications: 1 });
    await meter.settled();
    return use((load) => meterOne(meter, clients, load));
  });
};
