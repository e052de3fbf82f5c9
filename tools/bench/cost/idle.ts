import { LIVENESS_SHARDS } from "../../../lambdas/presence/liveness.js";
import { PACE_MS } from "../../../lambdas/presence/presence-checker.js";
import { SHARDS } from "../../../lambdas/aws/dynamodb/keys.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { READ_UNIT_BYTES } from "../../../local/commands/check/account/work.js";
import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { PRICES } from "../../../local/meter/prices.js";
import { DEFAULTS } from "../../../client/src/options.js";
import { noUnits, type Units, usdOf } from "../units.js";
import { gbSecondsOf } from "./model.js";

/** The options of the channel that an idle agent is subscribed to. */
export const IDLE_KINDS = ["neither", "history", "presence", "presence and history"] as const;
export type IdleKind = (typeof IDLE_KINDS)[number];

/** Whether a kind of channel has presence, and history. */
export const optionsOf = (kind: IdleKind): { presence: boolean; history: boolean } => ({
  presence: kind.startsWith("presence"),
  history: kind.endsWith("history"),
});

/** Agents that are connected and do nothing, on channels of one kind. */
export interface IdleLoad {
  kind: IdleKind;
  agents: number;
  /** How many agents are on each channel. */
  perChannel: number;
}

/** The units of idle agents: of one heartbeat, and of one minute's runs of the functions for presence. */
export interface IdleUnits {
  heartbeat: Units;
  minute: Units;
}

/** Bytes of a liveness row and of a member's row, by DynamoDB's rules, on the channels that are measured. */
const LIVENESS_ROW_BYTES = 63;
const MEMBER_ROW_BYTES = 200;

/** How many channels the notifier reads at once. */
const CHANNELS_IN_FLIGHT = 8;

const { dynamoDb } = DECLARED_MS;

/** Read units of a Query: at least one step, and half if it need not be consistent. */
const queryUnits = (rows: number, rowBytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil((rows * rowBytes) / READ_UNIT_BYTES)) / (consistent ? 1 : 2);

/** A heartbeat without news: the agent's row, then the other rows at once. */
const heartbeatUnits = (kind: IdleKind): Units => {
  const { presence, history } = optionsOf(kind);
  const calls = presence || history ? 2 : 1;
  return {
    ...noUnits(),
    messages: 1,
    invocations: 1,
    gbSeconds: gbSecondsOf(COMPUTE_MS + calls * dynamoDb),
    // The agent; its subscription and the channel's head; its entry, which need not be consistent.
    readUnits: 1 + (history ? 2 : 0) + (presence ? 0.5 : 0),
    writeUnits: presence ? 1 : 0,
  };
};

/** One run of the presence checker and one of the notifier, when nothing has changed. */
const minuteUnits = ({ kind, agents, perChannel }: IdleLoad): Units => {
  if (!optionsOf(kind).presence) return noUnits();
  const channels = Math.ceil(agents / perChannel);
  const shards = LIVENESS_SHARDS * queryUnits(agents / LIVENESS_SHARDS, LIVENESS_ROW_BYTES, false);
  const pacedMs = (agents / DEFAULT_SETTINGS.presenceChecksPerSecond) * 1_000;
  const checkingMs = pacedMs - (pacedMs % PACE_MS) + DECLARED_MS.post;
  return {
    ...noUnits(),
    invocations: 2,
    gbSeconds: gbSecondsOf(
      2 * COMPUTE_MS + checkingMs + (2 + SHARDS) * dynamoDb + Math.ceil(channels / CHANNELS_IN_FLIGHT) * dynamoDb,
    ),
    // Both functions read all liveness rows, all shards at once.
    readUnits: 2 * shards + SHARDS + channels * queryUnits(perChannel, MEMBER_ROW_BYTES, true),
  };
};

/** The modelled units of idle agents. */
export const idleUnits = (load: IdleLoad): IdleUnits => ({
  heartbeat: heartbeatUnits(load.kind),
  minute: minuteUnits(load),
});

const MINUTES_PER_HOUR = 60;
const MILLION = 1e6;

/** How many heartbeats an agent sends in an hour: its interval less up to a tenth, at random. */
const heartbeatsPerHour = (kind: IdleKind): number => {
  const { presence, history } = optionsOf(kind);
  const intervals = [
    DEFAULTS.pingInterval,
    ...(history ? [DEFAULT_SETTINGS.checkMs] : []),
    ...(presence ? [DEFAULT_SETTINGS.presenceHeartbeatMs] : []),
  ];
  return 3_600_000 / (0.95 * Math.min(...intervals));
};

