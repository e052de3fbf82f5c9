import type { Message } from "../../protocol/index.js";
import { AnswerChecker } from "./answer-checker.js";
import { UuidOwnership } from "./uuid-ownership.js";
import type { Burst, Episode, Interaction } from "./frames.js";
import { connectAgent, type Offer } from "./connect-agent.js";
import { type Changes, type Sent, DELIVERED_TWICE } from "./delivery-model.js";
import { changesBy, expectPresence, mayExceedRate, possiblePrediction } from "./burst.js";
import { PresenceChecker } from "./presence-checker.js";
import { PUBLISH_BURST } from "./protocol-rules.js";
import { predict } from "./oracle.js";
import { credentialsEntry, OWN_CLOSE, type AgentSocket, PROTOCOLS, quote, type SocketEvents } from "./agent-socket.js";
import { PASSWORD, SECRET, userOf } from "./policy.js";
import type { FuzzContext } from "./context.js";
import { closeCodeBySize, predictClose, sendFrame, type OutgoingFrame } from "./outgoing-frame.js";
import { withAgents, withEpochs } from "./values.js";
import { UNEXPLAINED_FAILURE, Violations } from "./violations.js";

/** Maximum time without activity while something is missing, in milliseconds: longer than any guard and fan-out. */
const MAX_IDLE_MS = 20_000;

const RECONNECT_CREDENTIALS = { pass: PASSWORD, secret: SECRET };

/** Whether an agent is connected, and none of its frames ends it. */
const isStaying = (peer: AgentSocket): boolean =>
  peer.denied === undefined && peer.closed === undefined && peer.closeCodes.size === 0;

/** An expected publication, and whether its frame must be answered. */
type ExpectedPublication = { entry: Sent; answered: boolean };

/** Runs one episode against the system, and collects violations. */
export class EpisodeRunner {
  readonly #violations = new Violations();
  readonly #peers: (AgentSocket | undefined)[] = [];
  readonly #all: AgentSocket[] = [];
  readonly #uuids = new Map<AgentSocket, UuidOwnership>();
  readonly #presenceChecker: PresenceChecker;
  readonly #answerChecker: AnswerChecker;
  #changes: ReadonlyMap<AgentSocket, Changes> = new Map();

