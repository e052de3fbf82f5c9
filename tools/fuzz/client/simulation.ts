import { inspect } from "node:util";
import { createClient, PushItError, type Client, type ClientOptions, type SocketClass } from "./adapter.js";
import { hasHistory, hasLatest } from "./channels.js";
import { SeededRandom } from "./seeded-random.js";
import { Clock } from "./clock.js";
import { Link } from "./link.js";
import { Oracle } from "./oracle/oracle.js";
import type { AppRequest } from "./oracle/requests.js";
import { Platform } from "./platform.js";
import { Server } from "./server/server.js";
import type { Deployment, Policy } from "./server/types.js";

/** The settings of a walk. */
export interface Settings {
  options: Omit<ClientOptions, "credentials">;
  /** Whether `credentials` is a function, so that the agent can be renewed. */
  renews: boolean;
  policy: Policy;
  deployment: Deployment;
  /** Whether sockets deliver messages after `close()`. */
  deliversWhileClosing: boolean;
  /** Minimum latency of a frame, in milliseconds. */
  latency: number;
}

/** A channel object of the client under test. */
export type Handle = ReturnType<Client["channel"]>;

/** A client with its simulated platform, network and server, and the oracle. */
export class Simulation {
  readonly chance = new SeededRandom();
  readonly clock = new Clock();
  readonly platform = new Platform(this.clock, this.chance);
  readonly links: Link[] = [];
  readonly oracle: Oracle;
  readonly server: Server;
  readonly client: Client;
  /** The trace for a replay. */
  readonly trace: string[] = [];
  /** The last position of the application by channel, as it would store it. */
  readonly stored = new Map<string, { epoch: string; offset: number }>();
  readonly #begun = this.clock.now;
  readonly #handles = new Map<string, Handle>();

  constructor(
    readonly settings: Settings,
    tracing: boolean,
    seed: number,
  ) {
    this.chance.reseed(seed);
    const note = (line: () => string): void => {
      if (tracing) this.trace.push(`${String((this.clock.now - this.#begun) / 1000).padStart(9)} ${line()}`);
    };
    this.oracle = new Oracle(this.clock, settings.deployment.guardSubscribes.length > 0, note);
    this.server = new Server(this.clock, this.chance, settings.policy, settings.deployment, this.oracle);
    const { oracle } = this;
    for (const channel of [...settings.options.channels]) oracle.subscriptions.subscribes(channel, "client");
    this.client = createClient(
      { ...settings.options, ...(settings.renews && { credentials: () => ({ token: 1 }) }) },
      this.platform,
      this.#socketClass(),
    );
    this.client.on("state", (change) => {
      note(
        () =>
          `told state ${change.previous} -> ${change.state} (${change.code} ${change.reason}, retry in ${change.retryIn})`,
      );
      oracle.onState(change);
    });
    this.client.on("message", (message) => {
      const { channel, epoch, offset } = message as typeof message & { epoch?: string };
      note(() => `told message on ${channel}: ${JSON.stringify(message.data)} ${epoch ?? ""} ${offset ?? ""}`);
      if (epoch !== undefined && offset !== undefined) this.stored.set(channel, { epoch, offset });
      oracle.messages.onMessage(message);
    });
    this.client.on("subscribed", ({ channel, recovered, code }) => {
      note(() => `told subscribed ${channel} recovered ${recovered} ${code ?? ""}`);
      if (recovered === false) oracle.last.restarts(channel);
      oracle.members.ends(channel);
      oracle.members.begins(channel);
      oracle.subscriptions.onSubscribed(channel, recovered, code);
      oracle.requests.confirmed(channel);
    });
    this.client.on("unsubscribed", ({ channel, error }) => {
      note(() => `told unsubscribed ${channel} ${error?.code ?? ""}`);
      if (error) oracle.last.leaves(channel);
      if (error) oracle.tokens.leaves(channel);
      oracle.members.ends(channel);
      oracle.states.leaves(channel);
      oracle.subscriptions.onUnsubscribed(channel, error !== undefined);
    });
    this.client.on("error", (error) => {
      note(() => `told error ${error.code} of ${error.channel}`);
      oracle.onError(error);
    });
    for (const kind of ["join", "leave", "change"] as const)
      this.client.on(kind, ({ channel, ...member }) => {
        note(() => `told ${kind} on ${channel}: ${JSON.stringify(member)}`);
        oracle.members.received(kind, channel, member);
      });
    this.client.on("rotated", ({ channels }) => {
      note(() => `told rotated ${channels.join()}`);
      oracle.messages.rotated(channels);
      oracle.members.restarts();
    });
  }

