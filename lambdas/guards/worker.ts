import { parentPort, workerData } from "node:worker_threads";
import { trackCalls } from "./call-tracker.js";
import { argumentsFor } from "./guard-context.js";
import { aboutOf, type FromWorker, type GuardCall, type ToWorker, type WorkerSetup } from "./messages.js";
import { HistoryProxy } from "./history-proxy.js";
import { callHandler, isImplicitDrop, entriesOf, type ModuleEntries, manifestOf } from "./module.js";
import { errorReport, loadErrorReport } from "./error-report.js";

/*
 * The thread that runs the developer's guards. It decides nothing by itself: the main thread keeps the time and can
 * terminate this thread. It counts anything but a closing verdict as a denial.
 */

const setup = workerData as WorkerSetup;
const begin = trackCalls(new Int32Array(setup.begun));
const port = parentPort;

const post = (message: FromWorker): void => port?.postMessage(message);

const reads = new HistoryProxy(post);

const run = async (entries: ModuleEntries, id: number, call: GuardCall): Promise<void> => {
  let decided = false;
  const args = argumentsFor(call, setup.rules, {
    decided(decision) {
      decided = true;
      post({ kind: "decided", id, decision: JSON.stringify(decision) });
    },
    ignored: (verdict) => post({ kind: "ignored", id, verdict, about: aboutOf(call) }),
    read: (query) => reads.read(query),
  });
  try {
    const returned = callHandler(entries, call, args);
    await returned;
    if (!decided && isImplicitDrop(call.handler, returned)) {
      post({ kind: "decided", id, decision: JSON.stringify({ permitted: true, subscribe: [], publish: [] }) });
    }
  } catch (error) {
    post({ kind: "failed", id, ...errorReport(error) });
  }
};

const start = async (): Promise<void> => {
  const entries = entriesOf(((await import(setup.module)) as { default?: unknown }).default);
  const manifest = manifestOf(entries);
  port?.on("message", (message: ToWorker) => {
    if (message.kind === "probe") return post({ kind: "alive" });
    if (message.kind !== "call") return reads.onAnswer(message);
    const { id } = message;
    const call = JSON.parse(message.call) as GuardCall;
    begin(id, () => void run(entries, id, call));
    if (call.handler === "onMessageReceived") post({ kind: "begun", id });
  });
  post({ kind: "loaded", manifest });
};

start().catch((error: unknown) => post({ kind: "not loaded", ...loadErrorReport(error) }));
