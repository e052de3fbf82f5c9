import { type JsonObject, isJsonObject } from "../lib/json.js";
import type { Code, Json, Position } from "../../protocol/index.js";
import { answers, bad, CODES, ERROR } from "./build-prediction.js";
import { hasLargeToken, own, type Target, targetOf, targetsOf, uuidIn } from "./frame-fields.js";
import * as names from "./protocol-rules.js";
import * as policy from "./policy.js";
import type { ContentCheck, ExpectedAnswer, Prediction } from "./prediction.js";

/* Predicts requests that subscription guards decide, and the states of members. */

/** The guard's decision on a subscription. A wildcard also needs the permission of all channels below it. */
const subscriptionRuling = (name: string, token: Json | undefined): policy.GuardDecision => {
  const isWildcard = name.endsWith("/*");
  if (name === policy.PRIVATE_CHANNEL || (isWildcard && names.matchesSubscription(name, policy.PRIVATE_CHANNEL)))
    return "deny";
  if ((isWildcard && names.haveCommonChannel(name, policy.LOCKED_PATTERN)) || policy.lacksToken(name, token))
    return "deny";
  return policy.decisionOn("subscribe", name);
};

/** A query with a token that is too large. */
const tooLarge = (meta: string, frame: JsonObject, about: string): Prediction =>
  answers([{ channels: [meta], ...uuidIn(frame), about, code: "too_large" }]);

/** Why a channel of a subscribe frame is refused before its guard is asked. */
const targetCode = (name: string, targets: readonly Target[]): Code | undefined => {
  const has = (fault: "invalidSince" | "invalidLast" | "invalidPresent" | "largeToken"): boolean =>
    targets.some((each) => each[fault]);
  if ((has("invalidSince") && policy.hasHistory(name)) || has("invalidLast")) return "bad_frame";
  if (has("invalidPresent") && policy.hasPresence(name)) return "bad_frame";
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
  const data = own(frame, "data");
  const token = isJsonObject(data) ? (own(data, "token") as Json | undefined) : undefined;
  const { channel, kind } = content;
  const [can, none]: [boolean, Code] =
    kind === "history" ? [policy.hasHistory(channel), "no_history"] : [policy.hasPresence(channel), "no_presence"];
  const code =
    names.checkSubscriptionName(channel, policy.WILDCARDS) ?? (can ? CODES[subscriptionRuling(channel, token)] : none);
  const prediction = answers([
    { channels: [meta], ...uuidIn(frame), about: channel, ...(code ? { code } : { content: content }) },
  ]);
  return { ...prediction, asking: kind };
};

/** Predicts a `history` request. */
export const history = (frame: JsonObject): Prediction => {
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

/** Predicts a `presence` request. */
export const presence = (frame: JsonObject): Prediction => {
  const meta = "/meta/presence";
  const data = own(frame, "data");
  const [channel, after = ""] = isJsonObject(data) ? [own(data, "channel"), own(data, "after")] : [];
  if (typeof channel !== "string" || typeof after !== "string" || after.length > names.MAX_AFTER_LENGTH)
    return bad(frame, meta);
  if (hasLargeToken(data as JsonObject)) return tooLarge(meta, frame, channel);
  return question(meta, frame, { kind: "presence", channel, after });
};

/** Predicts a `state` request, as if the agent is a member. */
export const state = (frame: JsonObject): Prediction => {
  const meta = "/meta/presence";
  const data = own(frame, "data");
  const [channel, value] = isJsonObject(data) ? [own(data, "channel"), own(data, "state") as Json | undefined] : [];
  if (typeof channel !== "string" || value === undefined) return bad(frame, meta);
  const isLarge = Buffer.byteLength(JSON.stringify(value)) > names.MAX_STATE_BYTES;
  const refused = names.checkPublicationName(channel) ?? (policy.hasState(channel) ? undefined : "no_presence");
  // To remove a state, no verdict is needed.
  const ruled = value === null ? undefined : CODES[policy.decisionOnState(channel, value)];
  const code = refused ?? (isLarge ? "too_large" : ruled);
  const content: ContentCheck = { kind: "state", channel };
  return answers([{ channels: [meta], ...uuidIn(frame), about: channel, ...(code ? { code } : { content }) }], {
    asking: "state",
    ...(code === undefined && { sets: { channel, state: value } }),
  });
};

/** Predicts a `subscribe` or `unsubscribe` request. */
export const subscription = (frame: JsonObject, action: "subscribe" | "unsubscribe"): Prediction => {
  const meta = `/meta/${action}`;
  const wanted = targetsOf(own(frame, "data"));
  if (!wanted) return bad(frame, meta);
  const base = { channels: [meta], ...uuidIn(frame) };
  if (wanted.length > names.MAX_ITEMS_PER_FRAME)
    return answers([{ ...base, channels: [meta, ERROR], code: "too_many" }]);
  const granted = new Map<string, string[]>();
  const refused: ExpectedAnswer[] = [];
  const wishes = new Map<string, boolean>();
  for (const name of new Set(wanted.map(({ channel }) => channel))) {
    const targets = wanted.filter(({ channel }) => channel === name);
    // If a channel is named twice, the last token counts, and one wish is enough to be a member.
    const token = targets.findLast((each) => each.token !== undefined)?.token;
    wishes.set(
      name,
      targets.some(({ present }) => present !== false),
    );
    const ruled = action === "subscribe" ? subscriptionRuling(name, token) : policy.decisionOn("unsubscribe", name);
    const fault = action === "subscribe" ? targetCode(name, targets) : undefined;
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
      content: { kind: "subscribed", channel: about, since: since(about), last, present: wishes.get(about) },
    };
  });
  return answers([...permitted, ...refused], { [action]: [...granted.keys()], wishes });
};
