import { MAX_CHANNELS_PER_FRAME } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { withPresence } from "../../protocol/channel-settings.js";
import { limiter } from "../util/limiter.js";
import type { PresenceIdentity, Members } from "./members.js";
import type { Occupancy } from "./occupancy.js";
import type { Clock, Log } from "../ports.js";

/** What noting who comes and goes needs. */
export interface PresenceRecorderDependencies {
  members: Pick<Members, "join" | "describe" | "leave">;
  occupancy: Pick<Occupancy, "read" | "watch" | "elect">;
  /** Has the channels' subscribers told, in one run. */
  announce: (channels: readonly string[]) => Promise<void>;
  settings: Pick<Settings, "channels" | "presenceLeaseMs">;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
}

/** How long a run is awaited before another one is asked for, in milliseconds. */
const NOTIFICATION_WAIT_MS = 30_000;

/** How many channels one run tells: as many as a frame can subscribe to. */
const CHANNELS_PER_RUN = MAX_CHANNELS_PER_FRAME;

/** How many channels are written at once. */
const WRITES_IN_FLIGHT = 16;

/**
 * Notes who comes to channels with presence, and who goes, and has it told. Other channels cost nothing here.
 *
 * The channel is known to be looked after before anybody is noted there: so whatever dies afterwards, the next minute's
 * run finds who came, and tells it. Having it told at once is for haste alone, so it may fail.
 */
export class PresenceRecorder {
  readonly #system: PresenceRecorderDependencies;
  readonly #limited = limiter(WRITES_IN_FLIGHT);

  constructor(system: PresenceRecorderDependencies) {
    this.#system = system;
  }

  /** Notes that an agent is about to be subscribed to these channels. */
  async join(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members, occupancy, settings, clock } = this.#system;
    await this.#each(channels, async (channel) => {
      const found = await occupancy.read(channel);
      if (!found?.occupied || found.old) await occupancy.watch(channel, clock.now());
      const now = clock.now();
      await members.join(agent, channel, now, now + settings.presenceLeaseMs);
    });
  }

  /** Notes that an agent is not subscribed to these channels any more, and has it told. */
  async leave(connectionId: string, channels: readonly string[]): Promise<void> {
    const { members, clock } = this.#system;
    const left: string[] = [];
    await this.#each(channels, async (channel) => {
      if (await members.leave(connectionId, channel, clock.now())) left.push(channel);
    });
    await this.tell(left);
  }

  /** Notes that something else is to be told of an agent from now on, and has it told. */
  async describe(agent: PresenceIdentity, channels: readonly string[]): Promise<void> {
    const { members, clock } = this.#system;
    await this.#each(channels, (channel) => members.describe(agent, channel, clock.now()));
    await this.tell(channels);
  }

  /** Has the subscribers told who came: by as few runs as possible, and none on a channel for which one is awaited. */
  async tell(channels: readonly string[]): Promise<void> {
    const { announce, log } = this.#system;
    const elected: string[] = [];
    await this.#each(channels, async (channel) => {
      if (await this.#elect(channel)) elected.push(channel);
    });
    const runs = chunks(elected, CHANNELS_PER_RUN).map((some) =>
      // They are noted, and the next minute's run tells them.
      announce(some).catch((error: unknown) =>
        log.error("announce_not_invoked", { channels: some, error: String(error) }),
      ),
    );
    await Promise.all(runs);
  }

  /** @returns whether a run has to be made to tell it: none is awaited that has not begun to read */
  async #elect(channel: string): Promise<boolean> {
    const { occupancy, clock, log } = this.#system;
    try {
      const found = await occupancy.read(channel);
      const now = clock.now();
      return !(found && found.awaitedUntil > now) && (await occupancy.elect(channel, now, now + NOTIFICATION_WAIT_MS));
    } catch (error) {
      // It is noted, and the next minute's run tells it.
      log.error("announce_not_invoked", { channels: [channel], error: String(error) });
      return false;
    }
  }

  async #each(channels: readonly string[], work: (channel: string) => Promise<void>): Promise<void> {
    const present = withPresence(this.#system.settings.channels, channels);
    await Promise.all(present.map((channel) => this.#limited(() => work(channel))));
  }
}

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
