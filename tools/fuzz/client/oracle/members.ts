import type { Clock } from "../clock.js";
import type { MemberEvent, MemberView } from "../server/types.js";
import type { Fail } from "./fail.js";

/** The names of the events that the application receives. */
export type EventName = "join" | "leave" | "change";

/** One member, as an application knows it that follows the events. */
interface Knowledge {
  isPresent: boolean;
  /** Its state as JSON. */
  state?: string | undefined;
}

/** One member, as the server has announced it. */
interface Sent extends Knowledge {
  /** When it last joined or left, and when its state last changed. */
  presenceAt: number;
  stateAt: number;
}

/** Checks that an application that follows the events of members knows in the end what the server has sent. */
export class MemberEvents {
  /** Since when all events of a channel are promised. */
  readonly #since = new Map<string, number>();
  /** By channel, and user or agent. */
  readonly #sent = new Map<string, Sent>();
  readonly #told = new Map<string, Knowledge>();
  /** The events by number. */
  readonly #events = new Map<number, MemberEvent>();
  /** The numbers of the joins and leaves that the application has received. */
  readonly #received = new Set<number>();

  constructor(
    readonly clock: Clock,
    readonly fail: Fail,
  ) {}

  /** The server sends an event. */
  announced(channel: string, event: MemberEvent): void {
    const { kind, member } = event;
    this.#events.set(numberOf(member), event);
    const key = keyOf(channel, member);
    const sent = this.#sent.get(key) ?? { isPresent: false, presenceAt: -Infinity, stateAt: -Infinity };
    const { now } = this.clock;
    if (kind === "changed") this.#sent.set(key, { ...sent, state: stateOf(member), stateAt: now });
    else this.#sent.set(key, { isPresent: kind === "joined", presenceAt: now, stateAt: now });
  }

  /** The application receives an event. */
  received(kind: EventName, channel: string, member: MemberView): void {
    const n = numberOf(member);
    const event = this.#events.get(n);
    if (!event || kind !== { joined: "join", left: "leave", changed: "change" }[event.kind])
      return this.fail("members", `the application receives ${kind} ${JSON.stringify(member)}, which was not sent`);
    if (kind !== "change" && this.#received.has(n))
      this.fail("members", `the application receives ${kind} ${JSON.stringify(member)} twice`);
    this.#received.add(n);
    const key = keyOf(channel, member);
    const { isPresent = false } = this.#told.get(key) ?? {};
    if (kind === "change") this.#told.set(key, { isPresent, state: stateOf(member) });
    else this.#told.set(key, { isPresent: kind === "join" });
  }

  /** The application knows that a channel is subscribed: from now on it receives all events. */
  begins(channel: string): void {
    if (!this.#since.has(channel)) this.#since.set(channel, this.clock.now);
  }

  /** The application knows that it may have missed events of a channel, or of all. */
  ends(channel?: string): void {
    if (channel === undefined) this.#since.clear();
    else this.#since.delete(channel);
  }

  /** A rotation has ended, or another version serves the deployment: earlier events may be missed. */
  restarts(): void {
    for (const channel of this.#since.keys()) this.#since.set(channel, this.clock.now);
  }

  /** Checks at the end that the application knows the last events. */
  settled(): void {
    for (const [key, sent] of this.#sent) {
      const since = this.#since.get(key.split(" ")[0]!) ?? Infinity;
      const told = this.#told.get(key) ?? { isPresent: false };
      const isPromised = sent.presenceAt > since;
      if (isPromised && told.isPresent !== sent.isPresent)
        this.fail("members", `${key} is ${sent.isPresent ? "" : "not "}present, and the application knows otherwise`);
      if ((isPromised || sent.stateAt > since) && sent.isPresent && told.state !== sent.state)
        this.fail("members", `the state of ${key} is ${sent.state}, and the application knows ${told.state}`);
    }
  }
}

const keyOf = (channel: string, { agent, userId }: MemberView): string => `${channel} ${userId ?? agent}`;

const numberOf = ({ info }: MemberView): number => (info as { n?: number } | undefined)?.n ?? 0;

const stateOf = ({ state }: MemberView): string | undefined =>
  state === undefined ? undefined : JSON.stringify(state);
