import { deepEqual, ok } from "node:assert/strict";
import type { Channel, Json, PushIt, PushItError, PushItOptions } from "push-it-client";

/** The options of a client of the suite: its name is its user. */
export type ClientOptions = Omit<Partial<PushItOptions>, "url" | "WebSocket" | "platform">;

/** A server program of the suite's deployment. */
export interface ServerProgram {
  publish(channel: string, data: Json, options?: { uuid?: string; ephemeral?: boolean }): Promise<{ uuid: string }>;
  publishToUser(userId: string, data: Json): Promise<{ uuid: string }>;
  disconnect(target: { userId: string }, reason?: string): number | Promise<number>;
  unsubscribe(target: { userId: string }, channel: string, reason?: string): number | Promise<number>;
  deleteMessage(channel: string, position: { epoch: string; offset: number }): boolean | Promise<boolean>;
  deleteHistory(channel: string): unknown;
}

/** A deployment with clients: the fake, or the local system. */
export interface World {
  /** A new client, with credentials for the suite's connection guard. */
  client(options: ClientOptions): PushIt;
  readonly program: ServerProgram;
  /** Breaks the connection of a client. */
  cut(client: PushIt): void;
  /** Lets a moment pass. */
  pass(): Promise<void>;
  /** The longest that a condition may take, in moments. */
  readonly moments: number;
}

/** One promise of the protocol, and the assertions that show it. */
export interface Behaviour {
  name: string;
  run(world: World): Promise<void>;
}

/** A client of a user. */
export const user = (world: World, name: string, options: ClientOptions = {}): PushIt =>
  world.client({ credentials: { name }, ...options });

/** Waits until a condition holds. */
export const until = async (world: World, holds: () => unknown, what: string): Promise<void> => {
  for (let moment = 0; !holds(); moment += 1) {
    if (moment >= world.moments) throw new Error(`never came: ${what}`);
    await world.pass();
  }
};

/** The result of a promise that may need time to pass. */
export const eventually = async <T>(world: World, promise: Promise<T>): Promise<T> => {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  promise.then(settle, settle);
  await until(world, () => isSettled, "the end of a request");
  return promise;
};

/** The code and the message of a rejection. */
export const refusal = async (world: World, promise: Promise<unknown>): Promise<[code: string, message: string]> => {
  const error = await eventually(
    world,
    promise.then(
      () => undefined,
      (error: PushItError) => error,
    ),
  );
  ok(error, "it was not refused");
  return [error.code, error.message];
};

/** A channel whose messages are collected. */
export interface Listener {
  channel: Channel;
  /** The data of the messages that have arrived. */
  data: unknown[];
  messages: { channel: string; uuid: string; data: unknown; at?: number; from?: unknown; offset?: number }[];
  /** Waits until as many messages have arrived, and checks their data. */
  expect(...data: unknown[]): Promise<void>;
}

/** Collects the messages of a channel, without a subscription. */
export const collect = (world: World, client: PushIt, name: string): Listener => {
  const channel = client.channel(name);
  const listener: Listener = {
    channel,
    data: [],
    messages: [],
    async expect(...data) {
      await until(
        world,
        () => listener.data.length >= data.length,
        `${JSON.stringify(data)} on ${name}: ${JSON.stringify(listener.data)}`,
      );
      deepEqual(listener.data, data);
    },
  };
  channel.on("message", (message) => {
    listener.messages.push(message);
    listener.data.push(message.data);
  });
  return listener;
};

/** Subscribes to a channel, and collects its messages. */
export const listen = async (
  world: World,
  client: PushIt,
  name: string,
  options: Parameters<Channel["subscribe"]>[0] = {},
): Promise<Listener> => {
  const listener = collect(world, client, name);
  await eventually(world, listener.channel.subscribe(options));
  return listener;
};
