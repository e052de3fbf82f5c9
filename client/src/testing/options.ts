import { isPattern } from "../../../protocol/channel-patterns.js";
import type { ChannelPatterns, ChannelSettings } from "../../../protocol/channel-settings.js";
import { isAllowedChannelName } from "../../../protocol/channel.js";
import type { ChannelTypeMap, TypedChannels } from "../../../protocol/channel-types.js";
import { DEFAULT_HISTORY, DEFAULT_PRESENCE_GRACE_MS, DEFAULT_TIMEOUTS } from "../../../protocol/deployment-defaults.js";
import type { GuardTimeouts } from "../../../protocol/frames.js";
import type { Guards } from "../../../protocol/guards.js";
import { DEFAULT_LIMITS, type Limits } from "../../../protocol/limits.js";

/** The options of the channels that a pattern matches, named as those of the construct. */
export interface FakeChannelOptions {
  /** Whether a new subscriber gets the channel's last message. @default false */
  latest?: boolean;
  /**
   * How many messages are kept, and for how many seconds. `true` keeps 1,000 messages for a day.
   * @default false - nothing is kept
   */
  history?: boolean | { size?: number; seconds?: number };
  /** Whether the channel has presence, and with `state` whether members may have a state. @default false */
  presence?: boolean | { state?: boolean };
  /** Whether each message says who published it. @default false */
  from?: boolean;
}

/** The options of `new FakePushIt(…)`. All times are in milliseconds. */
export interface FakePushItOptions {
  /** Options of channels by name or pattern. @default {} */
  channels?: { readonly [pattern: string]: FakeChannelOptions };
  /** The types of the channels, from `defineChannels`. Data that does not fit is refused with `bad_data`. @default - none */
  types?: TypedChannels<ChannelTypeMap>;
  /** Patterns at or below which wildcards can be subscribed to. @default [] */
  wildcards?: readonly string[];
  /**
   * Guards, as a guard module exports them.
   * @default - everything is permitted. If the credentials have a `userId`, it becomes the agent's
   */
  guards?: Guards;
  /** How long each guard may take. @default - those of a deployment: 10_000 for connections, 1_000 for the others */
  timeouts?: Partial<GuardTimeouts>;
  /** Limits of the deployment. The fake does not limit rates. @default - those of a deployment */
  limits?: Partial<Limits>;
  /** How long a frame is under way, in each direction. @default 0 - frames arrive without a timer */
  latency?: number;
  /**
   * `"fake"`: time stands still until `advance`, for the clients and the server. `"real"`: they use the runtime's timers,
   * or those of your test runner.
   * @default "fake"
   */
  clock?: "fake" | "real";
  /** How long a member may be without a connection before its leave is announced. @default 5_000 */
  presenceGrace?: number;
}

/** A deployment, as the fake server reads it. */
export interface Deployment {
  channels: ChannelPatterns;
  types: TypedChannels<ChannelTypeMap> | undefined;
  wildcards: readonly string[];
  timeouts: GuardTimeouts;
  limits: Limits;
  presenceGraceMs: number;
}

/**
 * The deployment that the options describe.
 * @throws TypeError if a key of `channels` or an entry of `wildcards` is not a pattern
 */
export const resolveDeployment = (options: FakePushItOptions): Deployment => {
  const { channels = {}, types, wildcards = [], timeouts, presenceGrace = DEFAULT_PRESENCE_GRACE_MS } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const pattern of [...Object.keys(channels), ...wildcards])
    if (!isPattern(pattern, (name) => isAllowedChannelName({ limits }, name)))
      throw new TypeError(
        `FakePushIt: ${JSON.stringify(pattern)} is neither a channel name nor a pattern such as "rooms/*" or "rooms/*/typing".`,
      );
  return {
    channels: Object.fromEntries(Object.entries(channels).map(([pattern, each]) => [pattern, settingsOf(each)])),
    types,
    wildcards,
    timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts },
    limits,
    presenceGraceMs: presenceGrace,
  };
};

const settingsOf = ({ latest, history, presence, from }: FakeChannelOptions): ChannelSettings => ({
  ...(latest && { latest }),
  ...(history && { history: { ...DEFAULT_HISTORY, ...(history !== true && history) } }),
  ...(presence && { presence: true, ...(presence !== true && presence.state && { presenceState: true }) }),
  ...(from && { from }),
});
