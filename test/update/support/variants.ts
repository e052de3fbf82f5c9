import { Duration, RemovalPolicy } from "aws-cdk-lib";
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
import { AccessLogs, Denials } from "../../../infra/index.js";
import { Meta } from "../../../protocol/index.js";
import { CHANNEL_VARIANTS } from "./channel-variants.js";
import type { Scene } from "./scene.js";
import { BASE, CHANNELS, type Variant } from "./variant.js";

const denied = { credentials: { denied: true } };

/** Whether later guards see the same credentials as the connection guard of a new client. */
const keepsCredentials = async (scene: Scene): Promise<unknown> => {
  const { data } = await (await scene.connect()).publish("whoami", 1);
  return (data as { credentials: boolean }).credentials;
};

/** Each prop that can be turned on and off, or changed. */
export const VARIANTS: readonly Variant[] = [
  ...CHANNEL_VARIANTS,
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
