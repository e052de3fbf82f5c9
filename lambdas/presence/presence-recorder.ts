import { MAX_CHANNELS_PER_FRAME } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { withPresence } from "../../protocol/channel-settings.js";
import { limiter } from "../util/limiter.js";
import type { PresenceIdentity, Members } from "./members.js";
import type { Occupancy } from "./occupancy.js";
import type { Clock, Log } from "../ports.js";
import { chunks } from "../util/chunks.js";

/** The ports that recording presence uses. */
export interface PresenceRecorderDependencies {
  members: Pick<Members, "join" | "describe" | "leave">;
  occupancy: Pick<Occupancy, "read" | "ensure" | "scheduleRun">;
  /** Starts the notifier for these channels, in one run. */
  announce: (channels: readonly string[]) => Promise<void>;
  settings: Pick<Settings, "channels" | "presenceLeaseMs">;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
}

/** How long a run is expected before another one is started, in milliseconds. */
const NOTIFICATION_WAIT_MS = 30_000;

/** Maximum number of channels of one run: as many as a frame can subscribe to. */
const CHANNELS_PER_RUN = MAX_CHANNELS_PER_FRAME;

/** How many channels are written at once. */
const WRITES_IN_FLIGHT = 16;

/**
 * Records joins and leaves on channels with presence, and starts the notifier. Other channels cost nothing here.
 *
 * The occupancy row is written before the member. So after any crash, the next run of the sweep finds the member within
 * a minute and notifies the subscribers. Starting the notifier only makes this faster, so it may fail.
 */
export class PresenceRecorder {
  readonly #system: PresenceRecorderDependencies;
  readonly #limited = limiter(WRITES_IN_FLIGHT);

  constructor(system: PresenceRecorderDependencies) {
    this.#system = system;
  }

  /** Records that an agent is about to be subscribed to these channels. */
  async join(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members, occupancy, settings, clock } = this.#system;
    await this.#each(channels, async (channel) => {
      const found = await occupancy.read(channel);
      if (!found?.occupied || found.isStale) await occupancy.ensure(channel, clock.now());
      const now = clock.now();
      await members.join(agent, channel, now, now + settings.presenceLeaseMs);
    });
  }

  /** Records that an agent is no longer subscribed to these channels, and starts the notifier. */
  async leave(connectionId: string, channels: readonly string[]): Promise<void> {
    const { members, clock } = this.#system;
    const left: string[] = [];
    await this.#each(channels, async (channel) => {
      if (await members.leave(connectionId, channel, clock.now())) left.push(channel);
    });
    await this.startNotifier(left);
  }

  /** Records changed public info of an agent, and starts the notifier. */
  async describe(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members, clock } = this.#system;
    await this.#each(channels, (channel) => members.describe(agent, channel, clock.now()));
    await this.startNotifier(channels);
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

  async #each(channels: readonly string[], work: (channel: string) => Promise<void>): Promise<void> {
    const present = withPresence(this.#system.settings.channels, channels);
    await Promise.all(present.map((channel) => this.#limited(() => work(channel))));
  }
}
