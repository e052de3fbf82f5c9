import { hasHistory, isLatestOnly, isWildcard, MAX_NAME_LENGTH } from "../channels.js";
import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import { isDone, type FrameOutcome } from "./frame-outcome.js";
import type { ServerCore } from "./server-core.js";
import type { ClientFrame, OutgoingMessage, Peer } from "./types.js";
import { hasSubscriber, toMessage } from "./wire-format.js";

/** Maximum delay of a normal and of a late worker, in milliseconds. */
const WORKER_MS = 20_000;
const LATE_WORKER_MS = 120_000;

/** Executes publications of the client and of others, and posts them to subscribers. */
export class PublishHandler {
  readonly #latest = new Map<string, Publication>();
  /** The publications of the publisher's own copies. */
  readonly #copied = new WeakMap<object, Publication>();
  readonly #posts = new WeakMap<Peer, number>();

  constructor(readonly server: ServerCore) {}

  /** The channel's latest value. */
  latest(channel: string): Publication | undefined {
    return this.#latest.get(channel);
  }

  /** Handles a `publish` or `send` frame. */
  run(peer: Peer, frame: ClientFrame, fate: FrameOutcome): void {
    const { clock, chance, observer, policy } = this.server;
    const messages = frame.messages ?? [frame as unknown as OutgoingMessage];
    const session = peer.session;
    const copies: object[] = [];
    const busy = new Set<string>();
    const answers: object[] = [];
    // A running function may outlive the connection.
    if (!peer.agent && chance.happens(0.5)) return;
    const tooMany = messages.length > policy.messagesPerFrame;
    clock.later(fate.work * chance.next(), () =>
      messages.forEach(({ channel, uuid, data }, index) => {
        const publication = observer.publication(data.n);
        if (!publication) return observer.malformed(JSON.stringify(data), "nobody published this");
        const code = tooMany
          ? "too_many"
          : (this.#verdict(channel) ?? (busy.has(channel) ? "channel_busy" : this.#failure(fate, channel, index)));
        if (code === "channel_busy") busy.add(channel);
        if (code || fate.reply !== "answer") publication.complete = false;
        const does = isDone(chance, fate, code);
        const refused = does ? this.#execute(publication, session, peer, fate, copies) : undefined;
        answers.push(
          (code ?? refused)
            ? {
                channel: "/meta/error",
                uuid,
                successful: false,
                code: code ?? refused,
                error: `No: ${code ?? refused}.`,
              }
            : {
                channel: "/meta/successful",
                uuid,
                successful: true,
                ...(hasHistory(channel) && { position: positionOf(publication) }),
              },
        );
      }),
    );
    clock.later(fate.work + 1, () => {
      const lost = (): void => copies.forEach((copy) => this.#missed(this.#copied.get(copy)!, peer.link));
      if (frame.action === "publish") this.server.answer(peer, [...copies, ...answers], fate, lost);
      else if (copies.length > 0) this.server.post(peer, copies, undefined, lost);
    });
  }

  /** Publishes as another client. If slow, the offset is reserved now, and the message is stored later or never. */
  publishByOther(channel: string, slow?: "late" | "never"): void {
    const { clock, chance, observer } = this.server;
    if (!slow || !hasHistory(channel)) {
      const publication = observer.other(channel);
      clock.later(chance.delay(300), () => this.#execute(publication, publication.session));
      return;
    }
    const log = this.server.log(channel);
    const { epoch } = log;
    const offset = log.take(clock.now);
    if (slow === "never") return;
    const publication = observer.other(channel);
    clock.later(100 + chance.delay(7_000), () => {
      log.store(publication, offset, epoch, clock.now);
      this.#executed(publication);
      this.#distribute(publication);
    });
  }

  /** Sends an event of a member to a channel's subscribers. */
  announce(channel: string, data: object, uuid: string): void {
    const { clock, chance, policy } = this.server;
    const message = { channel: "/meta/presence", uuid, data };
    for (const peer of this.server.peers)
      if (this.server.isSubscribed(peer, channel))
        for (let times = chance.happens(policy.postTrouble) ? 2 : 1; times > 0; times -= 1)
          clock.later(chance.delay(chance.happens(policy.postTrouble) ? WORKER_MS : 200), () =>
            this.server.post(peer, [message]),
          );
  }

  #verdict(channel: string): string | undefined {
    if (channel.startsWith("/meta")) return "reserved_channel";
    if (isWildcard(channel)) return "wildcard";
    if (channel.length > MAX_NAME_LENGTH) return "bad_channel";
    return this.server.policy.deniedPublications.get(channel);
  }

  #failure(fate: FrameOutcome, channel: string, index: number): string | undefined {
    if (!fate.code || (index > 0 && this.server.chance.happens(0.5))) return undefined;
    return fate.code === "channel_busy" && !hasHistory(channel) ? "unavailable" : fate.code;
  }

  /** Stores and posts a publication. Returns the code if it is rejected. */
  #execute(
    publication: Publication,
    session: string,
    publisher?: Peer,
    fate?: FrameOutcome,
    copies: object[] = [],
  ): string | undefined {
    const { clock } = this.server;
    const { channel, uuid } = publication;
    if (hasHistory(channel)) {
      const log = this.server.log(channel);
      const known = log.known(session, uuid);
      if (known) return known === publication ? undefined : "uuid_reused";
      publication.session = session;
      log.store(publication, log.take(clock.now), log.epoch, clock.now);
    } else if (isLatestOnly(channel)) {
      publication.offset = (this.#latest.get(channel)?.offset ?? 0) + 1;
      this.#latest.set(channel, publication);
    }
    this.#executed(publication);
    this.#distribute(publication, publisher, fate, copies);
    return undefined;
  }

  #executed(publication: Publication): void {
    publication.storedAt = this.server.clock.now;
    publication.executed += 1;
    this.server.observer.executed(publication);
  }