  /** The connections that the client uses, the newest last. */
  get open(): Link[] {
    return this.links.filter((link) => link.inUse);
  }

  /** The application's handle on a channel, always the same object. */
  handle(channel: string, face: string): Handle {
    const key = `${channel} ${face}`;
    let handle = this.#handles.get(key);
    if (handle) return handle;
    handle = this.client.channel(channel);
    handle.on("message", (message) => {
      if (message.channel === channel) this.oracle.last.received(channel, face, message);
    });
    this.#handles.set(key, handle);
    return handle;
  }

  /** Another version's functions serve the deployment from now on. */
  release(): void {
    this.server.release();
    this.oracle.members.restarts();
    this.oracle.states.doubtsAll();
  }

  /** Resets the client. */
  reset(): void {
    this.client.reset();
    this.oracle.forget();
    this.stored.clear();
  }

  /** Callbacks that report the end of a request to the oracle. */
  callbacks(ask: AppRequest): [(error: unknown) => void, () => void] {
    return [(error) => this.#ended(ask, error), () => this.#ended(ask, undefined)];
  }

  /** Reports the end of a promise to the oracle. */
  follow(ask: AppRequest, promise: Promise<unknown>): void {
    const [failed, succeeded] = this.callbacks(ask);
    promise.then(succeeded, failed);
  }

  /** Runs a call of the application, which must not throw. */
  call(ask: AppRequest, run: () => void): void {
    this.oracle.note(
      () =>
        `application: ${ask.kind} ${ask.publication ? `message ${ask.publication.n} on ` : ""}${ask.channel} by ${ask.holder}`,
    );
    try {
      run();
    } catch (error) {
      this.oracle.fail("exceptions", `${ask.kind} throws ${String(error)}`);
    }
  }

  /** Advances the time. */
  async advance(milliseconds: number, stop?: () => boolean): Promise<void> {
    await this.clock.advance(this.clock.now + milliseconds, stop);
  }

  /** Checks the invariants after a step. */
  judge(): void {
    this.oracle.step(this.server, this.links);
  }

  #ended(ask: AppRequest, error: unknown): void {
    this.oracle.note(
      () =>
        `request ends: ${ask.kind} ${ask.channel} by ${ask.holder}: ${error === undefined ? "ok" : error instanceof PushItError ? error.code : inspect(error)}`,
    );
    if (error !== undefined && !(error instanceof PushItError))
      return this.oracle.fail(
        "requests",
        `${ask.kind} of ${ask.channel} fails with what is not a PushItError: ${inspect(error)}`,
      );
    // The event of the state follows later.
    if (this.client.state === "denied" || this.client.state === "disconnected")
      this.oracle.requests.stoppedAt = this.clock.now;
    this.oracle.requests.end(ask, error);
    const { kind, channel, holder, calledAt, state } = ask;
    if (kind === "subscribe" && error && !this.oracle.subscriptions.of(channel).holders.has(holder))
      this.oracle.tokens.leaves(channel, holder);
    if (state !== undefined) this.oracle.states.ended(channel, state, error);
    // A reply of 0.2.0 may have the latest message only. After a rollback, the client does not know yet that it has it.
    const isCertain = !hasLatest(channel) || this.server.releasedAt < 0;
    if (kind === "subscribe" && !error && hasHistory(channel) && isCertain) {
      const log = this.server.log(channel);
      const newest = { now: log.read(0, this.clock.now, Infinity).messages, atCall: log.readableAt(calledAt) };
      this.oracle.last.succeeded(channel, holder, calledAt, newest, this.settings.deployment.page);
    }
  }

  #socketClass(): SocketClass {
    const dial = (protocols: string[]): Link => {
      const { chance, settings, oracle } = this;
      const link: Link = new Link(
        this.links.length + 1,
        this.clock,
        () => settings.latency + chance.delay(400),
        (text) => oracle.frameSent(link, text),
        (text) => oracle.frameDelivered(link, text),
        settings.deliversWhileClosing,
      );
      this.links.push(link);
      oracle.note(() => `client dials link ${link.id}`);
      if (!this.platform.navigator.onLine) link.finish(1006);
      else this.server.handshake(link, protocols);
      return link;
    };
    return class {
      constructor(_url: string, protocols: string[]) {
        return dial(protocols).socket;
      }
    } as unknown as SocketClass;
  }
}
