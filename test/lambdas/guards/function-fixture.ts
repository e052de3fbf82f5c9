import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import type { GuardRequest } from "../../../lambdas/guards/contract.js";
import { DeveloperGuards } from "../../../lambdas/guards/developer-guards.js";
import { FunctionRunner, type GuardFunctions } from "../../../lambdas/guards/function-runner.js";
import type { Invoked } from "../../../lambdas/guards/invoke-with-retry.js";
import { DEFAULT_TIMEOUTS } from "../../../protocol/deployment-defaults.js";
import { agentOf, messageOf, NOW, TestLog } from "../support/fakes.js";

/** The function of every handler. */
export const ALL = "arn:aws:lambda:eu-west-1:123456789012:function:all";
/** The function for subscriptions to private channels. */
export const PRIVATE = "arn:aws:lambda:eu-west-1:123456789012:function:private";

/** Every handler, and one with a function of its own for a pattern. */
const FUNCTIONS: GuardFunctions = {
  "": {
    onConnectionRequest: ALL,
    onSubscriptionRequest: ALL,
    onPublicationRequest: ALL,
    onUnsubscriptionRequest: ALL,
    onPresenceRequest: ALL,
    onMessageReceived: ALL,
    onDisconnect: ALL,
  },
  "private/*": { onSubscriptionRequest: PRIVATE },
};

/** A call of a function. */
export interface Asked {
  arn: string;
  request: GuardRequest;
  timeoutMs: number;
  asynchronous: boolean;
}

/** The milliseconds by which the test's time is ahead of the machine's clock. */
let took = 0;

/** Moves the test's time ahead by some milliseconds. */
export const spend = (milliseconds: number): void => void (took += milliseconds);

const timing = { now: () => performance.now() + took, soon: setImmediate };

/** Guards that are functions with scripted answers. */
export const setUp = (answer: (asked: Asked) => object | Invoked, functions = FUNCTIONS) => {
  took = 0;
  const asked: Asked[] = [];
  const log = new TestLog();
  const runner = new FunctionRunner({
    functions,
    wildcards: ["stories/*", "private/*"],
    limits: DEFAULT_LIMITS,
    clock: { now: () => NOW, random: () => 0, sleep: () => Promise.resolve() },
    timing,
    log,
    invoke: async (arn, payload, options) => {
      const one = { arn, request: JSON.parse(payload) as GuardRequest, ...options };
      asked.push(one);
      const given = answer(one);
      return "kind" in given ? given : { kind: "answered", payload: JSON.stringify({ version: 1, ...given }) };
    },
  });
  return { asked, log, runner, guards: new DeveloperGuards(runner, DEFAULT_TIMEOUTS, log) };
};

/** The agent about which the guards are asked. */
export const agent = agentOf("c1", { credentials: { name: "Ada" }, info: 1, userId: "ada", expiresAt: NOW + 60_000 });

/** The message about which the guards are asked. */
export const message = messageOf("stories/5");
