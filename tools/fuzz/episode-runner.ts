import type { Code, Message } from "../../protocol/index.js";
import { AnswerChecker } from "./answer-checker.js";
import { UuidOwnership } from "./uuid-ownership.js";
import type { Burst, Episode, Interaction } from "./frames.js";
import { predictHandshake } from "./handshakes.js";
import { type Changes, type Sent, DELIVERED_TWICE } from "./delivery-model.js";
import { QUERY_BURST, PUBLISH_BURST } from "./protocol-rules.js";
import { allowRateLimit, allowRaces, allowUuidReuse } from "./answer-matching.js";
import { predict } from "./oracle.js";
import {
  credentialsEntry,
  type Handshake,
  OWN_CLOSE,
  AgentSocket,
  PROTOCOLS,
  quote,
  openHandshake,
} from "./agent-socket.js";
import { PASSWORD, SECRET, userOf } from "./policy.js";
import type { FuzzContext } from "./range.js";
import { closeCodeBySize, predictClose, sendFrame, type OutgoingFrame } from "./outgoing-frame.js";
import { withAgents, withEpochs } from "./values.js";

/** Longest that nothing may happen while something must, in milliseconds: more than any guard and fan-out may take. */
const MAX_IDLE_MS = 20_000;

const UNAVAILABLE = "the server said that a service had failed, and its log does not say that time was the reason";

/** By how much the log may be behind the sockets, in milliseconds. */
const LOG_MS = 500;

const RECONNECT_CREDENTIALS = { pass: PASSWORD, secret: SECRET };

/** A publication that was announced, and whether it was promised to anybody. */
type ExpectedPublication = { entry: Sent; answered: boolean };

/** Plays one episode against the system, and collects what should not have been. */
export class EpisodeRunner {
  readonly violations: string[] = [];
  /** Of these, those that are none if time was too short for the server: what it could not do, or post once. */
  readonly #excusable = new Set<string>();
  readonly #peers: (AgentSocket | undefined)[] = [];
  readonly #all: AgentSocket[] = [];
  readonly #sleepers = new Set<() => void>();
  readonly #claims = new Map<AgentSocket, UuidOwnership>();
  readonly #books: AnswerChecker;
  #changes: ReadonlyMap<AgentSocket, Changes> = new Map();
  #changed = 0;

  constructor(
    private readonly range: FuzzContext,
    private readonly episode: Episode,
  ) {
    this.#books = new AnswerChecker(range.deliveries, range.histories, range.tableChecker);
  }

