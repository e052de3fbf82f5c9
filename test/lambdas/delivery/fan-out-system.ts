import type { Agent } from "../../../lambdas/connection/agent.js";
import type { ChannelPatterns } from "../../../protocol/channel-settings.js";
import type { FlushTask } from "../../../lambdas/linger/linger.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import { PublicationRateLimiter } from "../../../lambdas/publish/publication-rate.js";
import { RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { LINGERING_MS } from "../../../lambdas/requests/request-rates.js";
import { publish, type PublishDependencies } from "../../../lambdas/publish/publish.js";
import { type Reply, DEFAULT_LIMITS, type Limits, type OutgoingMessage } from "../../../protocol/index.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MemoryLiveness, MemoryMembers, MemoryOccupancy } from "../presence/presence-fakes.js";
import { MemoryLatest, MemoryLingering } from "../support/channel-fakes.js";
import { MemoryErasure } from "../server-api/erasure-fakes.js";
import { MemoryHistories } from "../history/history-fakes.js";
import { agentOf, TestClock, TestConnections, TestLog, TestSegments } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

/** The dependencies of a fan-out or a publication, in memory, and their effects. */
export const fanOutSystem = (
  options: {
    wildcards?: string[];
    budgetMs?: number;
    threshold?: number;
    guards?: Partial<GuardPort>;
    limits?: Partial<Limits>;
    channels?: ChannelPatterns;
  } = {},
) => {
  const store = new MemoryStore();
  const clock = new TestClock();
  const log = new TestLog();
  const connections = new TestConnections(clock, store.calls);
  const left: string[] = [];
  const guards: GuardPort = {
    ...openGuards,
    disconnected: async (agent) => void left.push(agent.connectionId),
    ...options.guards,
  };
  const { wildcards = [], budgetMs: fanOutMs = 10_000, threshold: fanOutThreshold = 2_000, channels = {} } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const rate = new PublicationRateLimiter(limits, clock);
  const lingeringRate = new RateLimiter(LINGERING_MS, clock, limits.ratesPerUser);
  const settings = { ...DEFAULT_SETTINGS, limits, wildcards, fanOutMs, fanOutThreshold, channels };
  const latest = new MemoryLatest(store.calls);
  const histories = new MemoryHistories(clock, settings.dedupeSeconds, store);
  const erasure = new MemoryErasure(histories, latest, clock);
  const lingering = new MemoryLingering(clock, store.calls);
  const members = new MemoryMembers();
  const occupancy = new MemoryOccupancy();
  const liveness = new MemoryLiveness();
  /** The tasks of the flushers that were started. */
  const tasks: FlushTask[] = [];
  const invokeFlush = async (task: FlushTask): Promise<void> => void tasks.push(task);
  return {
    store,
    clock,
    log,
    connections,
    left,
    segments: new TestSegments(),
    guards,
    settings,
    latest,
    histories,
    erasure,
    lingering,
    members,
    liveness,
    occupancy,
    wakeUps: { wakeUp: () => Promise.resolve(true) },
    tasks,
    invokeFlush,
    rate,
    lingeringRate,
  };
};

export type FanOutSystem = ReturnType<typeof fanOutSystem>;

/** Subscribes agents `c0`, `c1`, … to `channel`. */
export const addSubscribers = async (
  system: FanOutSystem,
  count: number,
  channel: string,
  more: Partial<Agent> = {},
) => {
  const ids = Array.from({ length: count }, (_, at) => `c${at}`);
  for (const id of ids) await system.store.with(agentOf(id, more), channel);
  return ids;
};

/** Publishes for an agent that gets nothing with its reply, so that its own messages are posted to it, too. */
export const publishUnanswered = async (
  system: PublishDependencies,
  agent: Agent,
  messages: readonly OutgoingMessage[],
): Promise<Reply[]> => (await publish(system, agent, messages, { answered: false })).answers;
