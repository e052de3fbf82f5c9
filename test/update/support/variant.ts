import { Duration, type Stack } from "aws-cdk-lib";
import { type ChannelOptions, Guards, type PushItProps } from "../../../infra/index.js";
import type { Scene } from "./scene.js";

/** An option that is turned on or off, and its required effects. */
export interface Variant {
  name: string;
  /** Which props it is about, or options of channels. */
  about: readonly (keyof PushItProps | keyof ChannelOptions)[];
  props: (stack: Stack) => PushItProps;
  /** Channels on which earlier subscribers receive nothing meanwhile. */
  silent?: readonly string[];
  /** Holds while it is so. */
  meanwhile?: (scene: Scene) => Promise<void>;
  /** Holds when it is as before again. */
  afterwards?: (scene: Scene) => Promise<void>;
}

/** The channels of `BASE`. */
export const CHANNELS: Readonly<Record<string, ChannelOptions>> = {
  "kept/*": { history: {} },
  "rooms/*": { presence: true },
  "stocks/*": { latest: true, from: true },
  "busy/*": { linger: Duration.millis(50) },
  "crowds/*": { shards: 2 },
};

/** The stack before and after each variant. */
export const BASE: PushItProps = {
  guards: Guards.fromModule("test/update/support/guards.ts"),
  wildcards: ["news/*"],
  channels: CHANNELS,
};

/** `BASE` without the options of some channels. */
export const withoutChannels = (pattern: string): PushItProps => ({
  ...BASE,
  channels: Object.fromEntries(Object.entries(CHANNELS).filter(([each]) => each !== pattern)),
});
