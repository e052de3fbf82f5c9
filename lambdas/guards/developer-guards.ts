import type { GuardTimeouts, Json, Message, RequestedMessage } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { entriesFor, GUARD_SUBJECTS, type HandlerName } from "../../protocol/guard-manifest.js";
import type { Handshake } from "../connection/handshake.js";
import type { DeliveryVerdict, GuardPort, Log, Permitted, StateVerdict, Verdict } from "../ports.js";
import { truncateReason } from "../requests/truncate-reason.js";
import { combineVerdicts } from "./combine-verdicts.js";
import type { GuardCall } from "./messages.js";
import type { CallResult, GuardRunner } from "./runner.js";

/** The verdict of a call's result. Details of a failure are only in the log. */
const verdictOf = (handler: HandlerName, result: CallResult): Verdict => {
  const subject = GUARD_SUBJECTS[handler];
  if (result.kind === "timeout" || result.kind === "late") {
    return {
      permitted: false,
      code: "guard_timeout",
      reason: `The guard did not decide the ${subject} in time.`,
    };
  }
  if (result.kind === "failed") {
    return { permitted: false, code: "guard_failed", reason: `The guard of the ${subject} failed.` };
  }
  if (result.decision.permitted) return result.decision;
  return {
    permitted: false,
    code: result.decision.code ?? "denied",
    reason: truncateReason(result.decision.reason) || `The ${subject} was denied.`,
  };
};

/** The verdict without a guard. */
const open = (subscribe: string[] = [], publish: RequestedMessage[] = []): Permitted => ({
  permitted: true,
  subscribe,
  publish,
});

/** Guards of a deployment without guards: everything is permitted. */
export const openGuards: GuardPort = {
  connection: (agent) =>
    Promise.resolve({ ...open(), ...(agent.credentials === undefined ? {} : { credentials: agent.credentials }) }),
  subscription: (_agent, channel) => Promise.resolve(open([channel])),
  unsubscription: () => Promise.resolve(open()),
  publication: (_agent, message) => Promise.resolve(open([], [message])),
  presence: (_agent, { data }) => Promise.resolve({ permitted: true, state: data }),
  guardsDelivery: () => Promise.resolve(false),
  delivery: (_agent, message) => Promise.resolve(message),
  disconnected: () => Promise.resolve(),
  unloaded: () => false,
};

/**
 * The developer's guards, whether in a module or in functions: it selects the responsible guards and combines their
 * verdicts.
 */
export class DeveloperGuards implements GuardPort {
  readonly #runner: GuardRunner;
  readonly #timeouts: GuardTimeouts;
  readonly #log: Log;
  #unloaded = false;

  constructor(runner: GuardRunner, timeouts: GuardTimeouts, log: Log) {
    this.#runner = runner;
    this.#timeouts = timeouts;
    this.#log = log;
  }

