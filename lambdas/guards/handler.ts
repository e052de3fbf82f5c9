import { DEFAULT_LIMITS } from "../../protocol/index.js";
import { entriesFor, HANDLERS } from "../../protocol/guard-manifest.js";
import { combineVerdicts } from "./combine-verdicts.js";
import type { Guards } from "../../protocol/guards.js";
import { argumentsFor } from "./guard-context.js";
import {
  type AgentData,
  CONTRACT_VERSION,
  type DeliveryData,
  type GuardRequest,
  type GuardResponse,
} from "./contract.js";
import { deliveryOf, responseOf } from "./response-writer.js";
import { type HandlerLog, handlerLog } from "./handler-log.js";
import { aboutOf, type Decision, type GuardCall } from "./messages.js";
import { callHandler, isImplicitDrop, entriesOf, type ModuleEntries, manifestOf } from "./module.js";
import { errorReport } from "./error-report.js";

/** The part of Lambda's context that a guard handler uses. */
export interface GuardContext {
  getRemainingTimeInMillis?(): number;
}

/**
 * How much earlier than its caller a guard function times out, so that its error still arrives. It is a share of the
 * time, and at most some milliseconds.
 */
const TIMEOUT_MARGIN = { share: 0.1, atMostMs: 100 };

const NOTHING: Decision = { permitted: true, subscribe: [], publish: [] };

const namedError = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const outOfTime = ({ handler, channel }: GuardCall): Error =>
  namedError("GuardTimeout", `${handler}${channel === undefined ? "" : ` of ${channel}`} did not decide in time`);

/** Settles with `work`, or rejects after `timeoutMs`. */
const withTimeout = async <T>(work: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(late()), timeoutMs)));
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** The closing verdict of one handler. Its arguments are copies, so that other handlers do not see its changes. */
const decisionOf = (
  entries: ModuleEntries,
  given: GuardCall,
  wildcards: string[],
  log: HandlerLog,
): Promise<Decision> =>
  new Promise((resolve, reject) => {
    const call = JSON.parse(JSON.stringify(given)) as GuardCall;
    const about = aboutOf(given);
    let decided = false;
    // The caller checks the deployment's limits for names when it reads the response.
    const args = argumentsFor(
      call,
      { wildcards, limits: DEFAULT_LIMITS },
      {
        decided(decision) {
          decided = true;
          // A copy, so that later changes of the guard have no effect.
          resolve(JSON.parse(JSON.stringify(decision)) as Decision);
        },
        ignored: (verdict) => log.warn({ event: "guard_verdict_ignored", ...about, verdict }),
      },
    );
    const run = async (): Promise<void> => {
      const returned = callHandler(entries, call, args);
      await returned;
      if (!decided && isImplicitDrop(call.handler, returned)) resolve(NOTHING);
    };
    run().catch((error: unknown) => {
      const { detail, said } = errorReport(error);
      log.error({ event: "guard_failed", ...about, detail });
      log.debug({ event: "guard_said", ...about, said });
      reject(namedError("GuardFailed", `${call.handler} failed; see the log of this function`));
    });
  });

/**
 * Turns guards, as a guard module exports them, into the handler of a guard function: pass the function to
 * `Guards.fromLambda`. A handler's error is logged here; its message only if the log is in JSON and at debug level. The
 * error fails the invocation without its details. A request fails too if no guard here decides it, or if its version is
 * unknown. A verdict ends the invocation: unfinished work of a handler may never be done.
 * @param guards the default export of a guard module
 * @throws if the guards are invalid
 * @example
 * import { guardHandler } from "push-it-server/guards";
 * export const handler = guardHandler({
 *   onSubscriptionRequest(channel, agent) {
 *     if (!channel.isWildcard && channel.name === `private/${agent.userId}`) agent.subscribe(channel);
 *     else agent.subscriptionDenied(channel, "Not your channel.");
 *   },
 * });
 */
export const guardHandler = <Credentials = unknown>(guards: Guards<Credentials>): GuardHandler =>
  handlerOf(guards, handlerLog(process.env));

/** The handler of a guard Lambda. */
export type GuardHandler = (request: GuardRequest, context?: GuardContext) => Promise<GuardResponse | undefined>;

const handlerOf = <Credentials>(guards: Guards<Credentials>, log: HandlerLog): GuardHandler => {
  const entries = entriesOf(guards);
  const manifest = manifestOf(entries);

  const entriesOfRequest = ({ version, guard, channel = "" }: GuardRequest): [string, ...string[]] => {
    if (version !== CONTRACT_VERSION) {
      throw namedError(
        "GuardVersion",
        `this guard function supports only version ${String(CONTRACT_VERSION)} of the contract, not ${String(version)}`,
      );
    }
    const [first, ...others] = HANDLERS.includes(guard) ? entriesFor(manifest, guard, channel) : [];
    if (first === undefined) {
      throw namedError(
        "GuardMissing",
        `this guard function has no ${String(guard)}${channel === "" ? "" : ` for ${channel}`}`,
      );
    }
    return [first, ...others];
  };

  return async (request, context) => {
    const [first, ...others] = entriesOfRequest(request);
    const { guard: handler, channel, message, token, state, agent, recipients = [], wildcards, timeoutMs } = request;
    const about = {
      ...(channel === undefined ? {} : { channel }),
      ...(message === undefined ? {} : { message }),
      ...(token === undefined ? {} : { token }),
      ...(state === undefined ? {} : { state }),
    };
    const callFor = (entry: string, recipient: AgentData): GuardCall => ({
      handler,
      entry,
      agent: recipient,
      ...about,
    });
    const available = Math.min(timeoutMs, context?.getRemainingTimeInMillis?.() ?? Infinity);
    const limit = available - Math.min(TIMEOUT_MARGIN.atMostMs, available * TIMEOUT_MARGIN.share);
    const decide = (call: GuardCall): Promise<Decision> =>
      withTimeout(decisionOf(entries, call, wildcards, log), limit, () => outOfTime(call));

    if (handler === "onMessageReceived" && message) {
      const deliver = async (recipient: AgentData): Promise<DeliveryData[]> => {
        const call = callFor(first, recipient);
        try {
          const decision = await decide(call);
          return deliveryOf(recipient, message, decision.permitted ? decision.publish[0] : undefined);
        } catch (error) {
          if ((error as Error).name === "GuardTimeout") log.warn({ event: "guard_timeout", ...aboutOf(call) });
          return [];
        }
      };
      const deliveries = (await Promise.all(recipients.map(deliver))).flat();
      return { version: CONTRACT_VERSION, verdict: "deliver", channel: channel ?? message.channel, deliveries };
    }
    if (!agent) throw namedError("GuardRequest", "the request has no agent");
    // `onDisconnect` has no caller that waits: it may take the function's own timeout.
    const ask = (entry: string): Promise<Decision> =>
      handler === "onDisconnect"
        ? decisionOf(entries, callFor(entry, agent), wildcards, log)
        : decide(callFor(entry, agent));
    const [decision, ...further] = await Promise.all([ask(first), ...others.map(ask)] as const);
    return responseOf(request, combineVerdicts([decision, ...further], channel));
  };
};
