import { type JsonObject, isJsonObject } from "../lib/json.js";
import type { Code, Json, Position } from "../../protocol/index.js";
import { MAX_CREDENTIALS_BYTES } from "./handshakes.js";
import { hasLargeToken, type Target, own, pingContent, targetOf, targetsOf, uuidIn } from "./frame-fields.js";
import * as names from "./protocol-rules.js";
import * as policy from "./policy.js";
import type { ContentCheck, ExpectedAnswer, Prediction, Publication } from "./prediction.js";

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

const ERROR = "/meta/error";

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const answers = (list: ExpectedAnswer[], more: Partial<Prediction> = {}): Prediction => ({
  outcome: { kind: "answers", answers: list, closes: false },
  subscribe: [],
  unsubscribe: [],
  publish: [],
  messages: 0,
  ...more,
});
const bad = (of: unknown, channel = ERROR): Prediction =>
  answers([{ channels: [...new Set([ERROR, channel])], ...uuidIn(of), code: "bad_frame" }]);

const CODES: Partial<Record<policy.GuardDecision, Code>> = {
  deny: "denied",
  throw: "guard_failed",
  silent: "guard_timeout",
};

/** The guard's decision on a subscription. A wildcard also needs the permission of all channels below it. */
const subscriptionRuling = (name: string): policy.GuardDecision => {
  if (
    name === policy.PRIVATE_CHANNEL ||
    (name.endsWith("/*") && names.matchesSubscription(name, policy.PRIVATE_CHANNEL))
  )
    return "deny";
  return policy.decisionOn("subscribe", name);
};

/** A query with a token that is too large. */
const tooLarge = (meta: string, frame: JsonObject, about: string): Prediction =>
  answers([{ channels: [meta], ...uuidIn(frame), about, code: "too_large" }]);

/** Why a channel of a subscribe frame is refused before its guard is asked. */
const targetCode = (name: string, targets: readonly Target[]): Code | undefined => {
  const has = (fault: "invalidSince" | "invalidLast" | "largeToken"): boolean => targets.some((each) => each[fault]);
  if ((has("invalidSince") && policy.hasHistory(name)) || has("invalidLast")) return "bad_frame";
  if (has("largeToken")) return "too_large";
  if (policy.hasHistory(name) || targets.every(({ last }) => last === undefined)) return undefined;
  return name.endsWith("/*") ? "wildcard" : "no_history";
};

/** A query about a channel. Its subscription guard decides. */
const question = (
  meta: string,
  frame: JsonObject,
  content: Extract<ContentCheck, { kind: "history" | "presence" }>,
): Prediction => {
  const { channel, kind } = content;
  const [can, none]: [boolean, Code] =
    kind === "history" ? [policy.hasHistory(channel), "no_history"] : [policy.hasPresence(channel), "no_presence"];
  const code =
    names.checkSubscriptionName(channel, policy.WILDCARDS) ?? (can ? CODES[subscriptionRuling(channel)] : none);
  const prediction = answers([
    { channels: [meta], ...uuidIn(frame), about: channel, ...(code ? { code } : { content: content }) },
  ]);
  return { ...prediction, asking: kind };
};

const history = (frame: JsonObject): Prediction => {
  const meta = "/meta/history";
  const target = targetOf(own(frame, "data"));
  const data = own(frame, "data");
  if (!target || target.invalidSince || !isJsonObject(data)) return bad(frame, meta);
  const [limit = 100, reverse = false] = [own(data, "limit"), own(data, "reverse")];
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > 100 || typeof reverse !== "boolean")
    return bad(frame, meta);
  const { channel, since, largeToken } = target;
  if (largeToken) return tooLarge(meta, frame, channel);
  return question(meta, frame, { kind: "history", channel, ...(since && { since }), limit: limit as number, reverse });
};

const presence = (frame: JsonObject): Prediction => {
  const meta = "/meta/presence";
  const data = own(frame, "data");
  const [channel, after = ""] = isJsonObject(data) ? [own(data, "channel"), own(data, "after")] : [];
  if (typeof channel !== "string" || typeof after !== "string" || after.length > names.MAX_AFTER_LENGTH)
    return bad(frame, meta);
  if (hasLargeToken(data as JsonObject)) return tooLarge(meta, frame, channel);
  return question(meta, frame, { kind: "presence", channel, after });
};

const subscription = (frame: JsonObject, action: "subscribe" | "unsubscribe"): Prediction => {
  const meta = `/meta/${action}`;
  const wanted = targetsOf(own(frame, "data"));
  if (!wanted) return bad(frame, meta);
  const base = { channels: [meta], ...uuidIn(frame) };
  if (wanted.length > names.MAX_ITEMS_PER_FRAME)
    return answers([{ ...base, channels: [meta, ERROR], code: "too_many" }]);
  const granted = new Map<string, string[]>();
  const refused: ExpectedAnswer[] = [];
  for (const name of new Set(wanted.map(({ channel }) => channel))) {
    const ruled = action === "subscribe" ? subscriptionRuling(name) : policy.decisionOn("unsubscribe", name);
    const fault =
      action === "subscribe"
        ? targetCode(
            name,
            wanted.filter(({ channel }) => channel === name),
          )
        : undefined;
    const code = names.checkSubscriptionName(name, policy.WILDCARDS) ?? fault ?? CODES[ruled];
    if (code) refused.push({ ...base, about: name, code });
    else
      for (const each of action === "subscribe" ? [name, ...policy.stagedSubscriptions(name)] : [name])
        granted.set(each, [...(granted.get(each) ?? []), name]);
  }
  const since = (name: string): Position[] =>
    wanted.flatMap((each) => (each.channel === name && each.since ? each.since : []));
  const permitted = [...granted].map(([about, by]): ExpectedAnswer => {
    if (action === "unsubscribe") return { ...base, about };
    const last = wanted.findLast((each) => each.channel === about && each.last !== undefined)?.last;
    return {
      ...base,
      about,
      grantedBy: by,
      content: { kind: "subscribed", channel: about, since: since(about), last },
    };
  });
  return answers([...permitted, ...refused], { [action]: [...granted.keys()] });
};

