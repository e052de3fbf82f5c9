import type { Denied, Permitted } from "../ports.js";
import type { ChannelRules } from "../subscriptions/channel-rules.js";
import type { HandlerName, Manifest } from "../../protocol/guard-manifest.js";
import type { Message } from "../../protocol/index.js";
import type { AgentData } from "./contract.js";
import type { ErrorReport } from "./error-report.js";

/** What a guard is asked to decide. Travels as JSON, so that nothing in it can surprise. */
export interface GuardCall {
  handler: HandlerName;
  /** Whose guard: `DEFAULT_ENTRY`, a channel or a pattern. */
  entry: string;
  agent: AgentData;
  channel?: string;
  message?: Message;
}

/** What a call is about, as the log says it. */
export type About = Pick<GuardCall, "channel"> & { guard: HandlerName; agent: string; uuid?: string };

/** What the log says that a call is about. */
export const aboutOf = ({
  handler,
  agent,
  channel,
  message,
}: Pick<GuardCall, "handler" | "agent" | "channel" | "message">): About => ({
  guard: handler,
  agent: agent.uuid,
  ...(channel === undefined ? {} : { channel }),
  ...(message === undefined ? {} : { uuid: message.uuid }),
});

/** What a guard decided. A delivery is `permitted` with the message in `publish`, or with none when it was dropped. */
export type Decision = Permitted | Omit<Denied, "code">;

/** From the main thread to the worker. */
export type ToWorker =
  | { kind: "call"; id: number; call: string }
  | { kind: "probe" }
  /** What came of a `read`: a replay as JSON, or why there is none. */
  | { kind: "read"; id: number; replay: string }
  | { kind: "not read"; id: number; error: string };

/** From the worker to the main thread. */
export type FromWorker =
  | { kind: "loaded"; manifest: Manifest }
  | { kind: "not loaded"; detail: string }
  /** A delivery guard has begun, and has let go of the thread for the first time. */
  | { kind: "begun"; id: number }
  | { kind: "decided"; id: number; decision: string }
  | ({ kind: "failed"; id: number } & ErrorReport)
  | { kind: "ignored"; id: number; verdict: string; about: About }
  /** A guard wants to read a history: a query as JSON. */
  | { kind: "read"; id: number; query: string }
  | { kind: "alive" };

/** What a worker is started with. */
export interface WorkerSetup {
  /** File URL of the developer's bundled module. */
  module: string;
  /** What channels there can be. */
  rules: ChannelRules;
  /** One 32-bit integer, shared: the id of the call whose code ran last, so that a worker that died can be blamed on it. */
  begun: SharedArrayBuffer;
}
