import { isWildcard } from "../../../../protocol/channel.js";
import type { Message, RequestedMessage } from "../../../../protocol/frames.js";
import {
  DEFAULT_ENTRY,
  entriesFor,
  HANDLERS,
  type HandlerName,
  type Manifest,
  manifestError,
  GUARD_SUBJECTS,
} from "../../../../protocol/guard-manifest.js";
import type { ChannelGuards, Guards as GuardModule } from "../../../../protocol/guards.js";
import type { HistoryQuery, Replay } from "../../../../protocol/history.js";
import type { Json } from "../../../../protocol/json.js";
import { MAX_REASON_BYTES } from "../../../../protocol/limits.js";
import type { Clock } from "../clock.js";
import { microtasks } from "../event-loop.js";
import type { Deployment } from "../options.js";
import { utf8 } from "../../platform/text.js";
import type { Agent, Denial, Peer } from "./agent.js";
import { type Decision, type GuardCall, guardArguments } from "./guard-arguments.js";

/** The verdict about a request: a denial, or the permitted effects. */
export type Verdict = ({ permitted: false } & Denial) | Permitted;

/** A request that is permitted. */
export type Permitted = Extract<Decision, { permitted: true }>;

/** The subject of a decision. */
interface Subject {
  channel?: string;
  message?: RequestedMessage;
  /** The last argument of the guard. */
  last?: unknown;
}

/** Guards for a fake without any: everything is permitted, and credentials may name the user. */
const OPEN: GuardModule = {
  onConnectionRequest(agent) {
    const { userId } = (agent.credentials ?? {}) as { userId?: unknown };
    agent.connected(typeof userId === "string" ? { userId } : {});
  },
};

/** Runs the guards of a module. A guard that throws, or does not decide in time, has not permitted anything. */
export class Guards {
  readonly #deployment: Deployment;
  readonly #clock: Clock;
  readonly #read: (query: HistoryQuery) => Replay;
  /** Called with the error of a guard that failed. Clients do not receive it. */
  readonly #failed: (guard: HandlerName, error: unknown) => void;
  #module: GuardModule = OPEN;
  #manifest: Manifest = {};

  constructor(
    deployment: Deployment,
    clock: Clock,
    read: (query: HistoryQuery) => Replay,
    failed: (guard: HandlerName, error: unknown) => void,
  ) {
    this.#deployment = deployment;
    this.#clock = clock;
    this.#read = read;
    this.#failed = failed;
    this.use(undefined);
  }

  /**
   * Replaces the guards, for all later requests.
   * @throws TypeError if the module is invalid
   */
  use(module: GuardModule | undefined): void {
    const chosen = module ?? OPEN;
    const entries = { [DEFAULT_ENTRY]: chosen as ChannelGuards, ...chosen.channels };
    const manifest: Manifest = Object.fromEntries(
      Object.entries(entries).map(([entry, guards]) => [
        entry,
        HANDLERS.filter((handler) => (guards as GuardModule)[handler] !== undefined),
      ]),
    );
    const fault = manifestError(manifest);
    if (fault) throw new TypeError(`guards.channels: ${fault}`);
    this.#module = chosen;
    this.#manifest = manifest;
  }

  async connection(peer: Peer, agent: Agent, isConnected: boolean): Promise<Verdict> {
    const verdict = await this.#decide("onConnectionRequest", peer, {}, { agent, isConnected });
    if (verdict) return verdict;
    const { credentials } = agent;
    return { ...permitted(), ...(credentials !== undefined && { credentials }) };
  }

