import { notifyAllChannels, type PresenceNotifierDependencies } from "../../../lambdas/presence/presence-notifier.js";
import { PresenceRecorder } from "../../../lambdas/presence/presence-recorder.js";
import { type PresenceEventData, Meta } from "../../../protocol/index.js";
import { agentOf } from "../support/fakes.js";
import { fanOutSystem } from "../delivery/fan-out-system.js";
import { MemoryLiveness, MemoryMembers, MemoryOccupancy } from "./presence-fakes.js";

export const MINUTE = 60_000;
/** How long a member may be without a connection, in milliseconds. */
export const GRACE = 5_000;

/** A system with presence, a subscriber that receives the events, and the runs that were requested. */
export const setUp = async () => {
  const channels = { "rooms/*": { presence: true }, "rooms/1": { presence: true, presenceState: true } } as const;
  const system = fanOutSystem({ channels });
  const { store, clock, connections, log, settings } = system;
  await store.with(agentOf("listener"), "rooms/1");
  const members = new MemoryMembers();
  const occupancy = new MemoryOccupancy();
  const liveness = new MemoryLiveness();
  const asked: string[] = [];
  /** The channels and delays, in seconds, of the runs that the queue starts. */
  const wakeUps: [channel: string, delaySeconds: number][] = [];
  const wakeUp = async ([channel = ""]: readonly string[], delaySeconds: number) => {
    wakeUps.push([channel, delaySeconds]);
    return true;
  };
  const serverEvents: string[] = [];
  const events = {
    put: async (type: string, { channel }: Record<string, unknown>) =>
      void serverEvents.push(`${type} ${String(channel)}`),
  };
  const dependencies: PresenceNotifierDependencies = {
    ...system,
    members,
    liveness,
    occupancy,
    wakeUps: { wakeUp },
    events,
  };
  const recorder = new PresenceRecorder({
    members,
    liveness,
    occupancy,
    announce: async (channels) => void asked.push(channels.join(" ")),
    settings,
    clock,
    log,
  });
  const receivedEvents = (): PresenceEventData[] =>
    (connections.received("listener") as { channel: string; data: PresenceEventData }[])
      .filter(({ channel }) => channel === Meta.presence)
      .map(({ data }) => data);
  /** The members according to the last event of each agent, in the order of `at`. */
  const presentMembers = (): string[] => {
    const last = new Map<string, PresenceEventData>();
    for (const each of receivedEvents()) {
      const agent = (each.joined ?? each.left)!.agent;
      if (each.at >= (last.get(agent)?.at ?? 0)) last.set(agent, each);
    }
    return [...last].filter(([, { joined }]) => joined).map(([agent]) => agent);
  };
  const join = async (id: string) => {
    const agent = agentOf(id, { userId: id, info: { name: id } });
    await recorder.join(agent, ["rooms/1", "plain"]);
    await recorder.announceJoins(agent, ["rooms/1", "plain"]);
  };
  const leave = (id: string) => recorder.leave(id, ["rooms/1", "plain"]);
  const minute = () => notifyAllChannels(dependencies, () => true);
  return {
    ...system,
    members,
    liveness,
    occupancy,
    wakeUps,
    asked,
    serverEvents,
    dependencies,
    recorder,
    receivedEvents,
    presentMembers,
    join,
    leave,
    minute,
  };
};