  async connection(agent: Agent, isConnected = false, handshake?: Handshake): Promise<Verdict> {
    const asked = { ...agent, isConnected, ...(handshake && { handshake }) };
    return (await this.#decide("onConnectionRequest", asked)) ?? openGuards.connection(agent);
  }

  async subscription(agent: Agent, channel: string, token?: Json): Promise<Verdict> {
    return (await this.#decide("onSubscriptionRequest", agent, { channel, token })) ?? open([channel]);
  }

  async unsubscription(agent: Agent, channel: string): Promise<Verdict> {
    return (await this.#decide("onUnsubscriptionRequest", agent, { channel })) ?? open();
  }

  async publication(agent: Agent, message: RequestedMessage): Promise<Verdict> {
    return (
      (await this.#decide("onPublicationRequest", agent, { channel: message.channel, message })) ?? open([], [message])
    );
  }

  async presence(agent: Agent, message: Message): Promise<StateVerdict> {
    const { channel, data: state } = message;
    const own = await this.#decide("onPresenceRequest", agent, { channel, state });
    if (own) return own.permitted ? { permitted: true, state } : own;
    const verdict = await this.publication(agent, { ...message, isState: true });
    if (!verdict.permitted) return verdict;
    const published = verdict.publish.find((each) => each.channel === channel);
    // The guard accepted it, but would not deliver it on the channel.
    if (!published)
      return { permitted: false, code: "denied", reason: `The ${GUARD_SUBJECTS.onPresenceRequest} was denied.` };
    return { permitted: true, state: published.data };
  }

  async guardsDelivery(channel: string): Promise<boolean> {
    const manifest = await this.#runner.manifest(this.#timeouts.onMessageReceived);
    // If the guards cannot be loaded, every delivery is sent to them, and fails there.
    return typeof manifest !== "object" || entriesFor(manifest, "onMessageReceived", channel).length > 0;
  }

  async delivery(agent: Agent, message: Message, withinMs: number, begun?: () => void): Promise<DeliveryVerdict> {
    const subject = { channel: message.channel, message };
    const [result] = await this.#ask("onMessageReceived", agent, subject, withinMs, begun);
    if (!result) return message;
    // If the fan-out left less time than the guard's timeout, the recipient has missed a message, and must notice it.
    const cutShort = result.kind === "timeout" && withinMs < this.#timeouts.onMessageReceived;
    if (result.kind === "late" || cutShort) return "late";
    const verdict = this.#toVerdict("onMessageReceived", result, agent, subject);
    return verdict.permitted ? verdict.publish[0] : undefined;
  }

  async disconnected(agent: Agent): Promise<void> {
    await this.#decide("onDisconnect", agent);
  }

  unloaded(): boolean {
    const unloaded = this.#unloaded;
    this.#unloaded = false;
    return unloaded;
  }

  /** The combined verdict of all responsible entries; `undefined` if there is none. */
  async #decide(handler: HandlerName, agent: CallingAgent, subject: Subject = {}): Promise<Verdict | undefined> {
    const results = await this.#ask(handler, agent, subject);
    const [first, ...others] = results.map((result) => this.#toVerdict(handler, result, agent, subject));
    return first && combineVerdicts([first, ...others], subject.channel);
  }

  /**
   * The results of all responsible entries. If the guards cannot be loaded, the result is a failure.
   * @param withinMs maximum time in all, if the guard has to wait for others or runs again
   */
  async #ask(
    handler: HandlerName,
    agent: CallingAgent,
    subject: Subject,
    withinMs = this.#timeouts[handler],
    running?: () => void,
  ): Promise<CallResult[]> {
    const timeoutMs = Math.min(this.#timeouts[handler], withinMs);
    const begun = performance.now();
    const manifest = await this.#runner.manifest(timeoutMs);
    if (manifest === "timeout") return [{ kind: "timeout" }];
    if (!manifest) {
      this.#unloaded = true;
      return [{ kind: "failed", detail: "the guards could not be loaded" }];
    }
    const spent = performance.now() - begun;
    const remaining = Math.max(1, timeoutMs - spent);
    return Promise.all(
      entriesFor(manifest, handler, subject.channel ?? "").map((entry) =>
        this.#runner.run(callOf(handler, entry, agent, subject), remaining, withinMs - spent, running),
      ),
    );
  }

  #toVerdict(handler: HandlerName, result: CallResult, agent: Agent, { channel, message }: Subject): Verdict {
    const verdict = verdictOf(handler, result);
    if (!verdict.permitted) {
      const about = { ...(channel === undefined ? {} : { channel }), ...(message && { uuid: message.uuid }) };
      const fields = { guard: handler, agent: agent.uuid, ...about };
      if (result.kind === "failed") {
        this.#log.error("guard_failed", { ...fields, detail: result.detail });
        if (result.said !== undefined) this.#log.debug("guard_said", { ...fields, said: result.said });
      } else if (result.kind === "timeout" && !result.logged) this.#log.warn("guard_timeout", fields);
      else if (result.kind === "decided") this.#log.debug("guard_denied", { ...fields, reason: verdict.reason });
    }
    return verdict;
  }
}

/** The agent of a guard call; in a connection request it may be a renewal. */
type CallingAgent = Agent & { isConnected?: boolean; handshake?: Handshake };

/** The subject of a decision. */
type Subject = { channel?: string; message?: Message; token?: Json | undefined; state?: Json };

const callOf = (
  handler: HandlerName,
  entry: string,
  agent: CallingAgent,
  { channel, message, token, state }: Subject,
): GuardCall => ({
  handler,
  entry,
  agent: {
    uuid: agent.uuid,
    ...(agent.credentials === undefined ? {} : { credentials: agent.credentials }),
    ...(agent.info === undefined ? {} : { info: agent.info }),
    ...(agent.userId === undefined ? {} : { userId: agent.userId }),
    ...(agent.expiresAt === undefined ? {} : { expiresAt: agent.expiresAt }),
    isConnected: agent.isConnected ?? handler !== "onDisconnect",
    connection: { id: agent.connectionId, sourceIp: agent.sourceIp, userAgent: agent.userAgent, ...agent.handshake },
  },
  ...(channel === undefined ? {} : { channel }),
  ...(message === undefined ? {} : { message }),
  ...(token === undefined ? {} : { token }),
  ...(state === undefined ? {} : { state }),
});
