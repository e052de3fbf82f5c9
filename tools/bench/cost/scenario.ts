/** A load: one channel on which a subscriber publishes. */
export interface Load {
  /** Subscribers of the channel, including the publisher. */
  fanOut: number;
  /** Publications a second. */
  perSecond: number;
  /** Size of a message's data. */
  bytes: number;
  /** Linger time in milliseconds; 0: no linger. */
  lingerMs: number;
  /** Whether the channel has history. */
  history: boolean;
}

/** USD for a million deliveries. */
export interface Costs {
  pushIt: number;
  appSyncEvents: number;
  iotCore: number;
  awsSample: number;
}

/** The costs of one scenario, with connection minutes and pings. */
export interface ScenarioCost extends Load, Costs {
  /** The exceeded default quotas of AWS, with the needed rates; `null`: none. */
  boundBy: string | null;
  /** The costs without connection minutes and pings. */
  withoutConnectionMinutes: Costs;
  /** The source of `pushIt`: units that the local runtime metered, or the model that is tested against them. */
  basis: "metered" | "modelled";
}

/** The compared fan-outs, rates, sizes and linger times. */
export const FAN_OUTS = [1, 10, 100, 1_000, 10_000] as const;
const RATES = [1, 20] as const;
export const SIZES = [100, 8 * 1024] as const;
const LINGERS = [0, 250, 500] as const;

/** All scenarios. */
export const LOADS: readonly Load[] = [false, true].flatMap((history) =>
  FAN_OUTS.flatMap((fanOut) =>
    RATES.flatMap((perSecond) =>
      SIZES.flatMap((bytes) => LINGERS.map((lingerMs) => ({ fanOut, perSecond, bytes, lingerMs, history }))),
    ),
  ),
);
