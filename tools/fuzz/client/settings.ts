import type { Plan } from "./commands.js";
import { CHANNELS, GUARD_CHANNEL, LONG_CHANNELS } from "./channels.js";
import type { Settings } from "./simulation.js";

const LIMITS = [25, 25, 3, 1, 2];
const LIFETIMES = [7_200_000, 7_200_000, 240_000, 120_000];
const TROUBLES = [0, 0.02, 0.1, 0.25];
const POST_TROUBLES = [0, 0.05, 0.2];

/** Invalid positions, as applications may find them in storage. */
export const INVALID_POSITIONS = [
  { epoch: "h1e1", offset: "12" },
  {},
  "12",
  { epoch: 1, offset: 2 },
  { epoch: "h1e1", offset: -1 },
  { offset: 3 },
  7,
  { epoch: "h1e1", offset: 1.5 },
];

/** The item that a number names: numbers wrap around. */
export const itemAt = <Value>(values: readonly Value[], index: number): Value => values[index % values.length]!;

/** The channel that a number selects. */
export const channelAt = (index: number): string => {
  const channel = itemAt(CHANNELS, index);
  return LONG_CHANNELS[channel as keyof typeof LONG_CHANNELS] ?? channel;
};

/** The channel for publications that a number selects: that of `channelAt`, or one below it. */
export const publishChannelAt = (index: number): string => {
  const channel = itemAt(CHANNELS, index);
  if (channel.startsWith("p/") && channel.length > 3) return "p/2";
  return channel.replace("*", "1");
};

/** The settings of a plan. */
export const settingsOf = ({ limits, lifetime, since, channels, trouble, mess, flags, version }: Plan): Settings => {
  const flag = (bit: number): boolean => ((flags >> bit) & 1) === 1;
  const most = itemAt(LIMITS, limits);
  const life = itemAt(LIFETIMES, lifetime);
  return {
    options: {
      channels: [...CHANNELS].filter((_, index) => index < 6 && channels < 16 && ((channels >> (index % 4)) & 1) === 1),
      since: since < 24 ? {} : { "h/1": itemAt(INVALID_POSITIONS, since) },
      // The SDK sends heartbeats if this is the default.
      pingInterval: itemAt([540_000, 60_000, 540_000], version),
      connectionLifetime: life,
      ...(flag(3) && { suspendWhenHidden: 20_000 }),
      ...(flag(4) && { queueLimit: 6 }),
    },
    renews: flag(0),
    policy: {
      channelsPerFrame: most,
      messagesPerFrame: most,
      deniedSubscriptions: new Map(),
      deniedUnsubscriptions: new Map(),
      deniedPublications: new Map(),
      deniedStates: new Map(),
      isOld: version >= 24,
      refusesUntil: 0,
      hangs: false,
      trouble: itemAt(TROUBLES, trouble),
      postTrouble: itemAt(POST_TROUBLES, mess),
      ...(flag(0) && { renewalMs: 100_000 }),
    },
    deployment: {
      historyCheck: 30_000,
      presenceCheck: { new: 60_000, old: 30_000 },
      presenceLease: { new: 90_000, old: 60_000 },
      historySize: itemAt([50, 5], flags >> 1),
      page: itemAt([100, 3], flags >> 2),
      lifetime: life,
      explains: !flag(1),
      guardSubscribes: flag(2) ? [GUARD_CHANNEL] : [],
    },
    deliversWhileClosing: flag(1),
    latency: 2,
  };
};
