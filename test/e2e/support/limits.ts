import { Duration } from "aws-cdk-lib";
import { CREDENTIALS_PREFIX, type Json, Meta, type Reply, SUBPROTOCOL_DENIED } from "../../../protocol/index.js";
import { TestSystem } from "./system.js";
import { Waiting } from "./waiting.js";
import type { Wire, WireOptions } from "./wire.js";

/** Limits of the system, each lower than its default. */
export const LIMITS = {
  subscriptionsPerAgent: 3,
  agentsPerUser: 2,
  publicationsPerSecond: 1,
  channelsPerFrame: 2,
  messagesPerFrame: 4,
  messageBytes: 300,
  channelLength: 12,
  channelPunctuation: "-",
  credentialsBytes: 40,
};

const GUARDS = `
  const big = "x".repeat(300);

  export default {
    onConnectionRequest(agent) {
      const { user, greedy } = agent.credentials ?? {};
      console.warn("asked " + user + ".");
      if (greedy) for (const channel of ["a", "b", "c", "d"]) agent.subscribe(channel);
      agent.connected({ userId: user });
    },
    onSubscriptionRequest(channel, agent) {
      if (channel.name === "pair") agent.subscribe("other");
      if (channel.name === "long") agent.subscribe("much-too-long-a-name");
      agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      console.warn("asked " + message.uuid + ".");
      if (channel.name === "join") for (const name of ["j1", "j2", "j3", "j4"]) agent.subscribe(name);
      if (channel.name === "join") agent.channel("a").publish(message);
      channel.publish(channel.name === "grow" ? { data: big } : message);
      agent.publicationSuccess(message);
    },
    onDisconnect(agent) {
      console.warn("left " + Object.values(agent.credentials ?? {}) + ".");
    },
    channels: {
      "louder": {
        onMessageReceived(channel, agent, message) { agent.deliver(channel, { data: message.data === "big" ? big : message.data }); },
      },
    },
  };
`;

/** The subprotocol with a client's credentials. */
export const entry = (credentials: Json): string =>
  CREDENTIALS_PREFIX + Buffer.from(JSON.stringify(credentials)).toString("base64url");

export const codes = (answers: Reply[]): (string | undefined)[] => answers.map(({ code }) => code);

/** Subscribes to channels in one frame, and resolves with the replies. */
export const subscribeTo = (wire: Wire, channels: string[], count = channels.length): Promise<Reply[]> => {
  const uuid = wire.uuid();
  wire.send({ action: "subscribe", channel: Meta.subscribe, uuid, data: { channels } });
  return wire.answers(uuid, count);
};

/** Publishes messages in one frame, and resolves with their replies, in order. */
export const publishAll = async (wire: Wire, messages: { channel: string; data: Json }[]): Promise<Reply[]> => {
  const named = messages.map((message, at) => ({ ...message, uuid: `${message.channel}-${at}-${wire.uuid()}` }));
  wire.send({ action: "publish", messages: named });
  return (await Promise.all(named.map(({ uuid }) => wire.answers(uuid)))).flat();
};

/** A system with low limits, with the observations that its tests need. */
export class LimitedSystem {
  private constructor(
    readonly system: TestSystem,
    private readonly received: Waiting,
  ) {}

  static async start(): Promise<LimitedSystem> {
    const received = new Waiting();
    const system = await TestSystem.start({
      guards: GUARDS,
      props: {
        limits: LIMITS,
        allowedOrigins: ["https://example.com"],
        wildcards: ["news/*"],
        // A busy machine may need a second, the default, to start the thread. This guard has to run in time.
        timeouts: { onDisconnect: Duration.seconds(5) },
      },
      log: () => received.notify(),
    });
    return new LimitedSystem(system, received);
  }

  async #rows(): Promise<string[]> {
    return (await this.system.rows()).map((row) => JSON.stringify(row)).sort();
  }

  /** The result of some work, which must not leave a trace in the table. */
  async unchanged<T>(work: () => Promise<T>): Promise<T> {
    const before = await this.#rows();
    const result = await work();
    expect(await this.#rows()).toEqual(before);
    return result;
  }

  /** How many lines of the log have a text. */
  logged(text: string): number {
    return this.system.logs.filter(({ message }) => message.includes(text)).length;
  }

  /** Resolves when the log, which does not come with the frames, has a text so often. */
  log(text: string, times = 1): Promise<boolean> {
    return this.received.until(
      () => this.logged(text) >= times,
      () => `${text} in the log`,
    );
  }

  async subscriptionsOf(wire: Wire): Promise<string[]> {
    const { connectionId } = await this.system.connectionOf(wire);
    const mine = (await this.system.rows()).filter(({ pk }) => pk === `a#${connectionId}`).map(({ sk = "" }) => sk);
    return mine
      .filter((sk) => sk.startsWith("s#"))
      .map((sk) => sk.slice(2))
      .sort();
  }

  /** The error of a refused handshake. */
  refused(protocols: string[], headers: Record<string, string> = {}): Promise<string> {
    return this.system.connect({ protocols, headers }).then(
      () => "opened",
      (error: Error) => error.message,
    );
  }

  /** How many `$disconnect` events there have been. */
  disconnects(): number {
    return this.system.invocations.filter(({ event }) => JSON.stringify(event).includes('"eventType":"DISCONNECT"'))
      .length;
  }

  /** The reply to a denied client. Resolves when all traces of the connection are gone. */
  async denialOf(options: WireOptions): Promise<Reply> {
    const before = this.disconnects();
    const denied = await this.system.connect(options);
    expect(denied.protocol).toBe(SUBPROTOCOL_DENIED);
    const answer = await denied.request({ action: "connect", channel: Meta.connect });
    await denied.ended();
    await this.system.invoked(() => this.disconnects() > before, "$disconnect of a denied socket");
    return answer;
  }
}
