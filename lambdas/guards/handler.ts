import { DEFAULT_LIMITS } from "../../protocol/index.js";
import { entriesFor, HANDLERS } from "../../protocol/guard-manifest.js";
import { combineVerdicts } from "./combine-verdicts.js";
import type { Guards } from "./types.js";
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

/** What a guard handler needs of Lambda's context. */
export interface GuardContext {
  getRemainingTimeInMillis?(): number;
}

/** How much sooner than its caller a guard function gives up, so that its error still arrives: a share of the time, and at most so many milliseconds. */
const EARLIER = { share: 0.1, atMostMs: 100 };

const NOTHING: Decision = { permitted: true, subscribe: [], publish: [] };

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const outOfTime = ({ handler, channel }: GuardCall): Error =>
  named("GuardTimeout", `${handler}${channel === undefined ? "" : ` of ${channel}`} gave no verdict in time`);

/** Settles with what `work` comes to, or rejects when `timeoutMs` are over before. */
const withTimeout = async <T>(work: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(late()), timeoutMs)));
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** The closing verdict of one handler. Its arguments are copies: what it does to them no other handler sees. */
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
    // Names beyond what the deployment allows are refused where the response is read.
    const args = argumentsFor(
      call,
      { wildcards, limits: DEFAULT_LIMITS },
      {
        decided(decision) {
          decided = true;
          // What the guard does later to what it gave changes nothing.
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
      reject(named("GuardFailed", `${call.handler} failed; the log of this function says how`));
    });
  });

/**
 * Turns guards, as a guard module exports them, into the handler of a guard Lambda: `Guards.fromLambda` takes the
 * function. What a handler throws is logged here, its message only where the function's log is in JSON and at debug level,
 * and fails the invocation without saying anything of it; so does a request that nothing here decides, or of a version that
 * is not known. A verdict ends the invocation: what a handler has not done by then may never be done.
 * @param guards as a guard module default-exports them. Throws when they cannot be
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
      throw named(
        "GuardVersion",
        `this guard function speaks version ${String(CONTRACT_VERSION)} of the contract, and no other`,
      );
    }
    const [first, ...others] = HANDLERS.includes(guard) ? entriesFor(manifest, guard, channel) : [];
    if (first === undefined) {
      throw named(
        "GuardMissing",
        `this guard function has no ${String(guard)}${channel === "" ? "" : ` for ${channel}`}`,
      );
    }
    return [first, ...others];
  };

  return async (request, context) => {
    const [first, ...others] = entriesOfRequest(request);
    const { guard: handler, channel, message, agent, recipients = [], wildcards, timeoutMs } = request;
    const about = { ...(channel === undefined ? {} : { channel }), ...(message === undefined ? {} : { message }) };
    const callFor = (entry: string, who: AgentData): GuardCall => ({ handler, entry, agent: who, ...about });
    const patience = Math.min(timeoutMs, context?.getRemainingTimeInMillis?.() ?? Infinity);
    const limit = patience - Math.min(EARLIER.atMostMs, patience * EARLIER.share);
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
    if (!agent) throw named("GuardRequest", "the request has no agent");
    // Nobody waits for onDisconnect: it may take what Lambda gives it.
    const ask = (entry: string): Promise<Decision> =>
      handler === "onDisconnect"
        ? decisionOf(entries, callFor(entry, agent), wildcards, log)
        : decide(callFor(entry, agent));
    const [decision, ...further] = await Promise.all([ask(first), ...others.map(ask)] as const);
    return responseOf(request, combineVerdicts([decision, ...further], channel));
  };
};
