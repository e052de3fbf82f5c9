import { WIRE, type Position } from "../adapter.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import { truncateName } from "../server/wire-format.js";
import { targetsOf } from "../server/subscribe-handler.js";
import type { ClientFrame } from "../server/types.js";
import { WALK_HISTORY_LIMIT } from "../channels.js";
import type { Fail } from "./fail.js";

/** An answer with a position. */
export interface PositionAnswer {
  /** Increases with each answer. */
  order: number;
  position: Position;
  /** The client's `since`. */
  since?: Position;
  recovered?: boolean;
  code?: string;
}

/** A frame that waits for its answer. */
interface InFlightFrame {
  frame: ClientFrame;
  link: Link;
  sentAt: number;
  /** An error of API Gateway arrived, possibly for this frame. */
  maybeFailed?: boolean;
}

/** Timeout of a request, in milliseconds: afterwards the client may ask again. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Observes the frames of the client: which are in flight, and which positions it received. */
export class Traffic {
  /** The last position in an answer, by channel. */
  readonly positions = new Map<string, PositionAnswer>();
  /** Own publications whose acknowledgement was delivered, by number. */
  readonly answered = new Set<number>();
  /** When a publication was first sent and how often, by number. */
  readonly sent = new Map<number, { at: number; times: number }>();
  /** The last subscribe or unsubscribe frame by channel, and whether its answer was delivered. */
  readonly asked = new Map<string, { action: string; at: number; answered: boolean; link: number }>();
  /** When the client's process was last frozen. */
  frozenAt = 0;
  /** When the client last sent anything but a ping. */
  busyAt = 0;
  /** The connections on which the server has said that it knows heartbeats. */
  readonly #heartbeats = new Set<number>();
  /** The uuids of heartbeats, and when each connection sent its first frame. */
  readonly #sentHeartbeats = new Set<string>();
  readonly #firstFrames = new Map<number, number>();
  readonly #flights = new Map<number, InFlightFrame>();
  #flight = 0;
  #order = 0;

  constructor(
    readonly clock: Clock,
    /** Whether the state is `connected`: in doubt, nothing is settled. */
    readonly isConnected: () => boolean,
    readonly fail: Fail,
  ) {}

  /** The client sends a frame. */
  frameSent(link: Link, frame: ClientFrame): void {
    const now = this.clock.now;
    const { action } = frame;
    if (!this.#firstFrames.has(link.id)) this.#firstFrames.set(link.id, now);
    if (action === "send") return;
    if (action === "heartbeat") return this.#beats(link, frame);
    if (action !== "ping") this.busyAt = now;
    if (action === "publish") this.#publishes(link, frame);
    if (action === "subscribe" || action === "unsubscribe") this.#subscribes(link, frame);
    this.#flights.set((this.#flight += 1), { frame, link, sentAt: now });
  }

  /** The client receives objects. */
  delivered(link: Link, objects: Record<string, unknown>[]): void {
    const gateway = objects.some((object) => object["channel"] === undefined && typeof object["message"] === "string");
    // The client may count it as the answer of any frame in flight.
    if (gateway) for (const flight of this.#flights.values()) if (flight.link === link) flight.maybeFailed = true;
    for (const object of objects) {
      this.#learns(link, object);
      if (typeof object["uuid"] === "string" && "successful" in object) this.#answered(link, object);
    }
  }

  /** When a connection sent its first frame, in epoch milliseconds. */
  openedAt(link: number): number {
    return this.#firstFrames.get(link) ?? this.clock.now;
  }

  /** Whether a request about the channel is in flight. */
  isAsking(channel: string): boolean {
    const { now } = this.clock;
    return [...this.#flights.values()].some(
      ({ frame, link, sentAt }) =>
        link.inUse && now - Math.max(sentAt, this.frozenAt) < REQUEST_TIMEOUT_MS && isAbout(frame, channel),
    );
  }

  #beats({ id }: Link, { uuid }: ClientFrame): void {
    this.#sentHeartbeats.add(uuid);
    if (!this.#heartbeats.has(id))
      this.fail("heartbeats", `a heartbeat is sent on link ${id}, whose server does not know heartbeats`);
  }

  /** The server says whether it knows heartbeats. */
  #learns({ id }: Link, { uuid, code, data }: Record<string, unknown>): void {
    const isUnknown = code === "unknown_action" && this.#sentHeartbeats.has(uuid as string);
    const info = data as Record<string, unknown> | undefined;
    if (isUnknown || (info && "agent" in info && !info[WIRE.heartbeats])) this.#heartbeats.delete(id);
    else if (info?.[WIRE.heartbeats]) this.#heartbeats.add(id);
  }

  #inFlight(matches: (flight: InFlightFrame) => boolean): InFlightFrame | undefined {
    for (const [key, flight] of this.#flights)
      if (!flight.link.inUse) this.#flights.delete(key);
      else if (this.clock.now - flight.sentAt < REQUEST_TIMEOUT_MS && !flight.maybeFailed && matches(flight))
        return flight;
    return undefined;
  }

  #publishes(link: Link, frame: ClientFrame): void {
    const now = this.clock.now;
    const other = this.#inFlight((flight) => flight.frame.action === "publish");
    if (other)
      this.fail("one publish frame in flight", `${keyOf(frame)} is sent while ${keyOf(other.frame)} is in flight`);
    for (const { data } of messagesOf(frame)) {
      const sent = this.sent.get(data.n);
      if (sent) sent.times += 1;
      else this.sent.set(data.n, { at: now, times: 1 });
    }
  }

