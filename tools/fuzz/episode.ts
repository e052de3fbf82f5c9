import type { Code, Message } from "../../protocol/index.js";
import { Books } from "./books.js";
import { Claims } from "./claims.js";
import type { Burst, Episode, Interaction } from "./frames.js";
import { judgeHandshake } from "./handshakes.js";
import { type Changes, type Sent, TWICE } from "./ledger.js";
import { ASKED_AT_ONCE, PUBLISHED_AT_ONCE } from "./names.js";
import { perhapsLimited, perhapsOvertaken, perhapsReused } from "./fit.js";
import { judge } from "./oracle.js";
import { entryOf, type Handshake, OWN_CLOSE, Peer, PROTOCOLS, quote, shake } from "./peer.js";
import { PASSWORD, SECRET, userOf } from "./policy.js";
import type { Range } from "./range.js";
import { closesBySize, ends, fire, type Shot } from "./shots.js";
import { withAgents, withEpochs } from "./values.js";

/** Longest that nothing may happen while something must, in milliseconds: more than any guard and fan-out may take. */
const PATIENCE_MS = 20_000;

const UNAVAILABLE = "the server said that a service had failed, and its log does not say that time was the reason";

/** By how much the log may be behind the sockets, in milliseconds. */
const LOG_MS = 500;

const REOPENED = { pass: PASSWORD, secret: SECRET };

/** A publication that was announced, and whether it was promised to anybody. */
type Announced = { entry: Sent; answered: boolean };

/** Plays one episode against the system, and collects what should not have been. */
export class Play {
  readonly violations: string[] = [];
  /** Of these, those that are none if time was too short for the server: what it could not do, or post once. */
  readonly #excusable = new Set<string>();
  readonly #peers: (Peer | undefined)[] = [];
  readonly #all: Peer[] = [];
  readonly #sleepers = new Set<() => void>();
  readonly #claims = new Map<Peer, Claims>();
  readonly #books: Books;
  #changes: ReadonlyMap<Peer, Changes> = new Map();
  #changed = 0;

