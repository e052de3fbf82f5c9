import { parentPort, workerData } from "node:worker_threads";
import { type HandlerName, DEFAULT_ENTRY, HANDLERS, type Manifest, manifestFault } from "../core/entries.js";
import type { ChannelGuards, Guards } from "./api.js";
import { blameOn } from "./blame.js";
import { argumentsFor } from "./call.js";
import type { FromWorker, GuardCall, ToWorker, WorkerSetup } from "./messages.js";

/*
 * The thread that runs the developer's guards. It decides nothing by itself: the main thread keeps the time, can
 * terminate this one, and takes anything but a closing verdict for a denial.
 */

type Entry = Partial<Record<HandlerName, unknown>>;

const setup = workerData as WorkerSetup;
const begin = blameOn(new Int32Array(setup.begun));
const port = parentPort;

const say = (message: FromWorker): void => port?.postMessage(message);

const detailOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** The module's entries, by channel or pattern; those of the whole system under `DEFAULT_ENTRY`. */
const entriesOf = (module: Guards): Map<string, Entry> =>
  new Map<string, Entry>([[DEFAULT_ENTRY, module], ...Object.entries<ChannelGuards>(module.channels ?? {})]);

const manifestOf = (entries: Map<string, Entry>): Manifest => {
  const defined = [...entries].map(([entry, guards]) => {
    const handlers = HANDLERS.filter((handler) => guards[handler] !== undefined);
    const wrong = handlers.find((handler) => typeof guards[handler] !== "function");
    if (wrong) throw new TypeError(`${entry === DEFAULT_ENTRY ? "" : `channels["${entry}"].`}${wrong} is not a function`);
    return [entry, handlers] as const;
  });
  const manifest: Manifest = Object.fromEntries(defined);
  const fault = manifestFault(manifest);
  if (fault) throw new TypeError(`channels: ${fault}`);
  return manifest;
};

const run = async (entries: Map<string, Entry>, id: number, call: GuardCall): Promise<void> => {
  let decided = false;
  const { agent, channel, message } = argumentsFor(call, setup.rules, {
    decided(decision) {
      decided = true;
      say({ kind: "decided", id, decision: JSON.stringify(decision) });
    },
    ignored: (verdict) => say({ kind: "ignored", id, verdict }),
  });
  try {
    const guards = entries.get(call.entry);
    const handler = guards?.[call.handler] as (...args: unknown[]) => unknown;
    const args = channel === undefined ? [agent] : message === undefined ? [channel, agent] : [channel, agent, message];
    const returned = handler.apply(guards, args);
    await returned;
    // A delivery guard drops a message by not delivering it; one that is async has then said so by returning. Nobody
    // waits for a verdict of onDisconnect.
    const silent =
      call.handler === "onDisconnect" || (call.handler === "onMessageReceived" && returned instanceof Promise);
    if (silent && !decided) {
      say({ kind: "decided", id, decision: JSON.stringify({ permitted: true, subscribe: [], publish: [] }) });
    }
  } catch (error) {
    say({ kind: "failed", id, detail: detailOf(error) });
  }
};

const start = async (): Promise<void> => {
  const module = ((await import(setup.module)) as { default?: unknown }).default;
  if (typeof module !== "object" || module === null) throw new TypeError("the guard module must default-export its guards");
  const entries = entriesOf(module);
  const manifest = manifestOf(entries);
  port?.on("message", (message: ToWorker) => {
    if (message.kind === "probe") return say({ kind: "alive" });
    const { id } = message;
    const call = JSON.parse(message.call) as GuardCall;
    begin(id, () => void run(entries, id, call));
    if (call.handler === "onMessageReceived") say({ kind: "begun", id });
  });
  say({ kind: "loaded", manifest });
};

start().catch((error: unknown) => say({ kind: "not loaded", detail: detailOf(error) }));
