import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { buildSync } from "esbuild";
import { WebSocket } from "ws";
import { PushIt as Client } from "push-it-client";
import { Guards, PushIt } from "../../../infra/index.js";
import { startSystem } from "../../../local/dev/system/start-system.js";
import { synthesize } from "../../lib/synthesize.js";
import { makeWorkFolder } from "../../lib/work-folder.js";

/** The place in which guards run. */
export const GUARD_VARIANTS = ["none", "module", "lambda"] as const;

/** The place in which a system's guards run. */
export type GuardVariant = (typeof GUARD_VARIANTS)[number];

/** A running system, and its operations. */
export interface GuardedSystem {
  guard: GuardVariant;
  perform: Record<"connect" | "subscribe" | "publish" | "deliver", () => Promise<unknown>>;
  /** Cleans up after an operation, outside of the measured time. */
  cleanUp(): Promise<void>;
  resetInvocations(): void;
  /** The operation's invocations since `resetInvocations`. */
  invocations(operation: "connect" | "subscribe" | "publish" | "deliver"): number;
  close(): Promise<void>;
}

const HANDLERS = `{
  onConnectionRequest(agent) { agent.connected(); },
  onSubscriptionRequest(channel, agent) { agent.subscribe(channel); },
  onPublicationRequest(channel, agent, message) { channel.publish(message); agent.publicationSuccess(message); },
  channels: { "guarded/*": { onMessageReceived(channel, agent, message) { agent.deliver(channel, message); } } },
}`;

const CHANNEL = "plain";
const GUARDED = "guarded/1";
const SUBSCRIBED = "subscribed";

/** The guards of a variant, in their own folder. */
const guardsOf = (stack: Stack, folder: string, variant: GuardVariant): Guards | undefined => {
  const file = join(folder, "guards.ts");
  if (variant === "none") return undefined;
  if (variant === "module") {
    writeFileSync(file, `export default ${HANDLERS};`);
    return Guards.fromModule(file);
  }
  writeFileSync(
    file,
    `import { guardHandler } from "push-it-server/guards";\nexport const handler = guardHandler(${HANDLERS});`,
  );
  const outfile = join(folder, "guard/index.mjs");
  buildSync({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    absWorkingDir: folder,
    logLevel: "silent",
  });
  const fn = new lambda.Function(stack, "Guard", {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: lambda.Code.fromAsset(join(folder, "guard")),
    memorySize: 128,
  });
  return Guards.fromLambda({
    onConnectionRequest: fn,
    onSubscriptionRequest: fn,
    onPublicationRequest: fn,
    channels: { "guarded/*": { onMessageReceived: fn } },
  });
};

/** The functions of each operation. The others (`$disconnect`, `ping`) belong to the measurement. */
const OPERATION_FUNCTIONS = {
  connect: /Connect|Guard/,
  subscribe: /Subscribe|Guard/,
  publish: /Publish|Guard/,
  deliver: /Publish|Guard/,
};

/** `$disconnect` and `unsubscribe`, whose names contain those of other functions. */
const OTHER_FUNCTIONS = /Disconnect|Unsubscribe/;

/**
 * Starts a system with one kind of guard, and connects its clients.
 * @param recipients subscribers of the channel with a delivery guard
 */
export const startGuardedSystem = async (
  root: string,
  guard: GuardVariant,
  recipients: number,
): Promise<GuardedSystem> => {
  const folder = makeWorkFolder(root, "bench-");
  const invoked: string[] = [];
  const system = await startSystem({
    project: root,
    dist: join(root, "local/dist"),
    assembly: synthesize(folder.path, "Bench", (stack) => {
      const guards = guardsOf(stack, folder.path, guard);
      new PushIt(stack, "PushIt", guards && { guards });
    }),
    log: () => undefined,
    report: ({ functionId }) => invoked.push(functionId),
  });
  const url = system.websocketUrl;
  const connected = (): Promise<Client> =>
    new Promise((resolve, reject) => {
      const client = new Client({ url, WebSocket });
      client.on("state", ({ state, code, reason }) => {
        if (state === "connected") resolve(client);
        else if (code !== "connect") reject(new Error(`${code} ${reason}`));
      });
    });
  const publisher = await connected();
  const hearers = await Promise.all(Array.from({ length: recipients }, connected));
  await publisher.channel(CHANNEL).subscribe();
  await Promise.all(hearers.map((hearer) => hearer.channel(GUARDED).subscribe()));
  const passing: Client[] = [];
  // One handle: a second one would hold its own subscription.
  const room = publisher.channel(SUBSCRIBED);
  let subscribed = false;
  let messages = 0;

  const deliver = async (): Promise<void> => {
    const data = (messages += 1);
    const received = hearers.map(
      (hearer) =>
        new Promise<void>((resolve) => {
          const off = hearer.channel(GUARDED).on("message", (message) => {
            if (message.data !== data) return;
            off();
            resolve();
          });
        }),
    );
    await Promise.all([publisher.channel(GUARDED).publish(data), ...received]);
  };
  return {
    guard,
    perform: {
      connect: async () => passing.push(await connected()),
      async subscribe() {
        await room.subscribe();
        subscribed = true;
      },
      publish: () => publisher.channel(CHANNEL).publish(1),
      deliver,
    },
    async cleanUp() {
      for (const client of passing.splice(0)) client.disconnect();
      if (subscribed) await room.unsubscribe();
      subscribed = false;
    },
    resetInvocations: () => void (invoked.length = 0),
    invocations: (operation) =>
      invoked.filter((id) => OPERATION_FUNCTIONS[operation].test(id) && !OTHER_FUNCTIONS.test(id)).length,
    async close() {
      for (const client of [publisher, ...hearers, ...passing]) client.disconnect();
      await system.close();
      folder.remove();
    },
  };
};