  /** Plays it, until something is wrong. */
  async run(): Promise<string[]> {
    try {
      for (const burst of this.episode.bursts) {
        await this.#burst(burst);
        if (this.violations.length > 0 || this.#all.some((peer) => peer.expiring)) break;
      }
      if (this.violations.length === 0) await this.#inspect();
    } catch (error) {
      this.violations.push(`the system cannot be reached: ${String(error)}`);
    }
    await this.#leave();
    if (this.#excusable.size === 0) return this.violations;
    await new Promise((resolve) => setTimeout(resolve, LOG_MS));
    return this.range.sawTimeouts() ? this.violations.filter((each) => !this.#excusable.has(each)) : this.violations;
  }

  async #burst(burst: Burst): Promise<void> {
    await Promise.all(this.episode.agents.map((_name, slot) => this.#ensure(slot)));
    if (this.violations.length > 0) return;
    const handshakes = burst.flatMap((each) => (each.kind === "handshake" ? [this.#handshake(each)] : []));
    const { deliveries } = this.range;
    deliveries.open();
    const shots = burst.flatMap((each) => (each.kind === "frame" ? [this.#aim(each)] : []));
    const changes = this.#changesBy(shots);
    this.#changes = changes;
    this.#claim(shots);
    for (const { peer, times, verdict } of shots) peer.countRequests(verdict, times);
    const renewals = (by: AgentSocket): number =>
      shots.reduce((sum, { peer, times, verdict }) => sum + (peer === by && verdict.renews ? times : 0), 0);
    const sent = shots.flatMap((shot) => this.#announce(shot, changes, renewals(shot.peer)));
    for (const shot of shots) sendFrame(shot);
    await Promise.all(handshakes);
    await this.#quiet(sent);
    for (const { entry, answered } of sent) if (answered) deliveries.finish(entry);
    for (const [peer, change] of changes) deliveries.settle(peer, change);
    for (const [peer, claims] of this.#claims)
      claims.close(
        peer.closeCodes.size === 0 &&
          peer.published <= PUBLISH_BURST &&
          !shots.some((shot) => shot.peer === peer && shot.verdict.outcome.kind === "silence"),
      );
    this.#books.settle();
    for (const peer of this.#all) if (peer.closed !== undefined) deliveries.leave(peer);
  }

  /** An open socket for this slot. */
  async #ensure(slot: number): Promise<void> {
    const existing = this.#peers[slot];
    if (existing && existing.closed === undefined) return;
    const name = this.episode.agents[slot];
    const credentials = name === undefined ? { pass: SECRET } : { ...RECONNECT_CREDENTIALS, name };
    const { peer } = await this.#open(
      [...PROTOCOLS, credentialsEntry(credentials)],
      PROTOCOLS,
      JSON.stringify(credentials),
    );
    if (peer) this.#peers[slot] = peer;
  }

  async #open(
    offer: string[],
    protocols: readonly string[],
    credentials: string | undefined,
  ): Promise<{ peer?: AgentSocket }> {
    const { url, deliveries, tableChecker, tableName, answer } = this.range;
    const from = deliveries.now;
    const expected = predictHandshake(protocols, credentials);
    const got: Handshake = await openHandshake(url, offer);
    if (!("socket" in got)) {
      answer(`http_${got.status}`);
      const offered = quote(credentials ?? "");
      if (got.status >= 500) this.#disturb();
      else if (got.status !== expected.status) {
        this.#wrong(`a handshake was refused with ${got.status}, not ${expected.status}: ${offered}`);
      }
      return {};
    }
    const denied: Code | undefined = "denied" in expected ? expected.denied : undefined;
    const selected = denied ? "push-it.v1.denied" : "push-it.v1";
    if (expected.status !== 101 || got.socket.protocol !== selected) {
      got.socket.terminate();
      this.#wrong(`a handshake opened ${got.socket.protocol}, not ${expected.status}: ${quote(credentials ?? "")}`);
      return {};
    }
    const member = "name" in expected ? expected : { name: "", subscribed: [] };
    const peer = new AgentSocket(got.socket, member.name, denied, tableName, {
      progress: () => this.#progress(),
      violation: (what) => this.#wrong(what),
      message: (to, message) => this.#received(to, message),
      skip: (to, skip) => this.#judged(to, this.#books.checkSkip(to, skip), skip),
      check: (of, asks, given) => this.#books.checkAnswer(this.#asker(of), asks, given),
      record: (of, asks, given) => {
        if (asks.kind === "stored") this.#claims.get(of)?.acknowledge(asks);
        this.#books.recordAnswer(this.#asker(of), asks, given);
      },
      answer,
      disturbed: () => this.#disturb(),
    });
    this.#all.push(peer);
    deliveries.join(peer, member.subscribed, from);
    if (!denied) {
      peer.expect([{ channels: ["/meta/ping"], uuid: "hello", data: { userId: userOf(member.name) } }], "hello");
      peer.socket.send(JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "hello" }));
      await this.#quiet([], [peer]);
      tableChecker.register(peer);
    }
    return { peer };
  }

  async #handshake({ protocols, credentials }: Interaction & { kind: "handshake" }): Promise<void> {
    const encoded = Buffer.from(credentials ?? "").toString("base64url");
    const entry = credentials === undefined ? [] : [`push-it.credentials.${encoded}`];
    const { peer } = await this.#open([...protocols, ...entry], protocols, credentials);
    peer?.closeCodes.add(OWN_CLOSE);
    peer?.socket.close();
  }

  #aim({ slot, wire, times }: Interaction & { kind: "frame" }): OutgoingFrame {
    const peer = this.#peers[slot % this.episode.agents.length];
    if (!peer) throw new Error("an agent could not connect");
    if (wire.kind === "bytes")
      return { peer, wire, text: wire.hex, times, verdict: predictClose(wire.binary ? 1003 : 1007) };
    const ids = this.#peers.map((each) => each?.agent ?? "");
    const text = Buffer.from(
      withEpochs(withAgents(wire.text, ids), (channel) => this.range.histories.epochOf(channel)),
    ).toString();
    const code = closeCodeBySize(text, wire.fragmentBytes);
    const sender = {
      agent: peer.agent,
      name: peer.name,
      ...(peer.denied === undefined ? {} : { denied: peer.denied }),
    };
    return { peer, wire, text, times, verdict: code === undefined ? predict(text, sender) : predictClose(code) };
  }

  /** What the frames of a burst change, by agent. */
  #changesBy(shots: readonly OutgoingFrame[]): Map<AgentSocket, Changes> {
    const changes = new Map<AgentSocket, Changes>();
    for (const peer of this.#peers) if (peer) changes.set(peer, { subscribe: new Set(), unsubscribe: new Set() });
    for (const { peer, verdict } of shots) {
      const { outcome } = verdict;
      if (outcome.kind === "close") peer.closeCodes.add(outcome.code);
      if (outcome.kind === "answers" && outcome.closes) peer.endsItself();
      if (verdict.renews === "moment") peer.dueSince ??= Date.now();
      for (const name of verdict.subscribe) changes.get(peer)?.subscribe.add(name);
      for (const name of verdict.unsubscribe) changes.get(peer)?.unsubscribe.add(name);
      this.range.deliveries.mayBeSubscribed(peer, verdict.subscribe);
    }
    return changes;
  }

  /** Notes which uuids are claimed at once. */
  #claim(shots: readonly OutgoingFrame[]): void {
    for (const peer of this.#all) {
      const claims = this.#claims.get(peer) ?? new UuidOwnership();
      this.#claims.set(peer, claims);
      claims.open(
        shots.flatMap(({ peer: by, times, verdict }) =>
          by === peer ? Array.from({ length: times }, () => verdict.publish).flat() : [],
        ),
      );
    }
  }

  /** Tells the books what a frame may do before it is sent. */
  #announce(
    { peer, text, times, verdict }: OutgoingFrame,
    changes: ReadonlyMap<AgentSocket, Changes>,
    renewals: number,
  ): ExpectedPublication[] {
    // Frames overtake each other: what exceeds the rate may be any message of this burst.
    const limited = peer.published > PUBLISH_BURST;
    const { subscribe: subscribed = new Set(), unsubscribe: unsubscribed = new Set() }: Partial<Changes> =
      changes.get(peer) ?? {};
    const claims = this.#claims.get(peer) ?? new UuidOwnership();
    const claimed = allowUuidReuse(verdict, (each) => claims.possibleOutcomes(each));
    const often = verdict.asking && peer.asked[verdict.asking] > QUERY_BURST[verdict.asking];
    const { outcome, publish } = allowRaces(
      limited || often ? allowRateLimit(claimed) : claimed,
      renewals,
      unsubscribed,
      subscribed,
    );
    const among = new Map([...changes].filter(([each]) => each.closeCodes.size === 0));
    if (verdict.renews && renewals > 1) peer.overtaken = true;
    const entries: ExpectedPublication[] = [];
    for (let time = 0; time < times; time += 1) {
      if (outcome.kind === "answers") peer.expect(outcome.answers, text);
      // Whoever is being closed, or too fast, may have published, and is promised nothing.
      const ending = peer.closeCodes.size > 0 || limited;
      const answered = outcome.kind === "answers" && !ending;
      for (const each of publish) {
        const { succeeds, fresh } = claims.possibleOutcomes(each);
        if (each.content !== undefined)
          this.range.histories.expectPublication(each.channel, this.range.deliveries.now, {
            answered,
            moves: claims.mayMove(each, publish),
          });
        if (!succeeds) continue;
        // Who publishes again is not promised that it comes again.
        const first = fresh && !claims.isSecond(each);
        entries.push({
          entry: this.range.deliveries.publish(peer, each, ending || !first ? new Map() : among),
          answered,
        });
      }
    }
    if (outcome.kind === "silence") this.range.answer("none");
    return entries;
  }

  #asker(member: AgentSocket): { member: AgentSocket; changes: Changes } {
    return { member, changes: this.#changes.get(member) ?? { subscribe: new Set(), unsubscribe: new Set() } };
  }

  #received(peer: AgentSocket, message: Message): void {
    this.range.answer("message");
    if (message.channel === "/meta/presence")
      return this.#judged(peer, this.#books.checkPresenceEvent(peer, message), message);
    this.#judged(
      peer,
      this.range.deliveries.receive(peer, message) ?? this.#books.checkMessage(peer, message),
      message,
    );
  }

  #judged(peer: AgentSocket, fault: string | undefined, received: object): void {
    if (fault === undefined) return;
    const what = `agent "${peer.name}" received ${fault}: ${quote(JSON.stringify(received))}`;
    if (fault === DELIVERED_TWICE) this.#excusable.add(what);
    this.#wrong(what);
  }

  #disturb(): void {
    this.#excusable.add(UNAVAILABLE);
    this.#wrong(UNAVAILABLE);
  }

