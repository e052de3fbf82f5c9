import { type JsonObject, isJsonObject } from "../lib/json.js";
import type { Code, Json } from "../../protocol/index.js";
import { answers, bad, ERROR } from "./build-prediction.js";
import { MAX_CREDENTIALS_BYTES } from "./handshakes.js";
import { own, pingContent, uuidIn } from "./frame-fields.js";
import { publication } from "./predict-publication.js";
import { history, presence, state, subscription } from "./predict-subscription.js";
import * as names from "./protocol-rules.js";
import * as policy from "./policy.js";
import type { Prediction } from "./prediction.js";

/*
 * Predicts the answers and effects of a frame by docs/PROTOCOL.md. Shares only types with the server, or it could not
 * find errors that both make.
 */

/** The sender of a frame. */
export interface Sender {
  /** The id of its agent; absent: the socket was denied. */
  agent?: string;
  /** The name in its credentials. */
  name?: string;
  /** The code of its denial. */
  denied?: Code;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The fields of a connected agent in answers; `undefined`: the field is missing. */
interface ConnectionFields extends Record<string, Json | undefined> {
  agent: string;
  userId: string | undefined;
}

/** A denied renewal closes the connection. Otherwise the agent is renewed, or stays unchanged. */
const renewal = (self: ConnectionFields, frame: JsonObject): Prediction => {
  const meta = "/meta/refresh";
  const data = own(frame, "data") ?? (Object.hasOwn(frame, "data") ? null : {});
  if (!isJsonObject(data)) return bad(frame, meta);
  const credentials = own(data, "credentials");
  const base = { channels: [meta], ...uuidIn(frame) };
  const large = credentials !== undefined && Buffer.byteLength(JSON.stringify(credentials)) > MAX_CREDENTIALS_BYTES;
  if (large) return answers([{ ...base, code: "too_large" }]);
  const pass = isJsonObject(credentials) ? own(credentials, "pass") : undefined;
  if (pass === policy.CRASHING_CREDENTIALS) return answers([{ ...base, code: "guard_failed" }]);
  if (pass !== policy.PASSWORD) {
    return answers([], { outcome: { kind: "answers", answers: [{ ...base, code: "denied" }], closes: true } });
  }
  const moment = isJsonObject(credentials) && own(credentials, "for") === "moment";
  return answers([{ ...base, data: self }], { renews: moment ? "moment" : "long" });
};

/** The actions of requests on a meta channel. */
const META_ACTIONS = new Set([
  "connect",
  "heartbeat",
  "history",
  "ping",
  "presence",
  "refresh",
  "state",
  "subscribe",
  "unsubscribe",
]);

/** The meta channels that are not named as their action. */
const META_CHANNELS: Partial<Record<string, string>> = { heartbeat: "ping", state: "presence" };

/** Predicts a frame of a connected agent. */
const forAgent = (self: ConnectionFields, name: string, action: unknown, frame: JsonObject | undefined): Prediction => {
  if (!frame) return bad(undefined);
  if (typeof action !== "string") return bad(frame);
  if (action === "publish" || action === "send") return publication(frame, { agent: self.agent, name });
  if (!META_ACTIONS.has(action)) return answers([{ channels: [ERROR], ...uuidIn(frame), code: "unknown_action" }]);
  const meta = `/meta/${META_CHANNELS[action] ?? action}`;
  if (!names.isUuid(own(frame, "uuid")) || own(frame, "channel") !== meta) return bad(frame, meta);
  if (action === "subscribe" || action === "unsubscribe") return subscription(frame, action);
  if (action === "refresh") return renewal(self, frame);
  if (action === "history") return history(frame);
  if (action === "presence") return presence(frame);
  if (action === "state") return state(frame);
  const content = action === "connect" ? undefined : pingContent(frame, action === "heartbeat");
  if (action !== "connect" && !content) return bad(frame, meta);
  const told = answers([{ channels: [meta], ...uuidIn(frame), data: self, ...(content && { content: content }) }]);
  // A heartbeat is answered only if there is news, which the models decide.
  const prediction: Prediction =
    action === "heartbeat" && told.outcome.kind === "answers"
      ? { ...told, outcome: { ...told.outcome, optional: true } }
      : told;
  return content && content.positions.length + content.present.length > 0
    ? { ...prediction, asking: "pong" }
    : prediction;
};

/** Predicts a frame of a denied socket: each frame gets the denial, and `connect`, `ping` or `heartbeat` closes it. */
const forDenied = (code: Code, action: unknown, frame: JsonObject | undefined): Prediction => {
  const list = frame && own(frame, "messages");
  const about: unknown[] = Array.isArray(list) && list.length > 0 ? list.slice(0, names.MAX_ITEMS_PER_FRAME) : [frame];
  const closes = action === "connect" || action === "ping" || action === "heartbeat";
  const told = (closes ? [frame] : about).map((each) => ({ channels: ["/meta/connect"], ...uuidIn(each), code }));
  const prediction = answers(told);
  return { ...prediction, outcome: { kind: "answers", answers: told, closes } };
};

/**
 * Predicts the effects of a text frame, in one frame or in fragments.
 * @param text the received text, with invalid UTF-8 replaced
 */
export const predict = (text: string, { agent = "", name = "", denied }: Sender): Prediction => {
  const value = parsed(text);
  // API Gateway selects the route before any check of size or depth.
  const action = isJsonObject(value) ? own(value, "action") : undefined;
  const readable = Buffer.byteLength(text) <= names.MAX_FRAME_BYTES && names.depthOf(value) <= names.MAX_JSON_DEPTH;
  const frame = readable && isJsonObject(value) ? value : undefined;
  const prediction = denied
    ? forDenied(denied, action, frame)
    : forAgent({ agent, userId: policy.userOf(name) }, name, action, frame);
  return action === "send" ? { ...prediction, outcome: { kind: "silence" } } : prediction;
};
