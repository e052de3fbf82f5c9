/** What is paid for: one channel on which a subscriber publishes. */
export interface Load {
  /** Subscribers of the channel, the publisher among them. */
  fanOut: number;
  /** Publications a second. */
  perSecond: number;
  /** Of a message's data. */
  bytes: number;
  /** How long the first message of a window waits for others, in milliseconds; 0: none waits. */
  lingerMs: number;
  /** Whether the channel keeps what is published, and subscribers recover what they missed. */
  history: boolean;
}

/** USD for a million deliveries. */
export interface Costs {
  pushIt: number;
  appSyncEvents: number;
  iotCore: number;
  awsSample: number;
}

/** One cell of the result: costs with connection minutes and pings. */
export interface ScenarioCost extends Load, Costs {
  /** Which default quotas of AWS do not permit this, with what would be needed; `null`: they do. */
  boundBy: string | null;
  /** The same with connection minutes and pings left out. */
  withoutConnectionMinutes: Costs;
  /** Where `pushIt` comes from: units that the local runtime metered, or the model that is tested against them. */
  basis: "metered" | "modelled";
}

/** Fan-outs, rates, sizes and waits that are compared. */
export const FAN_OUTS = [1, 10, 100, 1_000, 10_000] as const;
const RATES = [1, 20] as const;
export const SIZES = [100, 8 * 1024] as const;
const LINGERS = [0, 250, 500] as const;

/** All of them. */
export const LOADS: readonly Load[] = [false, true].flatMap((history) =>
  FAN_OUTS.flatMap((fanOut) =>
    RATES.flatMap((perSecond) =>
      SIZES.flatMap((bytes) => LINGERS.map((lingerMs) => ({ fanOut, perSecond, bytes, lingerMs, history }))),
    ),
  ),
);
