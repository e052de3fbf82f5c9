import { type Json, MAX_CHANNELS_PER_FRAME } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { withPresence } from "../../protocol/channel-settings.js";
import { limiter } from "../util/limiter.js";
import type { Liveness } from "./liveness.js";
import { infoDigest, memberPlace, type Members, type PresenceIdentity } from "./members.js";
import type { Occupancy } from "./occupancy.js";
import type { Clock, Log } from "../ports.js";
import { chunks } from "../util/chunks.js";

/** The ports that recording presence uses. */
export interface PresenceRecorderDependencies {
  members: Pick<Members, "join" | "describe" | "setState" | "leave" | "ofMember">;
  liveness: Pick<Liveness, "begin" | "memberPlace" | "end">;
  occupancy: Pick<Occupancy, "read" | "ensure" | "scheduleRun">;
  /** Starts the notifier for these channels, in one run. */
  announce: (channels: readonly string[]) => Promise<void>;
  settings: Pick<Settings, "channels">;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
}

/** How long a run is expected before another one is started, in milliseconds. */
const NOTIFICATION_WAIT_MS = 30_000;

/** Maximum number of channels of one run: as many as a frame can subscribe to. */
const CHANNELS_PER_RUN = MAX_CHANNELS_PER_FRAME;

/** How many connections that have just joined are remembered. */
const MAX_REMEMBERED = 1_000;

/** How many channels are written at once. */
const WRITES_IN_FLIGHT = 16;

/**
 * Records joins and leaves on channels with presence, and starts the notifier. Other channels cost nothing here.
 *
 * The liveness row and the occupancy row are written before the entry of the member. So after any crash, the presence
 * checker finds the connection, and the notifier's next run finds the channel within a minute. Starting the notifier only
 * makes this faster, so it may fail.
 */
export class PresenceRecorder {
  readonly #system: PresenceRecorderDependencies;
  readonly #limited = limiter(WRITES_IN_FLIGHT);
  /**
   * The members of connections that have just joined, by connection. If an agent ends while it joins, its liveness row is
   * deleted already when the join is taken back.
   */
  readonly #joined = new Map<string, string>();

  constructor(system: PresenceRecorderDependencies) {
    this.#system = system;
  }

  /** Records that an agent is about to be subscribed to these channels. */
  async join(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members, liveness, occupancy, clock } = this.#system;
    const present = this.#withPresence(channels);
    if (present.length === 0) return;
    this.#remember(agent);
    await liveness.begin(agent, clock.now());
    await this.#each(present, async (channel) => {
      const found = await occupancy.read(channel);
      if (!found?.occupied || found.isStale) await occupancy.ensure(channel, clock.now());
      await members.join(agent, channel, clock.now());
    });
  }

  /**
   * Starts the notifier after an agent has joined these channels. It starts none if the member is announced already: its
   * other connections are there, or were there a moment ago.
   */
  async announceJoins(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members } = this.#system;
    const [member, digest] = [memberPlace(agent), infoDigest(agent.info)];
    const joined: string[] = [];
    await this.#each(this.#withPresence(channels), async (channel) => {
      const entries = await members.ofMember(channel, member);
      const isAnnounced = entries.some(({ announced }) => announced?.digest === digest);
      if (!isAnnounced || entries.some(({ leaving }) => leaving !== undefined)) joined.push(channel);
    });
    await this.startNotifier(joined);
  }

  /**
   * Records that an agent is no longer subscribed to these channels. It starts the notifier for a channel if the last
   * connection of the member has left it.
   * @param joinedBefore a channel that the agent joined after this, in epoch milliseconds, is not left
   */
  async leave(connectionId: string, channels: readonly string[], joinedBefore?: number): Promise<void> {
    const { members, liveness, clock } = this.#system;
    const present = this.#withPresence(channels);
    if (present.length === 0) return;
    const member = (await liveness.memberPlace(connectionId)) ?? this.#joined.get(connectionId);
    const left: string[] = [];
    await this.#each(present, async (channel) => {
      if (!(await members.leave(connectionId, member, channel, clock.now(), joinedBefore))) return;
      const entries = member === undefined ? [] : await members.ofMember(channel, member);
      // The others may know a state that this connection has set.
      const mayHaveState = entries.some(({ stateAnnounced }) => stateAnnounced?.digest);
      if (mayHaveState || entries.every(({ leftAt }) => leftAt !== undefined)) left.push(channel);
    });
    await this.startNotifier(left);
  }

  /** Deletes the liveness row of an agent that has ended, after it has left its channels. */
  end(connectionId: string): Promise<void> {
    return this.#system.liveness.end(connectionId);
  }

  /** Records changed public info of an agent, and starts the notifier. */
  async describe(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members, clock } = this.#system;
    const present = this.#withPresence(channels);
    await this.#each(present, (channel) => members.describe(agent, channel, clock.now()));
    await this.startNotifier(present);
  }

  /**
   * Sets an agent's state on a channel, and starts the notifier.
   * @param state `null`: removes it
   * @returns whether the agent is a member
   */
  async setState(agent: PresenceIdentity, channel: string, state: Json): Promise<boolean> {
    const { members, clock } = this.#system;
    const isMember = await members.setState(agent, channel, state, clock.now());
    if (isMember) await this.startNotifier([channel]);
    return isMember;
  }

  /** Starts as few notifier runs as possible, and none for a channel that already expects one. */
  async startNotifier(channels: readonly string[]): Promise<void> {
    const { announce, log } = this.#system;
    const scheduled: string[] = [];
    await this.#each(channels, async (channel) => {
      if (await this.#scheduleRun(channel)) scheduled.push(channel);
    });
    const runs = chunks(scheduled, CHANNELS_PER_RUN).map((some) =>
      // The presence is recorded: the next run of the sweep, within a minute, notifies the subscribers.
      announce(some).catch((error: unknown) =>
        log.error("announce_not_invoked", { channels: some, error: String(error) }),
      ),
    );
    await Promise.all(runs);
  }

  /** @returns whether a run has to be started: no other run is expected that will read the members */
  async #scheduleRun(channel: string): Promise<boolean> {
    const { occupancy, clock, log } = this.#system;
    try {
      const found = await occupancy.read(channel);
      const now = clock.now();
      return (
        !(found && found.runExpectedUntil > now) &&
        (await occupancy.scheduleRun(channel, now, now + NOTIFICATION_WAIT_MS))
      );
    } catch (error) {
      // The presence is recorded: the next run of the sweep, within a minute, notifies the subscribers.
      log.error("announce_not_invoked", { channels: [channel], error: String(error) });
      return false;
    }
  }

  #remember(agent: PresenceIdentity): void {
    const [oldest] = this.#joined.keys();
    if (oldest !== undefined && this.#joined.size >= MAX_REMEMBERED) this.#joined.delete(oldest);
    this.#joined.set(agent.connectionId, memberPlace(agent));
  }

  #withPresence(channels: readonly string[]): string[] {
    return withPresence(this.#system.settings.channels, channels);
  }

  async #each(channels: readonly string[], work: (channel: string) => Promise<void>): Promise<void> {
    await Promise.all(channels.map((channel) => this.#limited(() => work(channel))));
  }
}
