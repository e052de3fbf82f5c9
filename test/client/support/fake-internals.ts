import type { Message, SubscribeResult } from "../../../protocol/index.js";
import type { State, StateChange, StateCode } from "../../../client/src/connection/state.js";
import { Transport } from "../../../client/src/connection/transport.js";
import { Emitter } from "../../../client/src/emitter.js";
import type { Extension, Notifications } from "../../../client/src/extension.js";
import type { ConnectionPart, Internals } from "../../../client/src/internals.js";
import { type PushItOptions, resolveOptions } from "../../../client/src/options.js";
import type { Socket } from "../../../client/src/platform/platform.js";
import { Timers } from "../../../client/src/platform/timers.js";
import type { Events, TokenFunction } from "../../../client/src/types.js";
import { FakePlatform } from "./fake-platform.js";
import type { ClientFrame } from "./scripted-server.js";

/** The internals of a client, for tests of a single part. */
export class FakeInternals implements Internals {
  readonly platform = new FakePlatform();
  readonly timers = new Timers(this.platform);
  readonly options;
  readonly emitter = new Emitter<Events>();
  readonly extensions: Extension[] = [];
  readonly ownHolder = {};
  subprotocols: string[] = [];
  isConnected = true;
  isActive = true;
  /** The arguments of calls, in order. */
  readonly states: StateChange[] = [];
  readonly results: SubscribeResult[] = [];
  readonly received: Message[] = [];
  readonly delivered: Message[] = [];
  readonly logged: unknown[][] = [];

  constructor(options: Partial<PushItOptions> = {}) {
    this.options = resolveOptions<PushItOptions>({
      url: "wss://push-it.test/live",
      platform: this.platform,
      ...options,
    });
  }

  /** The functions for tokens, by channel. */
  readonly tokens: Record<string, TokenFunction> = {};

  tokenOf(channel: string): TokenFunction | undefined {
    return this.tokens[channel];
  }

  notify<Name extends keyof Notifications>(name: Name, ...args: Parameters<Notifications[Name]>): void {
    for (const extension of this.extensions)
      (extension[name] as ((...args: Parameters<Notifications[Name]>) => void) | undefined)?.apply(extension, args);
  }

  changeState(change: StateChange): void {
    this.states.push(change);
  }

  subscribed(result: SubscribeResult): void {
    this.results.push(result);
    this.notify("onSubscribed", result);
  }

  receive(message: Message): void {
    this.received.push(message);
  }

  deliver(message: Message): void {
    this.delivered.push(message);
  }

  log(...details: unknown[]): void {
    this.logged.push(details);
  }
}

/** A connection that only records calls. */
export class FakeConnection implements ConnectionPart {
  state: State = "connected";
  transport: Transport | undefined;
  /** The calls, in order. */
  readonly calls: unknown[][] = [];

  lose(code: StateCode, reason?: string, retryIn?: number): void {
    this.calls.push(["lose", code, reason, retryIn]);
  }

  doubt(code: StateCode): void {
    this.calls.push(["doubt", code]);
  }

  reconnectNow(): void {
    this.calls.push(["reconnectNow"]);
  }

  ping(): void {
    this.calls.push(["ping"]);
  }

  openSocket(): Promise<Socket | undefined> {
    return Promise.resolve(undefined);
  }

  use(): void {
    this.calls.push(["use"]);
  }
}

/** A transport whose frames a test reads. */
export class FakeTransport extends Transport {
  readonly texts: string[];

  constructor(now = 0, onSent: () => void = () => {}) {
    const texts: string[] = [];
    const socket: Socket = {
      protocol: "push-it.v1",
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => texts.push(text),
      close: () => {},
    };
    super(socket, now, onSent);
    this.texts = texts;
  }

  /** The frames that were sent. */
  get frames(): ClientFrame[] {
    return this.texts.map((text) => JSON.parse(text) as ClientFrame);
  }
}
