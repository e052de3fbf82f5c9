import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import { Duration, type Stack } from "aws-cdk-lib";
import type { PushIt as Client } from "push-it-client";
import { Guards, PushIt } from "../../infra/index.js";
import type { SystemOptions } from "../../local/dev/system/options.js";
import { startSystem } from "../../local/dev/system/start-system.js";
import type { System } from "../../local/dev/system/system.js";
import { synthesize } from "../lib/synthesize.js";
import { makeWorkFolder } from "../lib/work-folder.js";
import { channelOptions, WILDCARDS } from "./channels.js";

/** Subscribers that the publish function posts to: few, so that workers deliver to all others. */
const THRESHOLD = 3;

/** Guard timeout: long enough for each guard that answers, and short for guards that hang. */
const GUARD_SECONDS = 3;

/** Fan-out budget. Functions that stand still time out soon after it. */
const FAN_OUT_SECONDS = 4;

/** The shortest presence lease that the construct permits. */
export const LEASE_SECONDS = 90;

/** How long a member may be without a connection, in seconds. */
const GRACE_SECONDS = 1;

/** Interval of the sweep, in milliseconds. */
const SWEEP_MS = 30_000;

/** Maximum environments of one function. With more, two cores would mostly start processes. */
const ENVIRONMENTS = 5;

/** Factors for the retry delays of SQS and of asynchronous invocations in AWS. */
const QUEUE_SCALE = 0.2;
const ASYNC_SCALE = 0.02;

const addSystem = (stack: Stack): void => {
  const time = Duration.seconds(GUARD_SECONDS);
  new PushIt(stack, "PushIt", {
    guards: Guards.fromModule(join(__dirname, "guards.ts")),
    channels: channelOptions(),
    wildcards: [...WILDCARDS],
    presenceLease: Duration.seconds(LEASE_SECONDS),
    presenceGrace: Duration.seconds(GRACE_SECONDS),
    fanOutThreshold: THRESHOLD,
    fanOutBudget: Duration.seconds(FAN_OUT_SECONDS),
    timeouts: {
      onConnectionRequest: time,
      onSubscriptionRequest: time,
      onPublicationRequest: time,
      onMessageReceived: time,
      onPresenceRequest: time,
    },
  });
};

/** A running system. `close` removes everything that it created. */
export interface Target {
  system: System;
  close(): Promise<void>;
}

/**
 * Starts a system from the built bundles, with the guards of policy.ts.
 * @param root the repository's folder; it must be built
 */
export const startTarget = async (
  root: string,
  options: Pick<SystemOptions, "faults" | "limits" | "log" | "report" | "dynamodb">,
): Promise<Target> => {
  const folder = makeWorkFolder(root, "chaos-");
  try {
    const system = await startSystem({
      ...options,
      project: root,
      dist: join(root, "local/dist"),
      assembly: synthesize(folder.path, "Chaos", addSystem),
      sweepEveryMs: SWEEP_MS,
      maxEnvironments: ENVIRONMENTS,
      queueWaitScale: QUEUE_SCALE,
      asyncRetryScale: ASYNC_SCALE,
    });
    const close = async (): Promise<void> => {
      await system.close();
      folder.remove();
    };
    return { system, close };
  } catch (error) {
    folder.remove();
    throw error;
  }
};

/** Returns the class that the bundle has defined, and removes it from the global object. */
const TAKE_CLASS = `
  const { PushIt } = globalThis;
  delete globalThis.PushIt;
  return PushIt;
`;

/** Loads the SDK from its bundle for browsers, which is what applications run. */
export const loadBundledSdk = (root: string): typeof Client => {
  const code = readFileSync(join(root, "client/dist/push-it.iife.js"), "utf8");
  const define = compileFunction(`${code}\n${TAKE_CLASS}`) as () => typeof Client | undefined;
  const defined = define();
  if (!defined) throw new Error("client/dist/push-it.iife.js does not define PushIt. Build it with npm run build.");
  return defined;
};
