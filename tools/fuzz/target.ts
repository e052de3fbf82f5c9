import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Duration, type Stack } from "aws-cdk-lib";
import { Guards, PushIt } from "../../infra/index.js";
import { startEmbedded } from "../../local/services/dynamodb/engines/embedded.js";
import { synthesize } from "../lib/synthesize.js";
import { makeWorkFolder } from "../lib/work-folder.js";
import { ServerLog } from "./server-log.js";
import { CHANNELS, HISTORY_LIMITS, WILDCARDS } from "./policy.js";

/** The running system. */
export interface Target {
  url: string;
  /** The endpoint of the DynamoDB engine. */
  dynamodb: string;
  /** How the process ended; it must not end before `close`. */
  readonly ended: string | undefined;
  /** All log lines at level info and above. */
  readonly log: ServerLog;
  close(): Promise<void>;
}

/** Guard timeout: long enough that no guard is late on a busy machine. */
const GUARD_SECONDS = 5;

/** Interval of the sweep, so that it runs during a run. */
const SWEEP_SECONDS = 15;

const addSystem = (stack: Stack): void => {
  const time = Duration.seconds(GUARD_SECONDS);
  const history = { size: HISTORY_LIMITS.size, ttl: Duration.minutes(HISTORY_LIMITS.minutes) };
  const channels = Object.fromEntries(
    Object.entries(CHANNELS).map(([pattern, kind]) => [
      pattern,
      {
        ...(kind.history && { history }),
        ...(kind.presence && { presence: kind.state ? { state: true } : true }),
        ...(kind.from && { from: true }),
      },
    ]),
  );
  new PushIt(stack, "PushIt", {
    guards: Guards.fromModule(join(__dirname, "guards.ts")),
    wildcards: WILDCARDS,
    channels,
    // All episodes share a few users.
    limits: { ratesPerUser: 1_000 },
    // Leaves are announced at once, so that no row stays behind.
    presenceGrace: Duration.seconds(0),
    timeouts: {
      onConnectionRequest: time,
      onSubscriptionRequest: time,
      onUnsubscriptionRequest: time,
      onPublicationRequest: time,
      onPresenceRequest: time,
      onMessageReceived: Duration.seconds(2),
    },
  });
};

const readyLine = (child: ChildProcess, log: readonly string[]): Promise<{ websocketUrl: string }> =>
  new Promise((resolve, reject) => {
    if (child.stdout)
      createInterface({ input: child.stdout }).once("line", (line) =>
        resolve(JSON.parse(line) as { websocketUrl: string }),
      );
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`push-it-cli dev ended with ${code}:\n${log.join("\n")}`)));
  });

/**
 * Runs `push-it-cli dev` with the fuzz guards, in its own process and with a readable table. It listens on 127.0.0.1
 * only.
 * @param root the repository's folder; it must be built
 * @throws Error if it does not start
 */
export const startTarget = async (root: string): Promise<Target> => {
  const folder = makeWorkFolder(root, "fuzz-");
  const engine = await startEmbedded();
  const cli = join(root, "local/dist/cli.js");
  const sweep = ["--sweep-every", String(SWEEP_SECONDS)];
  // The log is checked as it is in AWS: without the errors that guards throw.
  const args = [
    "dev",
    "--port",
    "0",
    "--json",
    "--logs",
    "template",
    "--app",
    synthesize(folder.path, "Fuzz", addSystem),
    "--dynamodb",
    engine.endpoint,
    ...sweep,
  ];
  const child = spawn(process.execPath, [cli, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const log = new ServerLog();
  createInterface({ input: child.stderr }).on("line", (line) => log.add(line));
  let ended: string | undefined;
  const gone = new Promise<void>((resolve) =>
    child.once("exit", (code, signal) => {
      ended = `it ended with ${signal ?? code}`;
      resolve();
    }),
  );
  const close = async (): Promise<void> => {
    child.kill("SIGINT");
    await gone;
    await engine.close();
    folder.remove();
  };
  try {
    const { websocketUrl } = await readyLine(child, log.lines);
    return {
      url: websocketUrl,
      dynamodb: engine.endpoint,
      log,
      close,
      get ended() {
        return ended;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};
