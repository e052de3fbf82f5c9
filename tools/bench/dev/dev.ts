import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import WebSocket from "ws";
import { type Json, Meta, SUBPROTOCOL } from "../../../protocol/index.js";
import { makeWorkFolder } from "../../lib/work-folder.js";
import type { Benchmark, BenchContext } from "../benchmark.js";
import { integerOption } from "../options.js";
import { percentilesOf } from "../stats.js";

/** Waiting times of a developer. */
export interface DevTimes {
  /** From the start of `push-it-cli dev` until it is ready, in seconds. */
  firstStartS: number;
  /** The same for a second start of the same app. */
  secondStartS: number;
  /** From an edit of the guards until a client gets the new verdict, in milliseconds. */
  editsMs: number[];
}

/** Default number of edits. */
const EDITS = 10;

/** Interval in which a client checks the edited guard, in milliseconds. */
const ASK_EVERY_MS = 20;

const APP = `
import { App, Duration, Stack } from "aws-cdk-lib";
import { Guards, PushIt } from "push-it-aws";
new PushIt(new Stack(new App(), "Bench"), "PushIt", { guards: Guards.fromModule("guards.ts"), timeouts: { onSubscriptionRequest: Duration.seconds(8) } });
`;

const guardsDenyingWith = (reason: string): string =>
  `export default { onSubscriptionRequest(channel: { name: string }, agent: any) { agent.subscriptionDenied(channel, ${JSON.stringify(reason)}); } };\n`;

/** One run of the command. */
interface Run {
  child: ChildProcess;
  websocketUrl: string;
  seconds: number;
}

const start = async (root: string, folder: string): Promise<Run> => {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(root, "local/dist/cli.js"), "dev", "--port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close").then(() => Promise.reject(new Error(`push-it-cli dev ended:\n${said}`)));
  const [line] = (await Promise.race([once(child.stdout, "data"), ended])) as [Buffer];
  ended.catch(() => undefined);
  const { websocketUrl } = JSON.parse(line.toString()) as { websocketUrl: string };
  return { child, websocketUrl, seconds: (performance.now() - begun) / 1000 };
};

const stop = async ({ child }: Run): Promise<void> => {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "close");
};

/** Subscribes until the guard's denial has this reason. */
const waitForReason = async (socket: WebSocket, reason: string): Promise<void> => {
  for (let asked = 0; ; asked += 1) {
    const uuid = `${reason}-${asked}`;
    const answer = new Promise<Json>((resolve) => {
      const receive = (data: Buffer): void => {
        const frame = JSON.parse(data.toString()) as { uuid?: string; error?: string };
        if (frame.uuid !== uuid) return;
        socket.off("message", receive);
        resolve(frame.error ?? null);
      };
      socket.on("message", receive);
    });
    socket.send(JSON.stringify({ action: "subscribe", channel: Meta.subscribe, uuid, data: { channel: "a" } }));
    if ((await answer) === reason) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
};

/** Starts an app twice, and edits its guards in between. */
const measureDev = async ({ root, progress }: BenchContext, edits = EDITS): Promise<DevTimes> => {
  const folder = makeWorkFolder(root, "dev-");
  const guards = join(folder.path, "guards.ts");
  const runs: Run[] = [];
  const begin = async (): Promise<Run> => {
    const run = await start(root, folder.path);
    runs.push(run);
    return run;
  };
  try {
    writeFileSync(join(folder.path, "cdk.json"), JSON.stringify({ app: "npx tsx app.ts" }));
    writeFileSync(join(folder.path, "app.ts"), APP);
    writeFileSync(guards, guardsDenyingWith("first"));
    const first = await begin();
    const socket = new WebSocket(first.websocketUrl, SUBPROTOCOL);
    await once(socket, "open");
    await waitForReason(socket, "first");
    const editsMs: number[] = [];
    for (let edit = 0; edit <= edits; edit += 1) {
      progress((edit + 1) / (edits + 2));
      const begun = performance.now();
      writeFileSync(guards, guardsDenyingWith(`edit ${edit}`.replace(" ", "_")));
      await waitForReason(socket, `edit_${edit}`);
      // The first edit starts esbuild.
      if (edit > 0) editsMs.push(Math.round(performance.now() - begun));
    }
    socket.close();
    await stop(first);
    writeFileSync(guards, guardsDenyingWith("first"));
    const second = await begin();
    return { firstStartS: first.seconds, secondStartS: second.seconds, editsMs };
  } finally {
    await Promise.all(runs.map(stop));
    folder.remove();
  }
};

/** Measures the waiting times of `push-it-cli dev`. */
export const dev: Benchmark<DevTimes> = {
  summary: "how soon push-it-cli dev is ready, and an edited guard is live",
  options: { edits: { help: `how many edits (default ${EDITS})` } },
  run: (context, options) => measureDev(context, integerOption(options, "edits", { defaultValue: EDITS, max: 1_000 })),
  table({ firstStartS, secondStartS, editsMs }) {
    const { p50 } = percentilesOf(editsMs);
    return [
      "| what | waits for |",
      "|---|---|",
      `| an edited guard is live, median of ${editsMs.length} | ${(p50 / 1000).toFixed(2)} s |`,
      `| the slowest of them | ${(Math.max(...editsMs) / 1000).toFixed(2)} s |`,
      `| \`push-it-cli dev\` is ready, the first time | ${firstStartS.toFixed(1)} s |`,
      `| \`push-it-cli dev\` is ready, the second time | ${secondStartS.toFixed(1)} s |`,
    ].join("\n");
  },
};