  constructor(
    private readonly context: FuzzContext,
    private readonly episode: Episode,
  ) {
    const { deliveries, histories, presence, tableChecker } = context;
    this.#presenceChecker = new PresenceChecker(deliveries, presence, tableChecker, () =>
      this.#peers.filter((peer) => peer !== undefined).filter(isStaying),
    );
    this.#answerChecker = new AnswerChecker(deliveries, histories, presence, this.#presenceChecker);
  }

  /** Runs the episode until there is a violation. */
  async run(): Promise<string[]> {
    const begun = Date.now();
    try {
      for (const burst of this.episode.bursts) {
        await this.#runBurst(burst);
        if (this.#violations.all.length > 0 || this.#all.some((peer) => peer.expiring)) break;
      }
      if (this.#violations.all.length === 0) await this.#inspect();
    } catch (error) {
      this.#violations.add(`the system cannot be reached: ${String(error)}`);
    }
    await this.#leave();
    const counting = await this.#violations.result(() => this.context.sawTimeouts(begun));
    if (counting.length === 0 && this.#violations.all.length > 0) this.context.excuse();
    return counting;
  }

  async #runBurst(burst: Burst): Promise<void> {
    await Promise.all(this.episode.agents.map((_name, slot) => this.#ensureSocket(slot)));
    if (this.#violations.all.length > 0) return;
    const handshakes = burst.flatMap((each) => (each.kind === "handshake" ? [this.#handshake(each)] : []));
    const { deliveries } = this.context;
    deliveries.open();
    const frames = burst.flatMap((each) => (each.kind === "frame" ? [this.#prepare(each)] : []));
    const changes = changesBy(frames, this.#peers, this.context);
    this.#changes = changes;
    this.#recordUuids(frames);
    for (const { peer, times, prediction } of frames) peer.countRequests(prediction, times);
    expectPresence(frames, this.context);
    const renewals = (by: AgentSocket): number =>
      frames.reduce((sum, { peer, times, prediction }) => sum + (peer === by && prediction.renews ? times : 0), 0);
    const sent = frames.flatMap((frame) => this.#expect(frame, changes, renewals(frame.peer)));
    for (const frame of frames) sendFrame(frame);
    await Promise.all(handshakes);
    await this.#waitForAll(sent);
    for (const { entry, answered } of sent) if (answered) deliveries.finish(entry);
    for (const [peer, change] of changes) {
      deliveries.settle(peer, change);
      this.context.presence.settle(peer);
    }
    for (const [peer, uuids] of this.#uuids)
      uuids.close(
        peer.closeCodes.size === 0 &&
          peer.published <= PUBLISH_BURST &&
          !frames.some((frame) => frame.peer === peer && frame.prediction.outcome.kind === "silence"),
      );
    this.#answerChecker.settle();
    for (const peer of this.#all) if (peer.closed !== undefined) deliveries.leave(peer);
  }

  /** Makes sure that this slot has an open socket. */
  async #ensureSocket(slot: number): Promise<void> {
    const existing = this.#peers[slot];
    if (existing && existing.closed === undefined) return;
    const name = this.episode.agents[slot];
    const credentials = name === undefined ? { pass: SECRET } : { ...RECONNECT_CREDENTIALS, name };
    const peer = await this.#open({
      protocols: PROTOCOLS,
      credentials: JSON.stringify(credentials),
      entries: [...PROTOCOLS, credentialsEntry(credentials)],
    });
    if (peer) this.#peers[slot] = peer;
  }

  /** Opens a socket, and waits until the agent knows its id. */
  async #open(offer: Offer): Promise<AgentSocket | undefined> {
    const { deliveries, tableChecker } = this.context;
    const from = deliveries.now;
    const connected = await connectAgent(this.context, this.#violations, this.#events(), offer);
    if (!connected) return undefined;
    const { socket: peer, subscribed } = connected;
    this.#all.push(peer);
    deliveries.join(peer, subscribed, from);
    if (peer.denied !== undefined) return peer;
    peer.expect([{ channels: ["/meta/ping"], uuid: "hello", data: { userId: userOf(peer.name) } }], "hello");
    peer.socket.send(JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "hello" }));
    await this.#waitForAll([], [peer]);
    tableChecker.register(peer);
    return peer;
  }

  #events(): SocketEvents {
    return {
      progress: () => this.#violations.notify(),
      violation: (what, excusable) => this.#violations.add(what, excusable),
      message: (to, message) => this.#received(to, message),
      skip: (to, skip) => this.#report(to, this.#answerChecker.checkSkip(to, skip), skip),
      check: (of, content, given) => this.#answerChecker.checkAnswer(this.#requester(of), content, given),
      record: (of, content, given) => {
        if (content.kind === "stored") this.#uuids.get(of)?.acknowledge(content);
        this.#answerChecker.recordAnswer(this.#requester(of), content, given);
      },
      answer: this.context.answer,
      disturbed: () => this.#violations.add(UNEXPLAINED_FAILURE, true),
    };
  }

  async #handshake({ protocols, credentials }: Interaction & { kind: "handshake" }): Promise<void> {
    const encoded = Buffer.from(credentials ?? "").toString("base64url");
    const entry = credentials === undefined ? [] : [`push-it.credentials.${encoded}`];
    const peer = await this.#open({ protocols, credentials, entries: [...protocols, ...entry] });
    peer?.closeCodes.add(OWN_CLOSE);
    peer?.socket.close();
  }

  #prepare({ slot, wire, times }: Interaction & { kind: "frame" }): OutgoingFrame {
    const peer = this.#peers[slot % this.episode.agents.length];
    if (!peer) throw new Error("an agent could not connect");
    if (wire.kind === "bytes")
      return { peer, wire, text: wire.hex, times, prediction: predictClose(wire.binary ? 1003 : 1007) };
    const ids = this.#peers.map((each) => each?.agent ?? "");
    const text = Buffer.from(
      withEpochs(withAgents(wire.text, ids), (channel) => this.context.histories.epochOf(channel)),
    ).toString();
    const code = closeCodeBySize(text, wire.fragmentBytes);
    const sender = {
      agent: peer.agent,
      name: peer.name,
      ...(peer.denied === undefined ? {} : { denied: peer.denied }),
    };
    return { peer, wire, text, times, prediction: code === undefined ? predict(text, sender) : predictClose(code) };
  }

  /** Records the uuids that are used at the same time. */
  #recordUuids(frames: readonly OutgoingFrame[]): void {
    for (const peer of this.#all) {
      const uuids = this.#uuids.get(peer) ?? new UuidOwnership();
      this.#uuids.set(peer, uuids);
      uuids.open(
        frames.flatMap(({ peer: by, times, prediction }) =>
          by === peer ? Array.from({ length: times }, () => prediction.publish).flat() : [],
        ),
      );
    }
  }

  /** Records what a frame may cause, before it is sent. */
  #expect(frame: OutgoingFrame, changes: ReadonlyMap<AgentSocket, Changes>, renewals: number): ExpectedPublication[] {
    const { peer, text, times, prediction } = frame;
    const limited = mayExceedRate(peer);
    const uuids = this.#uuids.get(peer) ?? new UuidOwnership();
    const { context } = this;
    const state = { ...this.#requester(peer), uuids, renewals, context, answerChecker: this.#answerChecker };
    const { outcome, publish } = possiblePrediction(frame, state);
    const among = new Map([...changes].filter(([each]) => each.closeCodes.size === 0));
    if (prediction.renews && renewals > 1) peer.overtaken = true;
    const entries: ExpectedPublication[] = [];
    for (let time = 0; time < times; time += 1) {
      if (outcome.kind === "answers") peer.expect(outcome.answers, text, outcome.optional);
      // An agent that is being closed, or is too fast, may have published. Its messages are not promised.
      const ending = peer.closeCodes.size > 0 || limited;
      const answered = outcome.kind === "answers" && !ending;
      for (const each of publish) {
        const { succeeds, fresh } = uuids.possibleOutcomes(each);
        if (each.fingerprint !== undefined)
          this.context.histories.expectPublication(each.channel, this.context.deliveries.now, {
            answered,
            moves: uuids.mayMove(each, publish),
          });
        if (!succeeds) continue;
        // A repeated publication need not arrive again.
        const first = fresh && !uuids.isSecond(each);
        entries.push({
          entry: this.context.deliveries.publish(peer, each, ending || !first ? new Map() : among),
          answered,
        });
      }
    }
    if (outcome.kind === "silence") this.context.answer("none");
    return entries;
  }

  #requester(member: AgentSocket): { member: AgentSocket; changes: Changes } {
    return { member, changes: this.#changes.get(member) ?? { subscribe: new Set(), unsubscribe: new Set() } };
  }

  #received(peer: AgentSocket, message: Message): void {
    this.context.answer("message");
    if (message.channel === "/meta/presence")
      return this.#report(peer, this.#presenceChecker.checkEvent(peer, message), message);
    this.#report(
      peer,
      this.context.deliveries.receive(peer, message) ?? this.#answerChecker.checkMessage(peer, message),
      message,
    );
  }

  #report(peer: AgentSocket, fault: string | undefined, received: object): void {
    if (fault === undefined) return;
    const what = `agent "${peer.name}" received ${fault}: ${quote(JSON.stringify(received))}`;
    this.#violations.add(what, fault === DELIVERED_TWICE);
  }

  /** Waits until everything expected has arrived. Whatever is missing when nothing happens any more is a violation. */
  async #waitForAll(
    sent: readonly { entry: Sent }[],
    peers: readonly AgentSocket[] = this.#peers.flatMap((each) => each ?? []),
  ): Promise<void> {
    const owed = (): boolean => sent.some(({ entry }) => entry.missing.size > 0) || this.#promised().length > 0;
    const waiting = (): boolean => peers.some((peer) => !peer.settled) || owed();
    while (this.#violations.all.length === 0 && waiting()) {
      for (const peer of peers) if (peer.closed !== undefined) this.context.deliveries.leave(peer);
      if (!waiting()) return;
      if (!(await this.#violations.waitForActivity(MAX_IDLE_MS))) return this.#reportMissing(sent, peers);
    }
  }

  #promised(): string[] {
    return this.#answerChecker.missing((member) =>
      this.#all.some((peer) => peer === member && peer.closed === undefined && peer.closeCodes.size === 0),
    );
  }

  #reportMissing(sent: readonly { entry: Sent }[], peers: readonly AgentSocket[]): void {
    for (const peer of peers.filter((each) => !each.settled)) {
      const codes = [...peer.closeCodes].join(" or ");
      const what = codes ? `the connection was not closed with ${codes}` : "no answer came to";
      this.#violations.add(`${what} ${peer.unanswered.join(" and ")}`.trim());
    }
    for (const what of this.#promised()) this.#violations.add(what);
    for (const { channel, uuid, data, missing } of sent
      .map(({ entry }) => entry)
      .filter((each) => each.missing.size > 0)) {
      const names = [...missing].map(({ name }) => `"${name}"`).join(", ");
      const what = `agent ${names} did not receive ${quote(JSON.stringify({ channel, uuid, data }))}`;
      this.#violations.add(what, true);
    }
  }

  /** No frame is in flight: the rows of these agents must match the answers exactly. */
  async #inspect(): Promise<void> {
    const { tableChecker, rows } = this.context;
    const stored = await rows.all();
    const present = (peer: AgentSocket): boolean => peer.denied === undefined && peer.closed === undefined;
    const mine = this.#peers.flatMap((peer) => (peer && present(peer) ? [peer] : []));
    for (const fault of [...tableChecker.checkRows(stored), ...tableChecker.checkSubscriptions(stored, mine)])
      this.#violations.add(fault);
  }

  async #leave(): Promise<void> {
    const open = this.#all.filter((peer) => peer.closed === undefined);
    for (const peer of open) {
      peer.closeCodes.add(OWN_CLOSE);
      peer.socket.close();
    }
    const timeout = setTimeout(() => open.forEach(({ socket }) => socket.terminate()), MAX_IDLE_MS);
    const closing = open.filter((peer) => peer.socket.readyState !== peer.socket.CLOSED);
    await Promise.all(closing.map(({ socket }) => new Promise((resolve) => socket.once("close", resolve))));
    clearTimeout(timeout);
    for (const peer of this.#all) this.context.deliveries.leave(peer);
  }
}
