import {
  type Code,
  type Json,
  type Limits,
  MAX_STATE_BYTES,
  Meta,
  type Reply,
  type StateChange,
} from "../../protocol/index.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import type { Agent } from "../connection/agent.js";
import type { GuardPort } from "../ports.js";
import { isObject, type Parsed, readMeta } from "../requests/frame-parser.js";
import type { RateLimiter } from "../requests/rate-limiter.js";
import { failure, forChannel, success } from "../requests/replies.js";
import type { Settings } from "../settings.js";
import { publicationError } from "../subscriptions/channel-rules.js";
import type { PresenceRecorder } from "./presence-recorder.js";

/** The ports that changing a member's state uses. */
export interface PresenceStateDependencies {
  guards: Pick<GuardPort, "presence">;
  presence: Pick<PresenceRecorder, "setState">;
  settings: Pick<Settings, "channels"> & { limits: Pick<Limits, "channelLength" | "channelPunctuation"> };
  rate: Pick<RateLimiter, "take">;
}

const NO_STATE = "Members of this channel have no state.";
const NO_MEMBER = "This agent is not a member of the channel. Subscribe to it first.";
const TOO_LARGE = `A state may have at most ${MAX_STATE_BYTES} bytes of JSON.`;

/** Reads a `state` frame. */
export const readState = (body: string | null | undefined): Parsed<{ uuid: string } & StateChange> => {
  const read = readMeta(body, Meta.presence);
  if ("faults" in read) return read;
  const { uuid, data } = read.request;
  const { channel, state } = isObject(data) ? data : {};
  if (typeof channel === "string" && state !== undefined) return { request: { uuid, channel, state: state as Json } };
  const error = 'The frame must have a "data.channel" and a "data.state", which may be null.';
  return { faults: [failure(Meta.presence, uuid, "bad_frame", error)] };
};

const isTooLarge = (state: Json): boolean => Buffer.byteLength(JSON.stringify(state)) > MAX_STATE_BYTES;

/**
 * Changes the state of a member, if its guard permits it. A member may remove its own state without a verdict. The
 * subscribers are notified later, with all other changes of the channel.
 */
export const changeState = async (
  { guards, presence, settings, rate }: PresenceStateDependencies,
  agent: Agent,
  { uuid, channel, state }: { uuid: string } & StateChange,
): Promise<Reply> => {
  const refuse = (code: Code, reason?: string): Reply =>
    forChannel(channel, failure(Meta.presence, uuid, code, reason));
  const error = publicationError(channel, settings);
  if (error) return refuse(error);
  if (!channelSettings(settings.channels, channel).presenceState) return refuse("no_presence", NO_STATE);
  if (isTooLarge(state)) return refuse("too_large", TOO_LARGE);
  // The rate limit comes before the guard, which is the expensive part.
  if (rate.take(agent, 1) < 1) return refuse("rate_limited");
  let permitted = state;
  if (state !== null) {
    const verdict = await guards.presence(agent, { channel, uuid, data: state });
    if (!verdict.permitted) return refuse(verdict.code, verdict.reason);
    permitted = verdict.state;
    // A publication guard may have replaced it.
    if (isTooLarge(permitted)) return refuse("too_large", TOO_LARGE);
  }
  if (!(await presence.setState(agent, channel, permitted))) return refuse("no_presence", NO_MEMBER);
  return forChannel(channel, success(Meta.presence, uuid));
};
