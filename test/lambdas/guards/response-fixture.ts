import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { type AgentData, type GuardRequest, VERDICTS } from "../../../lambdas/guards/contract.js";
import { readDecision, readDeliveries } from "../../../lambdas/guards/response.js";
import { NOW } from "../support/fakes.js";

/** An agent as a guard function sees it. */
const agentData = (uuid: string): AgentData => ({
  uuid,
  credentials: "sent",
  isConnected: true,
  connection: { id: "c1", sourceIp: "203.0.113.7", userAgent: "test" },
});

/** The agents that a request to `onMessageReceived` names. */
export const RECIPIENTS = ["a1", "a2", "a3"];

/** A request to each guard. */
export const requestTo = (guard: HandlerName): GuardRequest => {
  const about = { channel: "stories/5" };
  const message = { message: { channel: "stories/5", uuid: "m1", data: "hello" } };
  const request: GuardRequest = { version: 1, guard, timeoutMs: 1_000, wildcards: ["stories/*"] };
  switch (guard) {
    case "onConnectionRequest":
    case "onDisconnect":
      return { ...request, agent: agentData("a1") };
    case "onSubscriptionRequest":
    case "onUnsubscriptionRequest":
      return { ...request, ...about, agent: agentData("a1") };
    case "onPresenceRequest":
      return { ...request, ...about, state: { typing: true }, agent: agentData("a1") };
    case "onPublicationRequest":
      return { ...request, ...about, ...message, agent: agentData("a1") };
    case "onMessageReceived":
      return { ...request, ...about, ...message, recipients: RECIPIENTS.map(agentData) };
  }
};

/** The names of all guards. */
export const GUARDS = Object.keys(VERDICTS) as HandlerName[];

/** The result of reading the response of `guard`. A string is the response's text; any other value becomes JSON. */
export const read = (response: unknown, guard: HandlerName, request = requestTo(guard)) => {
  const text = typeof response === "string" ? response : JSON.stringify(response);
  return guard === "onMessageReceived"
    ? readDeliveries(text, request)
    : readDecision(text, request, NOW, DEFAULT_LIMITS);
};

/** The decision in a valid response of version 1. */
export const decision = (response: object, guard: HandlerName) => {
  const got = read({ version: 1, ...response }, guard);
  if ("fault" in got) throw new Error(got.fault);
  return got.value;
};

/** The fault of a response, or undefined if it is valid. */
export const faultOf = (response: unknown, guard: HandlerName): string | undefined => {
  const got = read(response, guard);
  return "fault" in got ? got.fault : undefined;
};

/** `count` entries for a response's `publish`. */
export const publications = (count: number) => Array.from({ length: count }, () => ({ channel: "a", data: 1 }));