  #subscribes(link: Link, frame: ClientFrame): void {
    for (const { channel } of targetsOf(frame)) {
      const other = this.#inFlight((flight) => flight.link === link && isAbout(flight.frame, channel));
      if (other)
        this.fail(
          "one operation of a channel in flight",
          `${frame.action} of ${channel} is sent while ${other.frame.action} is in flight`,
        );
      // A replaced connection only removes remaining subscriptions.
      if (link.id >= (this.asked.get(channel)?.link ?? 0))
        this.asked.set(channel, { action: frame.action, at: this.clock.now, answered: false, link: link.id });
    }
  }

  #answered(link: Link, object: Record<string, unknown>): void {
    const uuid = object["uuid"] as string;
    for (const [key, flight] of this.#flights) {
      const { frame } = flight;
      if (flight.link !== link) continue;
      const message = frame.action === "publish" && messagesOf(frame).find((one) => one.uuid === uuid);
      if (message) {
        if (object["successful"] === true) this.answered.add(message.data.n);
        if (messagesOf(frame).at(-1)!.uuid === uuid) this.#flights.delete(key);
      } else if (frame.uuid === uuid) this.#replied(key, flight, object);
    }
  }

  #replied(key: number, { frame, link }: InFlightFrame, object: Record<string, unknown>): void {
    const data = object["data"] as Record<string, unknown> | undefined;
    const about = data?.["channel"];
    const subscribes = frame.action === "subscribe" || frame.action === "unsubscribe";
    // A reply without a channel is about the whole frame.
    if (!subscribes || about === undefined) this.#flights.delete(key);
    const targets = subscribes ? targetsOf(frame) : [{ ...(frame.data as object), channel: frame.data?.channel ?? "" }];
    const target: { channel: string; since?: Position } | undefined = targets.find(
      ({ channel }) => truncateName(channel) === about,
    );
    if (!target) return;
    if (subscribes) {
      this.#land(key, frame, target.channel);
      const asked = this.asked.get(target.channel);
      if (asked?.action === frame.action && asked.link === link.id) asked.answered = this.isConnected();
    }
    // The client takes no position from a request of the application, or for the newest messages.
    const isRecovery =
      frame.action !== "history" || (frame.data?.["limit"] !== WALK_HISTORY_LIMIT && !frame.data?.["reverse"]);
    if (data?.["position"] && isRecovery) this.#receivesPosition(target, data);
  }

  /** One channel of a frame was answered. The others stay in flight. */
  #land(key: number, frame: ClientFrame, channel: string): void {
    const flight = this.#flights.get(key)!;
    const channels = targetsOf(frame).filter((target) => target.channel !== channel);
    if (channels.length === 0) this.#flights.delete(key);
    else this.#flights.set(key, { ...flight, frame: { ...frame, data: { channels } } });
  }

  #receivesPosition({ channel, since }: { channel: string; since?: Position }, data: Record<string, unknown>): void {
    this.#order += 1;
    this.positions.set(channel, {
      order: this.#order,
      position: data["position"] as Position,
      ...(since && { since }),
      ...(data["recovered"] !== undefined && { recovered: data["recovered"] as boolean }),
      ...(data["code"] !== undefined && { code: data["code"] as string }),
    });
  }
}

const messagesOf = (frame: ClientFrame): { uuid: string; data: { n: number } }[] =>
  frame.messages ?? [frame as unknown as { uuid: string; data: { n: number } }];

const keyOf = (frame: ClientFrame): string =>
  frame.action === "publish"
    ? `publish ${messagesOf(frame)
        .map(({ data }) => data.n)
        .join()}`
    : `${frame.action} ${frame.uuid}`;

const isAbout = (frame: ClientFrame, channel: string): boolean =>
  (frame.action === "subscribe" || frame.action === "unsubscribe") &&
  targetsOf(frame).some((target) => target.channel === channel);
