import { Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import { TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Key } from "aws-cdk-lib/aws-kms";
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as Lambda,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { AccessLogs, type ChannelOptions, Denials, Guards, type PushItProps } from "../../../infra/index.js";
import { Meta, type PresencePage } from "../../../protocol/index.js";
import type { Scene } from "./scene.js";

/** An option that is turned on or off, and its required effects. */
export interface Variant {
  name: string;
  /** Which props it is about, or options of channels. */
  about: readonly (keyof PushItProps | keyof ChannelOptions)[];
  props: (stack: Stack) => PushItProps;
  /** Channels on which earlier subscribers receive nothing meanwhile. */
  silent?: readonly string[];
  /** Holds while it is so. */
  meanwhile?: (scene: Scene) => Promise<void>;
  /** Holds when it is as before again. */
  afterwards?: (scene: Scene) => Promise<void>;
}

const CHANNELS: Readonly<Record<string, ChannelOptions>> = {
  "kept/*": { history: {} },
  "rooms/*": { presence: true },
  "stocks/*": { latest: true, from: true },
  "busy/*": { linger: Duration.millis(50) },
  "crowds/*": { shards: 2 },
};

/** The stack before and after each variant. */
export const BASE: PushItProps = {
  guards: Guards.fromModule("test/update/support/guards.ts"),
  wildcards: ["news/*"],
  channels: CHANNELS,
};

const withoutChannels = (pattern: string): PushItProps => ({
  ...BASE,
  channels: Object.fromEntries(Object.entries(CHANNELS).filter(([each]) => each !== pattern)),
});

const denied = { credentials: { denied: true } };

/** Whether later guards see the same credentials as the connection guard of a new client. */
const keepsCredentials = async (scene: Scene): Promise<unknown> => {
  const { data } = await (await scene.connect()).publish("whoami", 1);
  return (data as { credentials: boolean }).credentials;
};

const functionNamed = ({ live }: Scene, name: string): boolean =>
  live.running.model.functions.some(({ logicalId }) => logicalId.startsWith(`PushIt${name}`));

/** The last message that a new subscriber receives. */
const latestValue = async (scene: Scene) =>
  ((await (await scene.connect()).subscribe("stocks/a")).data as { latest?: { data: unknown; from?: object } }).latest;

const latest = async (scene: Scene): Promise<unknown> => (await latestValue(scene))?.data;
const newLatestValue = async (scene: Scene) => (await scene.reaches("stocks/a", scene.ann), latestValue(scene));

const stateOfAnn = async (scene: Scene): Promise<unknown> => {
  const { members } = (await scene.presence("rooms/a")).data as unknown as PresencePage;
  const ann = members.find(({ userId }) => userId === "ann");
  expect(ann).toBeDefined();
  return ann?.state;
};

let positionBefore = { epoch: "", offset: 0 };

/** Each prop that can be turned on and off, or changed. */
export const VARIANTS: readonly Variant[] = [
  {
    name: "no channel has history",
    about: ["channels", "history"],
    props: () => withoutChannels("kept/*"),
    async meanwhile(scene) {
      positionBefore = scene.position;
      expect((await scene.history("kept/a")).successful).toBe(false);
      const data = await scene.reaches("kept/a", scene.ann);
      expect((await scene.ann.message(data)).epoch).toBeUndefined();
    },
    async afterwards(scene) {
      // It does not have the messages that were published meanwhile, and the history goes on from there.
      const data = await scene.reaches("kept/a", scene.ann);
      const { epoch, offset } = positionBefore;
      const answer = (await scene.history("kept/a", { epoch, offset: offset - 1 })).data as {
        messages: { offset: number; data: unknown }[];
        recovered: boolean;
      };
      expect(answer.recovered).toBe(true);
      expect(answer.messages[0]).toMatchObject({ offset });
      expect(answer.messages.at(-1)).toMatchObject({ data });
      expect(answer.messages.map((each) => each.offset)).toEqual(answer.messages.map((_, at) => offset + at));
    },
  },
  {
    name: "no channel has presence",
    about: ["presence"],
    props: () => withoutChannels("rooms/*"),
    async meanwhile(scene) {
      expect((await scene.presence("rooms/a")).successful).toBe(false);
    },
    async afterwards(scene) {
      const { data } = await scene.presence("rooms/a");
      expect((data as { members: { userId: string }[] }).members.map(({ userId }) => userId)).toContain("ann");
    },
  },
  {
    name: "members have states",
    about: ["presence"],
    props: () => ({ ...BASE, channels: { ...CHANNELS, "rooms/*": { presence: { state: true } } } }),
    async meanwhile(scene) {
      const wire = await scene.connect();
      await wire.subscribe("rooms/a");
      expect(await scene.setState("rooms/a", "away")).toMatchObject({ successful: true });
      const isShown = (): boolean => wire.frames.some((frame) => frame.includes('"state":"away"'));
      await wire.until(isShown, "the state");
      expect(await stateOfAnn(scene)).toBe("away");
    },
    async afterwards(scene) {
      expect(await scene.setState("rooms/a", "back")).toMatchObject({ successful: false, code: "unknown_action" });
      expect(await stateOfAnn(scene)).toBeUndefined();
    },
  },
  {
    name: "messages do not say who published them",
    about: ["from"],
    props: () => ({ ...BASE, channels: { ...CHANNELS, "stocks/*": { latest: true } } }),
    meanwhile: async (scene) => expect(await newLatestValue(scene)).not.toHaveProperty("from"),
    afterwards: async (scene) => expect(await newLatestValue(scene)).toHaveProperty("from.connection"),
  },
  {
    name: "no channel keeps its last message",
    about: ["latest"],
    props: () => withoutChannels("stocks/*"),
    meanwhile: async (scene) => expect(await latest(scene)).toBeUndefined(),
    async afterwards(scene) {
      const data = await scene.reaches("stocks/a", scene.ann);
      expect(await latest(scene)).toBe(data);
      // Numbers go on, or clients would drop new messages.
      const offsets = scene.ann.messages("stocks/a").flatMap(({ offset }) => offset ?? []);
      expect(offsets).toEqual([...new Set(offsets)].sort((one, other) => one - other));
    },
  },
  {
    name: "no channel lingers",
    about: ["linger"],
    props: () => withoutChannels("busy/*"),
    meanwhile: (scene) => Promise.resolve(expect(functionNamed(scene, "Flush")).toBe(false)),
    afterwards: (scene) => Promise.resolve(expect(functionNamed(scene, "Flush")).toBe(true)),
  },
  {
    name: "a channel has more shards",
    about: ["shards"],
    props: () => ({ ...BASE, channels: { ...CHANNELS, "crowds/*": { shards: 16 } } }),
    async meanwhile(scene) {
      const others = await Promise.all([1, 2, 3].map(() => scene.connect()));
      for (const wire of others) await wire.subscribe("crowds/a");
      await scene.reaches("crowds/a", scene.ann, ...others);
    },
  },
  {
    name: "a channel has no shards",
    about: ["shards"],
    // A subscriber in a shard that is not read any more.
    silent: ["crowds/a"],
    props: () => withoutChannels("crowds/*"),
    async meanwhile(scene) {
      const wire = await scene.connect();
      await wire.subscribe("crowds/a");
      await scene.reaches("crowds/a", wire);
    },
  },
  {
    name: "there are no wildcards",
    about: ["wildcards"],
    silent: ["news/a"],
    props: () => ({ ...BASE, wildcards: [] }),
    async meanwhile(scene) {
      const wire = await scene.connect();
      expect((await wire.subscribe("news/*")).successful).toBe(false);
      expect((await wire.subscribe("news/a")).successful).toBe(true);
      const data = await scene.reaches("news/a", wire);
      expect(scene.ann.messages("news/a").map((each) => each.data)).not.toContain(data);
    },
  },
  {
    name: "there are no guards",
    about: ["guards"],
    props: () => ({ wildcards: ["news/*"], channels: CHANNELS }),
    async meanwhile(scene) {
      const wire = await scene.connect(denied);
      expect(await wire.ping()).toMatchObject({ successful: true });
    },
    async afterwards(scene) {
      const wire = await scene.connect(denied);
      expect(await wire.request({ action: "connect", channel: Meta.connect })).toMatchObject({ code: "denied" });
    },
  },
  {
    name: "denied clients are told nothing",
    about: ["denials"],
    props: () => ({ ...BASE, denials: Denials.REFUSE }),
    meanwhile: (scene) => expect(scene.connect(denied)).rejects.toThrow("refused: 403"),
    async afterwards(scene) {
      const wire = await scene.connect(denied);
      expect(await wire.request({ action: "connect", channel: Meta.connect })).toMatchObject({ code: "denied" });
    },
  },
  {
    name: "credentials are not kept",
    about: ["keepCredentials"],
    props: () => ({ ...BASE, keepCredentials: false }),
    meanwhile: async (scene) => expect(await keepsCredentials(scene)).toBe(false),
    afterwards: async (scene) => expect(await keepsCredentials(scene)).toBe(true),
  },
  {
    name: "an agent may have one subscription",
    about: ["limits"],
    props: () => ({ ...BASE, limits: { subscriptionsPerAgent: 1 } }),
    async meanwhile(scene) {
      expect((await scene.ann.subscribe("one/more")).successful).toBe(false);
    },
    async afterwards(scene) {
      expect((await scene.ann.subscribe("one/more")).successful).toBe(true);
      expect((await scene.ann.unsubscribe("one/more")).successful).toBe(true);
    },
  },
  {
    name: "pages of one origin may connect",
    about: ["allowedOrigins"],
    props: () => ({ ...BASE, allowedOrigins: ["https://example.com"] }),
    async meanwhile(scene) {
      await expect(
        scene.connect({ headers: { Origin: "https://other.example" }, protocols: ["push-it.v1"] }),
      ).rejects.toThrow("refused: 403");
      await scene.connect({ headers: { Origin: "https://example.com" } });
    },
    afterwards: async (scene) => void (await scene.connect({ headers: { Origin: "https://other.example" } })),
  },
  {
    name: "workers deliver, and the table has a key of its own",
    about: ["fanOutThreshold", "encryption"],
    props: () => ({ ...BASE, fanOutThreshold: 1, encryption: TableEncryption.CUSTOMER_MANAGED }),
    async meanwhile(scene) {
      const wire = await scene.connect();
      await wire.subscribe("plain");
      await scene.reaches("plain", scene.ann, wire);
      await scene.live.invoked(({ functionId }) => functionId.startsWith("PushItDeliver"));
    },
  },
  {
    name: "the table has a key of the app's",
    about: ["encryptionKey", "logEncryption"],
    props: (stack) => ({ ...BASE, encryptionKey: new Key(stack, "Key"), logEncryption: true }),
  },
  {
    name: "a back end is told and has a URL, and requests are logged",
    about: ["eventBus", "publishUrl", "accessLogs"],
    props: (stack) => {
      const eventBus = new EventBus(stack, "Bus");
      const code = Code.fromInline("exports.handler = async () => undefined;");
      const target = new Lambda(stack, "Target", { runtime: Runtime.NODEJS_24_X, handler: "index.handler", code });
      new Rule(stack, "Rule", {
        eventBus,
        eventPattern: { source: ["push-it"] },
        targets: [new LambdaFunction(target)],
      });
      return { ...BASE, eventBus, publishUrl: true, accessLogs: AccessLogs.existingRole() };
    },
    async meanwhile(scene) {
      await scene.connect();
      await scene.live.invoked(({ functionId }) => functionId.startsWith("Target"));
      const [url] = Object.values(scene.live.running.functionUrls);
      expect((await fetch(url!, { method: "POST", body: "{}" })).status).toBe(403);
    },
  },
  {
    name: "times, logs and resources are others",
    about: [
      ...([
        "timeouts",
        "fanOutBudget",
        "dedupeWindow",
        "checkInterval",
        "presenceLease",
        "presenceHeartbeat",
        "presenceGrace",
        "sweepInterval",
        "throttling",
        "reservedConcurrency",
      ] as const),
      ...([
        "deliveryConcurrency",
        "pointInTimeRecovery",
        "deletionProtection",
        "removalPolicy",
        "memorySize",
        "architecture",
        "logRetention",
        "logRemovalPolicy",
        "applicationLogLevel",
        "systemLogLevel",
      ] as const),
    ],
    props: () => ({
      ...BASE,
      timeouts: { onConnectionRequest: Duration.seconds(5) },
      fanOutBudget: Duration.seconds(8),
      dedupeWindow: Duration.minutes(20),
      checkInterval: Duration.minutes(1),
      presenceLease: Duration.minutes(3),
      presenceHeartbeat: Duration.minutes(1),
      presenceGrace: Duration.seconds(1),
      sweepInterval: Duration.minutes(5),
      throttling: { ping: { rateLimit: 50, burstLimit: 50 } },
      reservedConcurrency: { sweep: 1 },
      deliveryConcurrency: 10,
      // The defaults of channels with history.
      pointInTimeRecovery: false,
      deletionProtection: false,
      removalPolicy: RemovalPolicy.DESTROY,
      memorySize: 1024,
      architecture: Architecture.X86_64,
      logRetention: RetentionDays.ONE_WEEK,
      logRemovalPolicy: RemovalPolicy.RETAIN,
      applicationLogLevel: ApplicationLogLevel.DEBUG,
      systemLogLevel: SystemLogLevel.INFO,
    }),
  },
];