/** The cost of an idle agent for an hour in USD, without its connection's minutes. */
export const idleUsd = (
  { kind, agents }: Pick<IdleLoad, "kind" | "agents">,
  { heartbeat, minute }: IdleUnits,
): number => heartbeatsPerHour(kind) * usdOf(heartbeat) + (MINUTES_PER_HOUR * usdOf(minute)) / agents;

/** The cost of a connection for an hour in USD. */
const CONNECTION_HOUR_USD = (MINUTES_PER_HOUR * PRICES.apiGateway.connectionMinutes) / MILLION;

/** The cost of idle agents: USD for a million agent-hours. */
export interface IdleCost extends IdleLoad {
  /** Without the connections' minutes. */
  idleUsd: number;
  connectionUsd: number;
  /** `idleUsd` for each dollar of the connections' minutes. */
  ratio: number;
  /** The ratio if AWS billed each `GET @connections` like a message. */
  ratioWithBilledChecks: number;
  basis: "metered" | "modelled";
}

/** The compared loads: what the meter can run, and a deployment. */
export const METERED_AGENTS = 20;
const DEPLOYED = { agents: 10_000, perChannel: 100 };

const significant = (value: number): number => Number(value.toPrecision(4));

/** The cost of one load. @param metered its metered units, if any */
export const idleCost = (load: IdleLoad, metered?: IdleUnits): IdleCost => {
  const usd = idleUsd(load, metered ?? idleUnits(load));
  const checks = optionsOf(load.kind).presence ? (MINUTES_PER_HOUR * PRICES.apiGateway.messages) / MILLION : 0;
  return {
    ...load,
    idleUsd: significant(usd * MILLION),
    connectionUsd: significant(CONNECTION_HOUR_USD * MILLION),
    ratio: significant(usd / CONNECTION_HOUR_USD),
    ratioWithBilledChecks: significant((usd + checks) / CONNECTION_HOUR_USD),
    basis: metered ? "metered" : "modelled",
  };
};

/** The heartbeats as metered, and the runs of a deployment's size as modelled: a run of many agents is not metered. */
export const idleCosts = (metered: readonly { kind: IdleKind; units: IdleUnits }[]): IdleCost[] =>
  IDLE_KINDS.map((kind) => {
    const found = metered.find((each) => each.kind === kind)?.units;
    const load = { kind, ...DEPLOYED };
    return idleCost(load, found && { heartbeat: found.heartbeat, minute: idleUnits(load).minute });
  });

/** A month of 10,000 users, 8 hours a day. */
const MONTH = { users: 10_000, hours: 8 * 30 };

/** The cost of a month, in USD, without publications. */
export interface MonthCost {
  month: string;
  /** With presence and history. */
  pushIt: number;
  /** Without either: it has neither. */
  appSyncEvents: number;
}

/** A month of idle users, on channels with presence and history, next to AppSync Events without them. */
export const monthCost = (idle: IdleCost): MonthCost => {
  const hours = MONTH.users * MONTH.hours;
  return {
    month: `${MONTH.users.toLocaleString("en-US")} users, 8 hours a day, 30 days`,
    pushIt: significant((hours * (idle.idleUsd + idle.connectionUsd)) / MILLION),
    appSyncEvents: significant((hours * MINUTES_PER_HOUR * PRICES.appSyncEvents.connectionMinutes) / MILLION),
  };
};

/** A Markdown table of idle agents and of a month. */
export const idleTable = (idle: readonly IdleCost[], month: MonthCost): string =>
  [
    "Idle agents: USD for a million agent-hours.",
    "",
    "| the channel has | connection minutes | idle | idle for each dollar of minutes | the same, if each check were billed as a message | heartbeats |",
    "|---|--:|--:|--:|--:|---|",
    ...idle.map(
      ({ kind, connectionUsd, idleUsd: usd, ratio, ratioWithBilledChecks, basis }) =>
        `| ${kind} | ${connectionUsd.toFixed(2)} | ${usd.toFixed(2)} | ${ratio.toFixed(2)} | ${ratioWithBilledChecks.toFixed(2)} | ${basis} |`,
    ),
    "",
    `10,000 agents, 100 on each channel. An agent sends ${heartbeatsPerHour("presence and history").toFixed(1)} heartbeats an hour. Every minute the presence checker asks API Gateway about each member's connection (\`GET @connections\`). AWS's [price list](https://aws.amazon.com/api-gateway/pricing/) has messages and connection minutes for WebSocket APIs, and nothing else. So these calls are counted as free; the last column but one says the cost if they were not.`,
    "",
    `A month of ${month.month}: Push-It with presence and history $${month.pushIt.toFixed(2)}, AppSync Events without them $${month.appSyncEvents.toFixed(2)}. Publications come on top of both.`,
  ].join("\n");
