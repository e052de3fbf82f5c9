import { setTimeout as sleep } from "node:timers/promises";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { Publisher } from "push-it-server/publisher";
import { type Json, Meta } from "../../../protocol/index.js";
import { rowsOf } from "../../e2e/support/rows.js";
import { Wire } from "../../e2e/support/wire.js";
import type { LiveStack } from "./live.js";
import { CHANNELS, Party, type Version } from "./party.js";

/** How long presence may be wrong after an update, in milliseconds: one lease. */
const PRESENCE_MS = 120_000;
const POLL_MS = 1_000;

/** The prefix of the ids of messages that are published twice. */
const AGAIN = "again-";

/** Clients of several versions, a client that speaks by hand, and a back end: they use whatever the stack has. */
export class Traffic {
  readonly parties: Party[] = [];
  /** The messages that each party has to receive, by channel: the acknowledged ones. */
  readonly expected = new Map<string, Set<string>>();
  /**
   * Whether functions of both releases run. Then presence may be wrong: a function of the first release does not know the
   * entries of this one. The schedules correct it after the update.
   */
  isMixed = false;
  readonly #wire: Wire;
  readonly #publisher: Publisher;
  #round = 0;

  private constructor(
    private readonly live: LiveStack,
    private readonly versions: readonly Version[],
    wire: Wire,
  ) {
    this.#wire = wire;
    this.#publisher = publisherOf(live);
  }

  /** Connects everybody. */
  static async start(live: LiveStack, versions: readonly Version[]): Promise<Traffic> {
    const url = live.running.websocketUrl;
    const wire = await Wire.open(url, { credentials: { userId: "wire" } });
    const traffic = new Traffic(live, versions, wire);
    traffic.parties.push(...versions.map((version) => new Party(version, url)));
    await Promise.all(traffic.parties.map((party) => party.ready()));
    for (const channel of [CHANNELS.plain, CHANNELS.kept, CHANNELS.sharded])
      requireSuccess(await wire.subscribe(channel));
    return traffic;
  }

  /**
   * A round of everything that clients and a back end can do.
   * @param change is made while messages are under way
   */
  async round(change: () => Promise<void>): Promise<void> {
    this.#round += 1;
    await Promise.all([change(), this.#publishAll("during")]);
    await this.#repeat();
    await this.#publishAll("after");
    this.#send();
    await this.#useServerApi();
    await this.#expectAll();
    await Promise.all([
      ...this.parties.map((party) => this.#ask(party)),
      ...this.versions.map((version) => this.#visit(version)),
      this.#byHand(),
      this.#denied(),
      this.#schedules(),
    ]);
    await this.#recover(this.parties[this.#round % this.parties.length]!);
  }

  /** Resolves when only the parties are present, as after the next runs of the schedules. */
  async presenceSettles(): Promise<void> {
    const expected = JSON.stringify(this.parties.map(({ userId }) => userId).sort());
    const end = performance.now() + PRESENCE_MS;
    for (;;) {
      await this.#schedules();
      const present = JSON.stringify(await this.present());
      if (present === expected) return;
      if (performance.now() > end) throw new Error(`present are ${present}, and not ${expected}`);
      await sleep(POLL_MS);
    }
  }

  /** The users in the room. */
  async present(): Promise<string[]> {
    const { members } = await this.#publisher.presence(CHANNELS.room);
    return members.map(({ userId = "" }) => userId).sort();
  }

  /**
   * Messages that the raw client received more than once, because no SDK dropped them. A repeated publication is delivered
   * again, for subscribers that missed it the first time.
   */
  get rawDuplicates(): string[] {
    const uuids = this.#wire.messages().flatMap(({ uuid }) => (uuid.startsWith(AGAIN) ? [] : [uuid]));
    return uuids.filter((uuid, at) => uuids.indexOf(uuid) !== at);
  }

  /** The kinds of rows in the table, by the letter that their keys begin with. */
  async kinds(): Promise<string[]> {
    return [...new Set((await rowsOf(this.live.running)).map(({ pk = "" }) => pk.split("#")[0]!))].sort();
  }

  /** Rows that DynamoDB would never delete. */
  async endless(): Promise<string[]> {
    return (await rowsOf(this.live.running)).filter(({ ttl }) => !ttl).map(({ pk, sk }) => `${pk} ${sk}`);
  }

  /** Disconnects everybody. */
  async end(): Promise<void> {
    for (const { client } of this.parties) client.disconnect();
    await this.#wire.close();
  }

  #expect(channel: string, uuid: string): void {
    const uuids = this.expected.get(channel) ?? new Set();
    this.expected.set(channel, uuids.add(uuid));
  }

  async #publishAll(when: string): Promise<void> {
    const publish = async (party: Party, channel: string): Promise<void> => {
      const data = { when, by: party.userId, round: this.#round };
      this.#expect(channel, (await party.client.channel(channel).publish(data)).uuid);
    };
    const atOnce = Object.values(CHANNELS).filter((channel) => channel !== CHANNELS.latest);
    await Promise.all([
      ...this.parties.flatMap((party) => atOnce.map((channel) => publish(party, channel))),
      this.#oneByOne(publish),
    ]);
  }

  /** On a channel with a last message, a client drops older messages. So each message has to arrive first. */
  async #oneByOne(publish: (party: Party, channel: string) => Promise<void>): Promise<void> {
    for (const party of this.parties) {
      await publish(party, CHANNELS.latest);
      await this.#expectAll(CHANNELS.latest);
    }
  }

  /** Repeats the publications of the round before, perhaps with another version of the function. */
  async #repeat(): Promise<void> {
    for (const round of [this.#round - 1, this.#round]) {
      if (round < 1) continue;
      const uuid = `${AGAIN}${round}`;
      requireSuccess(await this.#wire.publish(CHANNELS.kept, "again", { uuid }));
      this.#expect(CHANNELS.kept, uuid);
    }
  }

  async #useServerApi(): Promise<void> {
    const data: Json = { by: "back end", round: this.#round };
    for (const channel of Object.values(CHANNELS))
      this.#expect(channel, (await this.#publisher.publish(channel, data)).uuid);
    const [party] = this.parties;
    const { uuid } = await this.#publisher.publishToUser(party!.userId, data);
    await party!.receives([uuid]);
  }

  /** Nothing acknowledges these, but nothing fails here either. */
  #send(): void {
    for (const { client, userId } of this.parties) {
      const channel = CHANNELS.plain;
      this.#expect(channel, client.channel(channel).send({ when: "sent", by: userId, round: this.#round }));
    }
  }

  /** Expects that each party has received the acknowledged messages. */
  async #expectAll(only?: string): Promise<void> {
    const channels = [...this.expected].filter(([channel]) => only === undefined || channel === only);
    const receive = (party: Party) =>
      channels.map(([channel, uuids]) => party.receives(uuids, `${channel} in round ${this.#round}`));
    await Promise.all(this.parties.flatMap(receive));
  }

  /** The requests of a connected client. */
  async #ask({ client, userId }: Party): Promise<void> {
    const other = client.channel("rooms/b");
    await other.subscribe();
    await other.publish({ by: userId });
    // During a rollback it may be denied a grant: an application gets the error, and the SDK asks again.
    await other.unsubscribe().catch((error: { retryable?: boolean }) => {
      if (!error.retryable) throw error;
    });
    await client.refreshCredentials();
    const room = client.channel(CHANNELS.room);
    const { messages } = await room.history({ reverse: true, limit: 5 });
    const expected = this.expected.get(CHANNELS.room)!;
    if (messages.some(({ uuid }) => !expected.has(uuid)) || messages.length < 5)
      throw new Error(`the history has ${JSON.stringify(messages)}`);
    const { members } = await room.presence();
    if (this.isMixed) return;
    for (const party of this.parties) {
      if (!members.some((member) => member.userId === party.userId))
        throw new Error(`${party.userId} is not present: ${JSON.stringify(members)}`);
    }
  }

