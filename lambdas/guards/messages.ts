import type { Denied, Permitted } from "../ports.js";
import type { ChannelRules } from "../subscriptions/channel-rules.js";
import type { HandlerName, Manifest } from "../../protocol/guard-manifest.js";
import type { Json, RequestedMessage } from "../../protocol/index.js";
import type { AgentData, DenialCode } from "./contract.js";
import type { ErrorReport } from "./error-report.js";

/** A call of a guard. It is sent as JSON, so that it holds plain data only. */
export interface GuardCall {
  handler: HandlerName;
  /** The guard's entry: `DEFAULT_ENTRY`, a channel or a pattern. */
  entry: string;
  agent: AgentData;
  channel?: string;
  message?: RequestedMessage;
  /** The client's token of a subscription, history or presence request. Never in a log. */
  token?: Json;
  /** The state that the agent wants to have on a channel with presence. */
  state?: Json;
}

/** The log's fields about a call. */
export type About = Pick<GuardCall, "channel"> & { guard: HandlerName; agent: string; uuid?: string };

/** Selects the log's fields about a call. */
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

/** A guard's decision. A delivery is `permitted` with the message in `publish`, or with none if it was dropped. */
export type Decision = Permitted | (Omit<Denied, "code"> & { code?: DenialCode });

/** From the main thread to the worker. */
export type ToWorker =
  | { kind: "call"; id: number; call: string }
  | { kind: "probe" }
  /** The result of a `read`: a replay as JSON, or an error. */
  | { kind: "read"; id: number; replay: string }
  | { kind: "not read"; id: number; error: string };

/** From the worker to the main thread. */
export type FromWorker =
  | { kind: "loaded"; manifest: Manifest }
  | { kind: "not loaded"; detail: string }
  /** A delivery guard has started, and has yielded the thread for the first time. */
  | { kind: "begun"; id: number }
  | { kind: "decided"; id: number; decision: string }
  | ({ kind: "failed"; id: number } & ErrorReport)
  | { kind: "ignored"; id: number; verdict: string; about: About }
  /** A guard reads a history: a query as JSON. */
  | { kind: "read"; id: number; query: string }
  | { kind: "alive" };

/** The data that a worker starts with. */
export interface WorkerSetup {
  /** File URL of the developer's bundled module. */
  module: string;
  /** The deployment's rules for names of channels. */
  rules: ChannelRules;
  /** One shared 32-bit integer: the id of the call whose code ran last, which is responsible if the worker dies. */
  begun: SharedArrayBuffer;
}