  async subscription(peer: Peer, channel: string, token: Json | undefined): Promise<Verdict> {
    return (await this.#decide("onSubscriptionRequest", peer, { channel, last: token })) ?? permitted([channel]);
  }

  async unsubscription(peer: Peer, channel: string): Promise<Verdict> {
    return (await this.#decide("onUnsubscriptionRequest", peer, { channel })) ?? permitted();
  }

  async publication(peer: Peer, message: RequestedMessage): Promise<Verdict> {
    const { channel, data, isState } = message;
    const fault = this.#deployment.types?.fault(channel, isState ? "presence" : "message", data);
    if (fault) return { permitted: false, code: "bad_data", reason: fault };
    const verdict = await this.#decide("onPublicationRequest", peer, { channel, message, last: message });
    return verdict ?? permitted([], [message]);
  }

  /** The state that a member may have, or the denial. */
  async presence(
    peer: Peer,
    message: Message,
  ): Promise<({ permitted: false } & Denial) | { permitted: true; state: Json }> {
    const { channel, data: state } = message;
    const fault = this.#deployment.types?.fault(channel, "presence", state);
    if (fault) return { permitted: false, code: "bad_data", reason: fault };
    const own = await this.#decide("onPresenceRequest", peer, { channel, last: state });
    if (own) return own.permitted ? { permitted: true, state } : own;
    const verdict = await this.publication(peer, { ...message, isState: true });
    if (!verdict.permitted) return verdict;
    const published = verdict.publish.find((each) => each.channel === channel);
    return published
      ? { permitted: true, state: published.data }
      : { permitted: false, code: "denied", reason: "The presence state was denied." };
  }

  /** Whether a guard decides about deliveries on a channel. */
  guardsDelivery(channel: string): boolean {
    return entriesFor(this.#manifest, "onMessageReceived", channel).length > 0;
  }

  /** A message as its recipient's guard permits it. `undefined`: withheld. */
  async delivery(peer: Peer, message: Message): Promise<Message | undefined> {
    const { channel } = message;
    const verdict = await this.#decide("onMessageReceived", peer, { channel, message, last: message });
    if (!verdict) return message;
    return verdict.permitted ? verdict.publish[0] : undefined;
  }

  async disconnected(peer: Peer, agent: Agent): Promise<void> {
    await this.#decide("onDisconnect", peer, {}, { agent, isConnected: false });
  }

  /** The verdict of all responsible entries. `undefined` if there is none. */
  async #decide(
    handler: HandlerName,
    { agent: current, connectionId }: Peer,
    { channel, message, last }: Subject,
    { agent = current, isConnected = true }: { agent?: Agent | undefined; isConnected?: boolean } = {},
  ): Promise<Verdict | undefined> {
    const entries = entriesFor(this.#manifest, handler, channel ?? "");
    const call = JSON.stringify({ handler, agent, connectionId, isConnected, channel, message });
    const verdicts = await Promise.all(
      entries.map((entry) => this.#run(entry, JSON.parse(call) as GuardCall, last === undefined ? last : copyOf(last))),
    );
    const [first] = verdicts;
    const denied = verdicts.find((verdict) => !verdict.permitted);
    if (denied || !first?.permitted || channel === undefined || !isWildcard(channel)) return denied ?? first;
    // For a wildcard, all guards that could decide about its channels must agree.
    const subscribe = verdicts.flatMap((verdict) => (verdict.permitted ? verdict.subscribe : []));
    return { ...first, subscribe: [...new Set(subscribe)] };
  }

  #run(entry: string, call: GuardCall, last: unknown): Promise<Verdict> {
    const { handler } = call;
    const guards = (entry === DEFAULT_ENTRY ? this.#module : this.#module.channels![entry]!) as Record<
      HandlerName,
      (...args: unknown[]) => unknown
    >;
    const subject = GUARD_SUBJECTS[handler];
    return new Promise((resolve) => {
      const late = (): void => {
        const reason = `The guard did not decide the ${subject} in time.`;
        resolve({ permitted: false, code: "guard_timeout", reason });
      };
      const cancel = this.#clock.after(this.#deployment.timeouts[handler], late);
      let isDecided = false;
      const settle = (verdict: Verdict): void => {
        isDecided = true;
        cancel();
        resolve(verdict);
      };
      const { agent, channel } = guardArguments(call, this.#deployment, {
        // Later changes of the guard have no effect.
        decided: (decision) => settle(verdictOf(copyOf(decision), subject)),
        read: this.#read,
        now: () => this.#clock.now(),
      });
      const run = async (): Promise<void> => {
        const args = channel ? [channel, agent, last] : [agent];
        const returned = guards[handler](...(handler === "onUnsubscriptionRequest" ? args.slice(0, 2) : args));
        await returned;
        // A server waits for a guard that is not async until its time is over. Here it has a moment.
        if (handler === "onMessageReceived") await microtasks();
        if (isDecided) return;
        // Without a verdict, a message is dropped. Any other guard that is not async may decide later.
        if (handler === "onDisconnect" || handler === "onMessageReceived") settle(permitted());
        else if (isThenable(returned)) {
          cancel();
          late();
        }
      };
      run().catch((error: unknown) => {
        if (isDecided) return;
        this.#failed(handler, error);
        settle({ permitted: false, code: "guard_failed", reason: `The guard of the ${subject} failed.` });
      });
    });
  }
}

const copyOf = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

const isThenable = (value: unknown): boolean => typeof (value as { then?: unknown } | undefined)?.then === "function";

const permitted = (subscribe: string[] = [], publish: RequestedMessage[] = []): Permitted => ({
  permitted: true,
  subscribe,
  publish,
});

const verdictOf = (decision: Decision, subject: string): Verdict => {
  if (decision.permitted) return decision;
  const { code, reason } = decision;
  return { permitted: false, code, reason: truncated(reason) || `The ${subject} was denied.` };
};

/** A reason, cut at the last character that fits. */
const truncated = (reason: string): string => {
  const characters = [...reason];
  while (utf8(characters.join("")).length > MAX_REASON_BYTES) characters.pop();
  return characters.join("");
};