const isMessage = (value: unknown): value is JsonObject & { uuid: string; channel: string; data: Json } =>
  isJsonObject(value) &&
  names.isUuid(own(value, "uuid")) &&
  typeof own(value, "channel") === "string" &&
  Object.hasOwn(value, "data") &&
  ["echo", "ephemeral"].every((flag) => !Object.hasOwn(value, flag) || typeof value[flag] === "boolean");

/** Whether a message fits a frame, and a history answer too. */
const fits = ({ channel, uuid, data, fingerprint }: Publication): boolean => {
  // A history answer has space for the time of acceptance; a delivery has not.
  const added =
    fingerprint === undefined ? { at: 9_999_999_999_999 } : { offset: 9_999_999_999_999, epoch: "x".repeat(24) };
  return (
    Buffer.byteLength(JSON.stringify({ channel, uuid, data, ...added })) <=
    names.MAX_FRAME_BYTES - (fingerprint === undefined ? 0 : 1_024)
  );
};

/** Whether a message reuses the uuid of a different message of its frame, on a channel with history. */
const isReuse = (publish: readonly Publication[], all: readonly Publication[]): boolean =>
  all.some(({ channel, uuid, fingerprint }) =>
    publish.some(
      (each) =>
        each.fingerprint !== undefined &&
        fingerprint !== undefined &&
        each.channel === channel &&
        each.uuid === uuid &&
        each.fingerprint !== fingerprint,
    ),
  );

const publication = (frame: JsonObject): Prediction => {
  const list: unknown = Object.hasOwn(frame, "messages") ? frame["messages"] : [frame];
  if (!Array.isArray(list) || list.length === 0) return bad(frame);
  if (list.length > names.MAX_ITEMS_PER_FRAME) {
    const told = list.slice(0, names.MAX_ITEMS_PER_FRAME);
    return answers(told.map((each) => ({ channels: [ERROR], ...uuidIn(each), code: "too_many" })));
  }
  if (!list.every(isMessage)) {
    return answers(list.map((each) => ({ channels: [ERROR], ...uuidIn(each), code: "bad_frame" })));
  }
  const publish: Publication[] = [];
  const told = list.map(({ uuid, channel, data, echo, ephemeral }): ExpectedAnswer => {
    const code = names.checkPublicationName(channel) ?? CODES[policy.decisionOn("publish", channel)];
    if (code) return { channels: [ERROR], uuid, code };
    const fingerprint = JSON.stringify([channel, data]);
    const all = policy.targetChannels(channel).map((each) => ({
      channel: each,
      uuid,
      data,
      echo: echo !== false,
      ...(ephemeral === true ? { ephemeral } : policy.hasHistory(each) && { fingerprint }),
    }));
    if (!all.every(fits)) return { channels: [ERROR], uuid, code: "too_large" };
    if (isReuse(publish, all)) return { channels: [ERROR], uuid, code: "uuid_reused" };
    publish.push(...all);
    const content: ContentCheck = { kind: "stored", channel, uuid, data, fingerprint };
    return {
      channels: ["/meta/successful"],
      uuid,
      ...(all.length === 0 ? { data: policy.RESULT } : {}),
      ...(policy.hasHistory(channel) && ephemeral !== true && all.length > 0 && { content: content }),
    };
  });
  return answers(told, { publish, messages: list.length });
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

/** Predicts a frame of a connected agent. */
const forAgent = (self: ConnectionFields, action: unknown, frame: JsonObject | undefined): Prediction => {
  if (!frame) return bad(undefined);
  if (typeof action !== "string") return bad(frame);
  if (action === "publish" || action === "send") return publication(frame);
  if (
    !["connect", "heartbeat", "history", "ping", "presence", "refresh", "subscribe", "unsubscribe"].includes(action)
  ) {
    return answers([{ channels: [ERROR], ...uuidIn(frame), code: "unknown_action" }]);
  }
  const meta = action === "heartbeat" ? "/meta/ping" : `/meta/${action}`;
  if (!names.isUuid(own(frame, "uuid")) || own(frame, "channel") !== meta) return bad(frame, meta);
  if (action === "subscribe" || action === "unsubscribe") return subscription(frame, action);
  if (action === "refresh") return renewal(self, frame);
  if (action === "history") return history(frame);
  if (action === "presence") return presence(frame);
  const content = action === "connect" ? undefined : pingContent(frame);
  if (action !== "connect" && !content) return bad(frame, meta);
  const told = answers([{ channels: [meta], ...uuidIn(frame), data: self, ...(content && { content: content }) }]);
  // A heartbeat is answered only if there is news, which the books of other agents decide.
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
    : forAgent({ agent, userId: policy.userOf(name) }, action, frame);
  return action === "send" ? { ...prediction, outcome: { kind: "silence" } } : prediction;
};