  #wrong(what: string): void {
    this.violations.push(what);
    this.#progress();
  }

  #progress(): void {
    this.#changed += 1;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Waits until all that must come has come; what has not when nothing happens any more is a violation. */
  async #quiet(
    sent: readonly { entry: Sent }[],
    peers: readonly AgentSocket[] = this.#peers.flatMap((each) => each ?? []),
  ): Promise<void> {
    const owed = (): boolean => sent.some(({ entry }) => entry.missing.size > 0) || this.#promised().length > 0;
    const waiting = (): boolean => peers.some((peer) => !peer.settled) || owed();
    while (this.violations.length === 0 && waiting()) {
      for (const peer of peers) if (peer.closed !== undefined) this.range.deliveries.leave(peer);
      if (!waiting()) return;
      const before = this.#changed;
      await this.#change();
      if (this.#changed === before) return this.#missing(sent, peers);
    }
  }

  #promised(): string[] {
    return this.#books.missing((member) =>
      this.#all.some((peer) => peer === member && peer.closed === undefined && peer.closeCodes.size === 0),
    );
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, MAX_IDLE_MS);
      this.#sleepers.add(wake);
    });
  }

  #missing(sent: readonly { entry: Sent }[], peers: readonly AgentSocket[]): void {
    for (const peer of peers.filter((each) => !each.settled)) {
      const codes = [...peer.closeCodes].join(" or ");
      const what = codes ? `the connection was not closed with ${codes}` : "no answer came to";
      this.#wrong(`${what} ${peer.unanswered.join(" and ")}`.trim());
    }
    for (const what of this.#promised()) this.#wrong(what);
    for (const { channel, uuid, data, missing } of sent
      .map(({ entry }) => entry)
      .filter((each) => each.missing.size > 0)) {
      const names = [...missing].map(({ name }) => `"${name}"`).join(", ");
      const what = `agent ${names} did not receive ${quote(JSON.stringify({ channel, uuid, data }))}`;
      this.#excusable.add(what);
      this.#wrong(what);
    }
  }

  /** Nothing is on its way: what is stored of these agents must be what was answered, and nothing else. */
  async #inspect(): Promise<void> {
    const { tableChecker, rows } = this.range;
    const stored = await rows.all();
    const present = (peer: AgentSocket): boolean => peer.denied === undefined && peer.closed === undefined;
    const mine = this.#peers.flatMap((peer) => (peer && present(peer) ? [peer] : []));
    for (const fault of [...tableChecker.checkRows(stored), ...tableChecker.checkSubscriptions(stored, mine)])
      this.#wrong(fault);
  }

  async #leave(): Promise<void> {
    const open = this.#all.filter((peer) => peer.closed === undefined);
    for (const peer of open) {
      peer.closeCodes.add(OWN_CLOSE);
      peer.socket.close();
    }
    const patience = setTimeout(() => open.forEach(({ socket }) => socket.terminate()), MAX_IDLE_MS);
    const closing = open.filter((peer) => peer.socket.readyState !== peer.socket.CLOSED);
    await Promise.all(closing.map(({ socket }) => new Promise((resolve) => socket.once("close", resolve))));
    clearTimeout(patience);
    for (const peer of this.#all) this.range.deliveries.leave(peer);
  }
}
