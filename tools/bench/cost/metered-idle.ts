import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { PushIt } from "../../../infra/index.js";
import { startSystem } from "../../../local/dev/system/start-system.js";
import type { System } from "../../../local/dev/system/system.js";
import { difference, type MeterSnapshot } from "../../../local/meter/counts.js";
import {
  type Json,
  Meta,
  type Position,
  type Reply,
  SUBPROTOCOL,
  type SubscribeResult,
} from "../../../protocol/index.js";
import { synthesize } from "../../lib/synthesize.js";
import { makeWorkFolder } from "../../lib/work-folder.js";
import { noUnits, type Units } from "../units.js";
import { IDLE_KINDS, type IdleKind, type IdleUnits, METERED_AGENTS, optionsOf } from "./idle.js";
import { type Channels, unitsOf } from "./metered.js";

/** Metered heartbeats of each agent, and runs of the schedules. */
const TIMES = 5;

/** How long after a join the presence checker asks about a connection, in milliseconds, and a margin. */
const CHECKED_AFTER_MS = 31_000;

/** The functions that serve idle members each minute, by the beginning of their logical ids. */
const MINUTELY = ["PushItAnnounce", "PushItCheckPresence"];

const channelOf = (kind: IdleKind): string => `${kind.replaceAll(" ", "-")}/room`;

const CHANNELS: Channels = Object.fromEntries(
  IDLE_KINDS.map((kind) => {
    const { presence, history } = optionsOf(kind);
    return [channelOf(kind), { ...(presence && { presence }), ...(history && { history: {} }) }];
  }),
);

/** An agent that speaks the protocol by hand. */
interface Agent {
  beat(data: { [name: string]: Json } | undefined): void;
  /** Its position on the channel, if it has history. */
  position: Position | undefined;
  close(): void;
}

/** Connects an agent and subscribes it to a channel. */
const connect = async (url: string, channel: string): Promise<Agent> => {
  const socket = new WebSocket(url, [SUBPROTOCOL]);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let uuids = 0;
  const send = (frame: object): void => socket.send(JSON.stringify({ uuid: `u${(uuids += 1)}`, ...frame }));
  const reply = new Promise<Reply>((resolve) =>
    socket.on("message", (data: Buffer) => {
      for (const each of [JSON.parse(String(data)) as Reply].flat()) if (each.channel === Meta.subscribe) resolve(each);
    }),
  );
  send({ action: "subscribe", channel: Meta.subscribe, data: { channel } });
  const { successful, data } = await reply;
  if (!successful) throw new Error(`${channel} cannot be subscribed to`);
  return {
    beat: (beaten) => send({ action: "heartbeat", channel: Meta.ping, ...(beaten && { data: beaten }) }),
    position: (data as unknown as SubscribeResult).position,
    close: () => socket.close(),
  };
};

/** The data of a heartbeat on a channel. */
const beatOf = (kind: IdleKind, { position }: Agent): { [name: string]: Json } | undefined => {
  const { presence } = optionsOf(kind);
  if (!presence && !position) return undefined;
  return {
    ...(position && { positions: { [channelOf(kind)]: { ...position } } }),
    ...(presence && { presentChannels: [channelOf(kind)] }),
  };
};

/** The units of some functions only, for each of `times`. */
const unitsOfFunctions = ({ functions }: MeterSnapshot, prefixes: readonly string[], times: number): Units => {
  const own = Object.entries(functions).filter(([id]) => prefixes.some((prefix) => id.startsWith(prefix)));
  const sum = (of: "invocations" | "gbSeconds" | "readUnits" | "writeUnits"): number =>
    own.reduce((total, [, counts]) => total + counts[of], 0) / times;
  return {
    ...noUnits(),
    invocations: sum("invocations"),
    gbSeconds: sum("gbSeconds"),
    readUnits: sum("readUnits"),
    writeUnits: sum("writeUnits"),
  };
};

const meterKind = async (system: System, kind: IdleKind): Promise<IdleUnits> => {
  const { meter } = system;
  if (!meter) throw new Error("the system has no meter");
  const agents: Agent[] = [];
  while (agents.length < METERED_AGENTS) agents.push(await connect(system.websocketUrl, channelOf(kind)));
  const heartbeats = (): number => unitsOfFunctions(meter.snapshot(), ["PushItHeartbeat"], 1).invocations;
  const beatAll = async (): Promise<void> => {
    // One after the other: a heartbeat has no reply, and all of them at once would start cold functions.
    for (const agent of agents) {
      const before = heartbeats();
      agent.beat(beatOf(kind, agent));
      while (heartbeats() === before) await sleep(5);
      await meter.settled();
    }
  };
  await beatAll();
  const before = meter.snapshot();
  for (let time = 0; time < TIMES; time += 1) await beatAll();
  const used = difference(meter.snapshot(), before);
  const heartbeat = {
    ...unitsOfFunctions(used, ["PushItHeartbeat"], TIMES * agents.length),
    messages: unitsOf(used, TIMES * agents.length).messages,
  };
  let minute = noUnits();
  if (optionsOf(kind).presence) {
    await sleep(CHECKED_AFTER_MS);
    await system.runSchedules();
    await meter.settled();
    const warm = meter.snapshot();
    for (let time = 0; time < TIMES; time += 1) await system.runSchedules();
    await meter.settled();
    minute = unitsOfFunctions(difference(meter.snapshot(), warm), MINUTELY, TIMES);
  }
  for (const agent of agents) agent.close();
  return { heartbeat, minute };
};

/**
 * Runs a system for each kind of channel, and meters a heartbeat and a minute of idle agents.
 * @param root the repository's folder; it must be built
 */
export const meterIdle = async (
  root: string,
  kinds: readonly IdleKind[] = IDLE_KINDS,
): Promise<{ kind: IdleKind; units: IdleUnits }[]> => {
  const all: { kind: IdleKind; units: IdleUnits }[] = [];
  for (const kind of kinds) {
    const folder = makeWorkFolder(root, "bench-");
    const system = await startSystem({
      project: root,
      dist: join(root, "local/dist"),
      assembly: synthesize(folder.path, "Idle", (stack) => new PushIt(stack, "PushIt", { channels: CHANNELS })),
      log: () => undefined,
      meter: true,
    });
    try {
      all.push({ kind, units: await meterKind(system, kind) });
    } finally {
      await system.close();
      folder.remove();
    }
  }
  return all;
};