  #distribute(publication: Publication, publisher?: Peer, fate?: FrameOutcome, copies: object[] = []): void {
    const { channel, epoch, offset } = publication;
    const skip = { channel, epoch, offset };
    for (const { link, subscriptions, at } of this.server.gone)
      if (this.server.clock.now - at < LATE_WORKER_MS && hasSubscriber(subscriptions, channel))
        this.#missed(publication, link);
    for (const peer of [...this.server.peers]) {
      if (!this.server.isSubscribed(peer, channel)) continue;
      const excluded = publication.withheld || (peer === publisher && !publication.echo);
      if (excluded && !hasHistory(channel)) continue;
      const object = excluded ? skip : toMessage(publication);
      if (peer !== publisher) this.#post(peer, publication, object);
      else if (fate?.reply === "answer") {
        copies.push(object);
        this.#copied.set(object, publication);
      } else publication.lost = true;
    }
  }

  /** Posts to one connection: at once, late, twice, or not at all. */
  #post(peer: Peer, publication: Publication, object: object): void {
    const { clock, chance, policy } = this.server;
    const post = (after: number): void => {
      clock.later(after, () => this.server.post(peer, [object], undefined, () => this.#missed(publication, peer.link)));
    };
    const mess = chance.happens(policy.postTrouble)
      ? chance.pick(["worker", "lost", "again", "late"] as const)
      : "none";
    if (mess === "worker") return post(1 + chance.int(WORKER_MS));
    if (mess === "late") return post(WORKER_MS + chance.int(LATE_WORKER_MS - WORKER_MS));
    if (mess === "lost" && hasHistory(publication.channel) && peer.agent?.subscriptions.has(publication.channel)) {
      publication.lost = true;
      return;
    }
    if (mess === "lost") {
      // Unreachable connections are closed.
      this.#missed(publication, peer.link);
      clock.later(chance.int(30_000), () => this.server.close(peer, 1001, "Unreachable"));
      return;
    }
    const at = Math.max(this.#posts.get(peer) ?? 0, clock.now + chance.delay(250));
    this.#posts.set(peer, at);
    post(at - clock.now);
    if (mess === "again") post(at - clock.now + chance.int(WORKER_MS));
  }

  /** A post is lost: the client or the server closed the connection, or it broke. */
  #missed(publication: Publication, link: Link): void {
    publication.missed.push({
      link: link.id,
      at: this.server.clock.now,
      broken: link.dead || link.inUse || link.isEndedByServer,
    });
  }
}

const positionOf = ({ epoch, offset }: Publication): object => ({ epoch, offset });
