import { parentPort, workerData } from "node:worker_threads";
import { blameOn } from "./blame.js";
import { argumentsFor } from "./call.js";
import { aboutOf, type FromWorker, type GuardCall, type ToWorker, type WorkerSetup } from "./messages.js";
import { Reads } from "./reads.js";
import { callHandler, dropsBySilence, entriesOf, type ModuleEntries, manifestOf } from "./module.js";
import { traceOf, traceOfLoading } from "./trace.js";

/*
 * The thread that runs the developer's guards. It decides nothing by itself: the main thread keeps the time, can
 * terminate this one, and takes anything but a closing verdict for a denial.
 */

const setup = workerData as WorkerSetup;
const begin = blameOn(new Int32Array(setup.begun));
const port = parentPort;

const say = (message: FromWorker): void => port?.postMessage(message);

const reads = new Reads(say);

const run = async (entries: ModuleEntries, id: number, call: GuardCall): Promise<void> => {
  let decided = false;
  const args = argumentsFor(call, setup.rules, {
    decided(decision) {
      decided = true;
      say({ kind: "decided", id, decision: JSON.stringify(decision) });
    },
    ignored: (verdict) => say({ kind: "ignored", id, verdict, about: aboutOf(call) }),
    read: (query) => reads.read(query),
  });
  try {
    const returned = callHandler(entries, call, args);
    await returned;
    if (!decided && dropsBySilence(call.handler, returned)) {
      say({ kind: "decided", id, decision: JSON.stringify({ permitted: true, subscribe: [], publish: [] }) });
    }
  } catch (error) {
    say({ kind: "failed", id, ...traceOf(error) });
  }
};

const start = async (): Promise<void> => {
  const entries = entriesOf(((await import(setup.module)) as { default?: unknown }).default);
  const manifest = manifestOf(entries);
  port?.on("message", (message: ToWorker) => {
    if (message.kind === "probe") return say({ kind: "alive" });
    if (message.kind !== "call") return reads.answered(message);
    const { id } = message;
    const call = JSON.parse(message.call) as GuardCall;
    begin(id, () => void run(entries, id, call));
    if (call.handler === "onMessageReceived") say({ kind: "begun", id });
  });
  say({ kind: "loaded", manifest });
};

start().catch((error: unknown) => say({ kind: "not loaded", ...traceOfLoading(error) }));
