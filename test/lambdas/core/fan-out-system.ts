import type { Agent } from "../../../lambdas/core/agent.js";
import type { ChannelPatterns } from "../../../protocol/channel-settings.js";
import type { FlushTask } from "../../../lambdas/core/linger.js";
import type { Guards } from "../../../lambdas/core/ports.js";
import { PublicationRate } from "../../../lambdas/core/publication-rate.js";
import { Rate } from "../../../lambdas/core/rate.js";
import { LINGERING_MS } from "../../../lambdas/core/request-rates.js";
import { publish, type Publishing } from "../../../lambdas/core/publish.js";
import { type Reply, DEFAULT_LIMITS, type Limits, type OutgoingMessage } from "../../../protocol/index.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MemoryMembers, MemoryOccupancy } from "./presence-fakes.js";
import { MemoryLatest, MemoryLingering } from "./channel-fakes.js";
import { MemoryErasure } from "./erasure-fakes.js";
import { MemoryHistories } from "./history-fakes.js";
import { agentOf, MemoryStore, TestClock, TestConnections, TestLog, TestSegments } from "./fakes.js";

/** Everything a fan-out or a publication needs, in memory, and what became of it. */
export const fanOutSystem = (
  options: {
    wildcards?: string[];
    budgetMs?: number;
    threshold?: number;
    guards?: Partial<Guards>;
    limits?: Partial<Limits>;
    channels?: ChannelPatterns;
  } = {},
) => {
  const store = new MemoryStore();
  const clock = new TestClock();
  const log = new TestLog();
  const connections = new TestConnections(clock, store.calls);
  const left: string[] = [];
  const guards: Guards = {
    ...openGuards,
    disconnected: async (agent) => void left.push(agent.connectionId),
    ...options.guards,
  };
  const { wildcards = [], budgetMs: fanOutMs = 10_000, threshold: fanOutThreshold = 2_000, channels = {} } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const rate = new PublicationRate(limits, clock);
  const lingeringRate = new Rate(LINGERING_MS, clock, limits.ratesPerUser);
  const settings = { ...DEFAULT_SETTINGS, limits, wildcards, fanOutMs, fanOutThreshold, channels };
  const latest = new MemoryLatest(store.calls);
  const histories = new MemoryHistories(clock, settings.dedupeSeconds, store);
  const erasure = new MemoryErasure(histories, latest, clock);
  const lingering = new MemoryLingering(clock, store.calls);
  const members = new MemoryMembers();
  const occupancy = new MemoryOccupancy();
  /** What flushers were to run for. */
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
    occupancy,
    tasks,
    invokeFlush,
    rate,
    lingeringRate,
  };
};

export type FanOutSystem = ReturnType<typeof fanOutSystem>;

/** Subscribes agents `c0`, `c1`, … to `channel`. */
export const audienceOf = async (system: FanOutSystem, count: number, channel: string, more: Partial<Agent> = {}) => {
  const ids = Array.from({ length: count }, (_, at) => `c${at}`);
  for (const id of ids) await system.store.with(agentOf(id, more), channel);
  return ids;
};

/** Publishes for who is answered by nothing but answers: everything else is posted to it, too. */
export const publishUnanswered = async (
  system: Publishing,
  agent: Agent,
  messages: readonly OutgoingMessage[],
): Promise<Reply[]> => (await publish(system, agent, messages, { answered: false })).answers;
