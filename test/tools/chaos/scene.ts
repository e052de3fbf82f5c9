import { type RunRecord, checkRun } from "../../../tools/chaos/checker.js";
import {
  Journal,
  type NewEntry,
  type Page,
  type Position,
  type Post,
  type Stored,
} from "../../../tools/chaos/journal.js";
import type { Credentials, Payload } from "../../../tools/chaos/policy.js";

export const INSIDER: Credentials = { name: "s1", user: "u1", listenerGroup: 0, insider: true };
export const OUTSIDER: Credentials = { name: "s2", user: "u2", listenerGroup: 0, insider: false };

/** The epoch of every channel's history here. */
export const EPOCH = "e";

/** The channel whose messages gather. */
export const LINGERING = "plain/gathered";

type Publishing = Partial<Payload> & { channel?: string; acknowledged?: boolean; page?: number };

/** A page of an application in a planted journal. */
export class Actor {
  readonly page: Page;

  constructor(
    readonly scene: Scene,
    readonly who: Credentials,
    since: Readonly<Record<string, Position>> = {},
  ) {
    this.page = scene.journal.page(who, since);
  }

  note(entry: NewEntry): this {
    this.scene.journal.note(this.page, entry);
    return this;
  }

  /** Calls `subscribe`. @returns the call */
  asks(name: string, { holder = 1, turn = this.scene.journal.turn() } = {}): number {
    const call = this.scene.journal.call();
    this.note({ is: "subscribe", name, holder, call, turn });
    return call;
  }

  /** Calls `unsubscribe`. @returns the call */
  leaves(name: string, { holder = 1, turn = this.scene.journal.turn() } = {}): number {
    const call = this.scene.journal.call();
    this.note({ is: "unsubscribe", name, holder, call, turn });
    return call;
  }

  fulfilled(call: number): this {
    return this.note({ is: "fulfilled", call });
  }

  /** Subscribes, and is notified. */
  subscribes(name: string, how: { holder?: number; turn?: number } = {}): this {
    return this.fulfilled(this.asks(name, how));
  }

  /** Unsubscribes, and is notified. */
  unsubscribes(name: string, how: { holder?: number; turn?: number } = {}): this {
    return this.fulfilled(this.leaves(name, how));
  }

  receives(channel: string, ...uuids: string[]): this {
    for (const uuid of uuids)
      this.note({ is: "message", channel, uuid, data: this.scene.journal.publications.get(uuid)?.data });
    return this;
  }

  loses(code = "closed"): this {
    return this.note({ is: "state", state: "connecting", code });
  }

  reconnects(...names: string[]): this {
    this.note({ is: "state", state: "connected", code: "connected" });
    for (const name of names) this.note({ is: "subscribed", name });
    return this;
  }

  /** Loads the page anew. */
  reloads(positions: Readonly<Record<string, Position>> = {}): Actor {
    this.note({ is: "left", positions });
    return new Actor(this.scene, this.who, positions);
  }
}

/** A planted journal, with its table. */
export class Scene {
  ms = 0;
  readonly journal = new Journal(() => this.ms);
  readonly stored: Stored[] = [];

  constructor() {
    this.journal.owns("connection of s1", INSIDER.name);
  }

  /** A client begins a page. */
  actor(who = INSIDER, since: Readonly<Record<string, Position>> = {}): Actor {
    return new Actor(this, who, since);
  }

  /** Time passes. */
  wait(ms: number): void {
    this.ms += ms;
  }

  /** A publication that is acknowledged at once, and stored if its channel has history. */
  publish(uuid: string, { channel = "log/a", acknowledged = true, page = 0, ...data }: Publishing = {}): void {
    const publication = this.journal.begin({ uuid, channel, by: "p", page, data: { by: "p", n: 1, ...data } });
    publication.sent = 1;
    const isStored = keeps(channel) !== "nothing" && acknowledged && !data.ephemeral;
    const position: Position = {
      epoch: EPOCH,
      offset: this.stored.filter((each) => each.channel === channel).length + 1,
    };
    if (isStored) this.stored.push({ channel, uuid, ...position });
    if (acknowledged) publication.acknowledgements.push(isStored ? position : undefined);
    publication.result = { ...this.journal.now(), acknowledged };
  }

  /** A post to a connection of `INSIDER`. */
  posts(channel: string, uuid: string, was: Post["was"] = "clean"): void {
    this.journal.posted("connection of s1", channel, uuid, was);
  }

  /** The checker's findings, without its words. */
  judged(more: Partial<RunRecord> = {}): string[] {
    return this.violations(more).map(({ wrong, uuid }) => `${wrong} ${uuid ?? ""}`.trim());
  }

  /** The checker's findings. */
  violations(more: Partial<RunRecord> = {}): ReturnType<typeof checkRun> {
    return checkRun({
      journal: this.journal,
      stored: this.stored,
      retention: keeps,
      lingers: (channel) => channel === LINGERING,
      ...more,
    });
  }
}

const keeps: RunRecord["retention"] = (channel) =>
  channel.startsWith("plain/") || channel.endsWith("*") ? "nothing" : channel === "log/short" ? "some" : "all";