  constructor(
    private readonly range: Range,
    private readonly episode: Episode,
  ) {
    this.#books = new Books(range.ledger, range.shelves, range.audit);
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
    return this.range.struggled() ? this.violations.filter((each) => !this.#excusable.has(each)) : this.violations;
  }

  async #burst(burst: Burst): Promise<void> {
    await Promise.all(this.episode.agents.map((_name, slot) => this.#ensure(slot)));
    if (this.violations.length > 0) return;
    const handshakes = burst.flatMap((each) => (each.kind === "handshake" ? [this.#handshake(each)] : []));
    const { ledger } = this.range;
    ledger.open();
    const shots = burst.flatMap((each) => (each.kind === "frame" ? [this.#aim(each)] : []));
    const changes = this.#changesBy(shots);
    this.#changes = changes;
    this.#claim(shots);
    for (const { peer, times, verdict } of shots) peer.asks(verdict, times);
    const renewals = (by: Peer): number =>
      shots.reduce((sum, { peer, times, verdict }) => sum + (peer === by && verdict.renews ? times : 0), 0);
    const sent = shots.flatMap((shot) => this.#announce(shot, changes, renewals(shot.peer)));
    for (const shot of shots) fire(shot);
    await Promise.all(handshakes);
    await this.#quiet(sent);
    for (const { entry, answered } of sent) if (answered) ledger.finish(entry);
    for (const [peer, change] of changes) ledger.settle(peer, change);
    for (const [peer, claims] of this.#claims)
      claims.close(
        peer.ending.size === 0 &&
          peer.published <= PUBLISHED_AT_ONCE &&
          !shots.some((shot) => shot.peer === peer && shot.verdict.outcome.kind === "silence"),
      );
    this.#books.settle();
    for (const peer of this.#all) if (peer.closed !== undefined) ledger.leave(peer);
  }

  /** An open socket for this slot. */
  async #ensure(slot: number): Promise<void> {
    const existing = this.#peers[slot];
    if (existing && existing.closed === undefined) return;
    const name = this.episode.agents[slot];
    const credentials = name === undefined ? { pass: SECRET } : { ...REOPENED, name };
    const { peer } = await this.#open([...PROTOCOLS, entryOf(credentials)], PROTOCOLS, JSON.stringify(credentials));
    if (peer) this.#peers[slot] = peer;
  }

  async #open(
    offer: string[],
    protocols: readonly string[],
    credentials: string | undefined,
  ): Promise<{ peer?: Peer }> {
    const { url, ledger, audit, tableName, answer } = this.range;
    const from = ledger.now;
    const expected = judgeHandshake(protocols, credentials);
    const got: Handshake = await shake(url, offer);
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
    const peer = new Peer(got.socket, member.name, denied, tableName, {
      progress: () => this.#progress(),
      violation: (what) => this.#wrong(what),
      message: (to, message) => this.#received(to, message),
      skip: (to, skip) => this.#judged(to, this.#books.skip(to, skip), skip),
      fault: (of, asks, given) => this.#books.fault(this.#asker(of), asks, given),
      learn: (of, asks, given) => {
        if (asks.kind === "stored") this.#claims.get(of)?.won(asks);
        this.#books.learn(this.#asker(of), asks, given);
      },
      answer,
      disturbed: () => this.#disturb(),
    });
    this.#all.push(peer);
    ledger.join(peer, member.subscribed, from);
    if (!denied) {
      peer.expect([{ channels: ["/meta/ping"], uuid: "hello", data: { userId: userOf(member.name) } }], "hello");
      peer.socket.send(JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "hello" }));
      await this.#quiet([], [peer]);
      audit.knows(peer);
    }
    return { peer };
  }

  async #handshake({ protocols, credentials }: Interaction & { kind: "handshake" }): Promise<void> {
    const encoded = Buffer.from(credentials ?? "").toString("base64url");
    const entry = credentials === undefined ? [] : [`push-it.credentials.${encoded}`];
    const { peer } = await this.#open([...protocols, ...entry], protocols, credentials);
    peer?.ending.add(OWN_CLOSE);
    peer?.socket.close();
  }

  #aim({ slot, wire, times }: Interaction & { kind: "frame" }): Shot {
    const peer = this.#peers[slot % this.episode.agents.length];
    if (!peer) throw new Error("an agent could not connect");
    if (wire.kind === "bytes") return { peer, wire, text: wire.hex, times, verdict: ends(wire.binary ? 1003 : 1007) };
    const ids = this.#peers.map((each) => each?.agent ?? "");
    const text = Buffer.from(
      withEpochs(withAgents(wire.text, ids), (channel) => this.range.shelves.epochOf(channel)),
    ).toString();
    const code = closesBySize(text, wire.fragmentBytes);
    const sender = {
      agent: peer.agent,
      name: peer.name,
      ...(peer.denied === undefined ? {} : { denied: peer.denied }),
    };
    return { peer, wire, text, times, verdict: code === undefined ? judge(text, sender) : ends(code) };
  }

  /** What the frames of a burst change, by agent. */
  #changesBy(shots: readonly Shot[]): Map<Peer, Changes> {
    const changes = new Map<Peer, Changes>();
    for (const peer of this.#peers) if (peer) changes.set(peer, { subscribe: new Set(), unsubscribe: new Set() });
    for (const { peer, verdict } of shots) {
      const { outcome } = verdict;
      if (outcome.kind === "close") peer.ending.add(outcome.code);
      if (outcome.kind === "answers" && outcome.closes) peer.endsItself();
      if (verdict.renews === "moment") peer.dueSince ??= Date.now();
      for (const name of verdict.subscribe) changes.get(peer)?.subscribe.add(name);
      for (const name of verdict.unsubscribe) changes.get(peer)?.unsubscribe.add(name);
      this.range.ledger.mayJoin(peer, verdict.subscribe);
    }
    return changes;
  }

  /** Notes which uuids are claimed at once. */
  #claim(shots: readonly Shot[]): void {
    for (const peer of this.#all) {
      const claims = this.#claims.get(peer) ?? new Claims();
      this.#claims.set(peer, claims);
      claims.open(
        shots.flatMap(({ peer: by, times, verdict }) =>
          by === peer ? Array.from({ length: times }, () => verdict.publish).flat() : [],
        ),
      );
    }
  }

  /** Tells the books what a frame may do before it is sent. */
  #announce({ peer, text, times, verdict }: Shot, changes: ReadonlyMap<Peer, Changes>, renewals: number): Announced[] {
    // Frames overtake each other: what exceeds the rate may be any message of this burst.
    const limited = peer.published > PUBLISHED_AT_ONCE;
    const { subscribe: subscribed = new Set(), unsubscribe: unsubscribed = new Set() }: Partial<Changes> =
      changes.get(peer) ?? {};
    const claims = this.#claims.get(peer) ?? new Claims();
    const claimed = perhapsReused(verdict, (each) => claims.chances(each));
    const often = verdict.asking && peer.asked[verdict.asking] > ASKED_AT_ONCE[verdict.asking];
    const { outcome, publish } = perhapsOvertaken(
      limited || often ? perhapsLimited(claimed) : claimed,
      renewals,
      unsubscribed,
      subscribed,
    );
    const among = new Map([...changes].filter(([each]) => each.ending.size === 0));
    if (verdict.renews && renewals > 1) peer.overtaken = true;
    const entries: Announced[] = [];
    for (let time = 0; time < times; time += 1) {
      if (outcome.kind === "answers") peer.expect(outcome.answers, text);
      // Whoever is being closed, or too fast, may have published, and is promised nothing.
      const ending = peer.ending.size > 0 || limited;
      const answered = outcome.kind === "answers" && !ending;
      for (const each of publish) {
        const { succeeds, fresh } = claims.chances(each);
        if (each.claim !== undefined)
          this.range.shelves.announce(each.channel, this.range.ledger.now, {
            answered,
            moves: claims.mayMove(each, publish),
          });
        if (!succeeds) continue;
        // Who publishes again is not promised that it comes again.
        const first = fresh && !claims.repeats(each);
        entries.push({ entry: this.range.ledger.publish(peer, each, ending || !first ? new Map() : among), answered });
      }
    }
    if (outcome.kind === "silence") this.range.answer("none");
    return entries;
  }

  #asker(member: Peer): { member: Peer; changes: Changes } {
    return { member, changes: this.#changes.get(member) ?? { subscribe: new Set(), unsubscribe: new Set() } };
  }

  #received(peer: Peer, message: Message): void {
    this.range.answer("message");
    if (message.channel === "/meta/presence") return this.#judged(peer, this.#books.attended(peer, message), message);
    this.#judged(peer, this.range.ledger.receive(peer, message) ?? this.#books.message(peer, message), message);
  }

  #judged(peer: Peer, fault: string | undefined, received: object): void {
    if (fault === undefined) return;
    const what = `agent "${peer.name}" received ${fault}: ${quote(JSON.stringify(received))}`;
    if (fault === TWICE) this.#excusable.add(what);
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
    peers: readonly Peer[] = this.#peers.flatMap((each) => each ?? []),
  ): Promise<void> {
    const owed = (): boolean => sent.some(({ entry }) => entry.owed.size > 0) || this.#promised().length > 0;
    const waiting = (): boolean => peers.some((peer) => !peer.settled) || owed();
    while (this.violations.length === 0 && waiting()) {
      for (const peer of peers) if (peer.closed !== undefined) this.range.ledger.leave(peer);
      if (!waiting()) return;
      const before = this.#changed;
      await this.#change();
      if (this.#changed === before) return this.#missing(sent, peers);
    }
  }

  #promised(): string[] {
    return this.#books.owed((member) =>
      this.#all.some((peer) => peer === member && peer.closed === undefined && peer.ending.size === 0),
    );
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, PATIENCE_MS);
      this.#sleepers.add(wake);
    });
  }

  #missing(sent: readonly { entry: Sent }[], peers: readonly Peer[]): void {
    for (const peer of peers.filter((each) => !each.settled)) {
      const codes = [...peer.ending].join(" or ");
      const what = codes ? `the connection was not closed with ${codes}` : "no answer came to";
      this.#wrong(`${what} ${peer.unanswered.join(" and ")}`.trim());
    }
    for (const what of this.#promised()) this.#wrong(what);
    for (const { channel, uuid, data, owed } of sent.map(({ entry }) => entry).filter((each) => each.owed.size > 0)) {
      const names = [...owed].map(({ name }) => `"${name}"`).join(", ");
      const what = `agent ${names} did not receive ${quote(JSON.stringify({ channel, uuid, data }))}`;
      this.#excusable.add(what);
      this.#wrong(what);
    }
  }

  /** Nothing is on its way: what is stored of these agents must be what was answered, and nothing else. */
  async #inspect(): Promise<void> {
    const { audit, rows } = this.range;
    const stored = await rows.all();
    const present = (peer: Peer): boolean => peer.denied === undefined && peer.closed === undefined;
    const mine = this.#peers.flatMap((peer) => (peer && present(peer) ? [peer] : []));
    for (const fault of [...audit.judge(stored), ...audit.judgeExactly(stored, mine)]) this.#wrong(fault);
  }

  async #leave(): Promise<void> {
    const open = this.#all.filter((peer) => peer.closed === undefined);
    for (const peer of open) {
      peer.ending.add(OWN_CLOSE);
      peer.socket.close();
    }
    const patience = setTimeout(() => open.forEach(({ socket }) => socket.terminate()), PATIENCE_MS);
    const closing = open.filter((peer) => peer.socket.readyState !== peer.socket.CLOSED);
    await Promise.all(closing.map(({ socket }) => new Promise((resolve) => socket.once("close", resolve))));
    clearTimeout(patience);
    for (const peer of this.#all) this.range.ledger.leave(peer);
  }
}
