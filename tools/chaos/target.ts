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

/** Subscribers that the publishing function posts to itself: few, so that workers and their queue have all others. */
const THRESHOLD = 3;

/** How long guards may take: so much that those that answer are not late, and those that hang are soon over. */
const GUARD_SECONDS = 3;

/** How long a fan-out may take: functions that stand still are over soon after. */
const FAN_OUT_SECONDS = 4;

/** For how long an agent counts as present without saying so again: as short as it may be. */
export const LEASE_SECONDS = 20;

/** How often the sweep runs meanwhile, in milliseconds. */
const SWEEP_MS = 30_000;

/** Most environments of one function: more would have two cores start processes all the time. */
const ENVIRONMENTS = 5;

/** How much is waited of what is waited in AWS before something is tried again. */
const QUEUE_SCALE = 0.2;
const ASYNC_SCALE = 0.02;

const addSystem = (stack: Stack): void => {
  const time = Duration.seconds(GUARD_SECONDS);
  new PushIt(stack, "PushIt", {
    guards: Guards.fromModule(join(__dirname, "guards.ts")),
    channels: channelOptions(),
    wildcards: [...WILDCARDS],
    presenceLease: Duration.seconds(LEASE_SECONDS),
    fanOutThreshold: THRESHOLD,
    fanOutBudget: Duration.seconds(FAN_OUT_SECONDS),
    timeouts: {
      onConnectionRequest: time,
      onSubscriptionRequest: time,
      onPublicationRequest: time,
      onMessageReceived: time,
    },
  });
};

/** A running system, which leaves nothing when it is closed. */
export interface Target {
  system: System;
  close(): Promise<void>;
}

/**
 * Starts a system with the built bundles, whose guards do what policy.ts says.
 * @param root the package's folder; it must have been built
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
