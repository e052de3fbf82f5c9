import { DEFAULT_LIMITS, type Json } from "../../../protocol/index.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { argumentsFor } from "../../../lambdas/guards/guard-context.js";
import type { Decision, GuardCall } from "../../../lambdas/guards/messages.js";

/** A call of `handler` as the main thread makes it. */
export const callOf = (handler: HandlerName, more: Partial<GuardCall> = {}): GuardCall => ({
  handler,
  entry: "",
  agent: { uuid: "agent-1", isConnected: true, connection: { id: "c1", sourceIp: "203.0.113.7", userAgent: "test" } },
  ...(/Subscription|Unsubscription|Publication|Presence|Message/.test(handler) ? { channel: "stories/5" } : {}),
  ...(/Publication|Message/.test(handler) ? { message: { channel: "stories/5", uuid: "m1", data: "hello" } } : {}),
  ...(/Presence/.test(handler) ? { state: { typing: true } } : {}),
  ...more,
});

/** The arguments of one guard call, the decisions of the guard and the verdicts that were ignored. */
export const guardCall = (
  handler: HandlerName,
  more: Partial<GuardCall> & { credentials?: Json } = {},
  limits = DEFAULT_LIMITS,
) => {
  const { credentials, ...rest } = more;
  const call = callOf(handler, rest);
  if (credentials !== undefined) call.agent.credentials = credentials;
  const decisions: Decision[] = [];
  const ignored: string[] = [];
  const { agent, channel, message } = argumentsFor(
    call,
    { wildcards: ["stories/*"], limits },
    {
      decided: (decision) => decisions.push(JSON.parse(JSON.stringify(decision)) as Decision),
      ignored: (verdict) => ignored.push(verdict),
    },
  );
  return {
    agent,
    // Guards that get no channel or message do not use these two, but the tests of misuse do.
    channel: channel ?? agent.channel("stories/5"),
    message: message ?? { channel: "stories/5", uuid: "m1", data: "hello" },
    decisions,
    ignored,
  };
};