  /** A new client connects, gets the stored messages, and disconnects. */
  async #visit(version: Version): Promise<void> {
    const userId = `visitor-${version.name}-${this.#round}`;
    const [{ received }] = this.parties as [Party];
    const before = received.filter(({ channel }) => channel === CHANNELS.room).at(-4)!;
    const { position } = this.parties[0]!.client.channel(CHANNELS.room);
    const since = { [CHANNELS.room]: { epoch: position!.epoch, offset: before.offset! } };
    const visitor = new Party(version, this.live.running.websocketUrl, { userId, since });
    await visitor.ready();
    await visitor.receives(
      received
        .filter(({ channel, offset = 0 }) => channel === CHANNELS.room && offset > before.offset!)
        .map(({ uuid }) => uuid),
    );
    const latest = visitor.on(CHANNELS.latest)[0]?.data as { round?: number } | undefined;
    if (latest?.round !== this.#round) visitor.wrong.push(`the latest message is ${JSON.stringify(latest)}`);
    if (!this.isMixed) await Promise.all(this.parties.map((party) => party.sees(userId, "joined")));
    visitor.client.disconnect();
    if (!this.isMixed) await Promise.all(this.parties.map((party) => party.sees(userId, "left")));
    if (visitor.wrong.length > 0) throw new Error(`${userId}: ${visitor.wrong.join("; ")}`);
  }

  async #byHand(): Promise<void> {
    requireSuccess(await this.#wire.ping());
    const refused = await this.#wire.request({ action: "nothing", channel: "/meta/nothing" });
    if (refused.successful) throw new Error(`an unknown action succeeded: ${JSON.stringify(refused)}`);
  }

  async #denied(): Promise<void> {
    const wire = await Wire.open(this.live.running.websocketUrl, { credentials: { denied: true } });
    const answer = await wire.request({ action: "connect", channel: Meta.connect });
    if (answer.code !== "denied" || answer.error !== "You said so.")
      throw new Error(`a denied client received ${JSON.stringify(answer)}`);
    await wire.ended();
  }

  async #schedules(): Promise<void> {
    for (const result of await this.live.running.runSchedules()) if (!result.ok) throw new Error(result.message);
  }

  /** A connection is cut, and gets what it missed. */
  async #recover(party: Party): Promise<void> {
    party.cut();
    for (const channel of [CHANNELS.room, CHANNELS.kept]) {
      this.#expect(channel, (await this.#publisher.publish(channel, { by: "back end", missed: this.#round })).uuid);
    }
    await party.ready();
    await this.#expectAll();
  }
}

const requireSuccess = (reply: { successful?: boolean }): void => {
  if (!reply.successful) throw new Error(`refused: ${JSON.stringify(reply)}`);
};

/** A back end with the role of the stack that may publish. */
const publisherOf = ({ running }: LiveStack): Publisher => {
  const role = running.model.roles.find(({ logicalId }) => logicalId.startsWith("BackEnd"))!.logicalId;
  const client = new LambdaClient({
    endpoint: running.endpoints["AWS_ENDPOINT_URL_LAMBDA"]!,
    region: "us-east-1",
    credentials: running.credentialsOf(role),
  });
  return new Publisher({ functionName: running.model.outputs["Publisher"], client });
};
