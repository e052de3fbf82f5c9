import {
  type PresencePage,
  type DeleteHistoryResponse,
  type DeleteMessageResponse,
  type DisconnectResponse,
  type ForgetUserResponse,
  type HistoryQuery,
  type HistoryResponse,
  type Json,
  newId,
  type Position,
  type PresenceQuery,
  type PresenceResponse,
  type PublishEntry,
  type PublishResponse,
  type PublishResult,
  type Replay,
  SERVER_API_VERSION as version,
  type RequestTarget,
  type UnsubscribeResponse,
} from "../../protocol/index.js";
import { batches } from "./batches.js";
import { PublisherError } from "./errors.js";
import { Invoker, type LambdaLike } from "./invoke.js";

/** An agent as guards see it, or as much of it as names its connection. */
export interface AgentLike {
  readonly connection: { readonly id: string };
}

/** A connection that is spared: an agent, or the id of its connection. */
export type Excluded = AgentLike | string;

/** Whose connections something is about: one agent's, or all of a user's. */
export type Target = AgentLike | { readonly userId: string };

/** What can be said of a message besides its data. */
export interface PublishOptions {
  /** An agent that does not get it: mostly the one who caused it. */
  readonly exclude?: Excluded;
  /** 1 to 64 of `0-9A-Za-z-_`. Give one of your own to publish again what may or may not have been published. @default - one is made */
  readonly uuid?: string;
}

/** A message for the subscribers of a channel, or for all connections of a user. */
export type Message = PublishOptions & { readonly data: Json } & (
    { readonly channel: string } | { readonly userId: string }
  );

/** How a `Publisher` is made. */
export interface PublisherOptions {
  /** Name or ARN of the function: `pushIt.publisherName`. There must be one; `undefined` is for what an environment may lack. */
  readonly functionName: string | undefined;
  /** A `LambdaClient` with settings of its own: Region, credentials, timeouts, retries. @default - one that takes them from the environment */
  readonly client?: LambdaLike;
}

const idOf = (spared: Excluded): string => (typeof spared === "string" ? spared : spared.connection.id);

const fieldsOf = (target: Target): RequestTarget =>
  "connection" in target ? { connectionId: target.connection.id } : { userId: target.userId };

/** Every message has its uuid before the first attempt: what the SDK repeats can be told. */
const entryOf = ({ exclude, uuid, ...message }: Message): PublishEntry => ({
  ...message,
  uuid: uuid ?? newId((bytes) => crypto.getRandomValues(bytes)),
  ...(exclude === undefined ? {} : { excludeConnectionId: idOf(exclude) }),
});

const withReason = (reason: string | undefined): { reason?: string } => (reason === undefined ? {} : { reason });

const refusal = (result: PublishResult, results: readonly PublishResult[] = []): PublisherError | undefined =>
  result.accepted ? undefined : new PublisherError(result.code, result.error, { results });

/**
 * A back end's way into a Push-It: publishes without being an agent, ends agents and subscriptions. For any Lambda,
 * container or script whose role has `pushIt.grantPublish(role)`. Needs `@aws-sdk/client-lambda`, which is there in
 * Lambda's Node runtimes.
 *
 * @example
 * const publisher = new Publisher({ functionName: process.env.PUSH_IT_PUBLISHER });
 * await publisher.publish("stories/5", { title: "Once upon a time" });
 * await publisher.disconnect({ userId: "mallory" }, "You have been banned.");
 */
export class Publisher {
  readonly #invoker: Invoker;

  /** @throws PublisherError `bad_request` without a function's name */
  constructor({ functionName, client }: PublisherOptions) {
    if (typeof functionName !== "string" || functionName === "") {
      throw new PublisherError("bad_request", "A Publisher needs a functionName: pushIt.publisherName.");
    }
    this.#invoker = new Invoker(functionName, client);
  }

  /**
   * Publishes one message on a channel.
   * @returns the message's uuid, once every subscriber was posted to or found gone
   * @throws PublisherError with the code of the refusal, or of what failed
   */
  publish(channel: string, data: Json, options?: PublishOptions): Promise<{ uuid: string }>;
  /**
   * Publishes many messages, in order, in as few requests as possible: 100 messages or 6 MB each, one after the other.
   * @returns what became of each, in the same order: nothing is thrown for those that are refused (see `requireAccepted`)
   * @throws PublisherError when a request failed; what became of those before is in its `results`
   */
  publish(messages: readonly Message[]): Promise<PublishResult[]>;
  publish(
    first: string | readonly Message[],
    data?: Json,
    options: PublishOptions = {},
  ): Promise<{ uuid: string } | PublishResult[]> {
    return typeof first === "string" ? this.#one({ channel: first, data: data as Json, ...options }) : this.#all(first);
  }

  /**
   * Publishes one message to all connections of a user; it arrives on the channel `/meta/user`.
   * @returns the message's uuid, once every connection was posted to or found gone; also when there is none
   * @throws PublisherError with the code of the refusal, or of what failed
   */
  publishToUser(userId: string, data: Json, options: PublishOptions = {}): Promise<{ uuid: string }> {
    return this.#one({ userId, data, ...options });
  }

  /**
   * Reads a channel's history: a page of up to 100 messages, oldest first, or with `reverse` newest first. No guard is
   * asked.
   * @returns the messages; with `more`, ask on from its `position`. `recovered: false` says that not all that was
   * published behind `since` can be given any more, and `code` why
   * @throws PublisherError `no_history` where the channel keeps none
   * @example
   * const { messages } = await publisher.history("stories/5", { reverse: true, limit: 20 });
   */
  async history(channel: string, options: Omit<HistoryQuery, "channel"> = {}): Promise<Replay> {
    return (await this.#invoker.invoke<HistoryResponse>({ version, history: { channel, ...options } })).history;
  }

  /**
   * Asks who is on a channel. No guard is asked.
   * @returns how many there are, and who; with `more`, ask on with `after`, that value
   * @throws PublisherError `no_presence` where the channel does not tell
   * @example
   * const { count } = await publisher.presence("rooms/5");
   */
  async presence(channel: string, options: Omit<PresenceQuery, "channel"> = {}): Promise<PresencePage> {
    return (await this.#invoker.invoke<PresenceResponse>({ version, presence: { channel, ...options } })).presence;
  }

  /**
   * Ends agents: each is told `revoked` with the reason, and its connection closed. To keep a user out, its connection
   * guard must refuse it too.
   * @param reason what the agents are told; cut at 512 bytes
   * @returns how many connections had an agent
   * @throws PublisherError `unavailable` when not all could be ended; asking again does the rest
   */
  async disconnect(target: Target, reason?: string): Promise<number> {
    const request = { version, disconnect: fieldsOf(target), ...withReason(reason) } as const;
    return (await this.#invoker.invoke<DisconnectResponse>(request)).disconnected;
  }

  /**
   * Ends subscriptions to one channel or wildcard, and tells the agents. To keep them from subscribing again, the
   * subscription guard must refuse it too.
   * @param reason what the agents are told; cut at 512 bytes
   * @returns how many connections were told; those that could not be are closed
   * @throws PublisherError `unavailable` when not all could be ended; asking again does the rest
   */
  async unsubscribe(target: Target, channel: string, reason?: string): Promise<number> {
    const request = { version, unsubscribe: fieldsOf(target), channel, ...withReason(reason) } as const;
    return (await this.#invoker.invoke<UnsubscribeResponse>(request)).unsubscribed;
  }

  /**
   * Deletes one message from a channel's history, for moderation. Subscribers receive the event `deleted`. Copies that have
   * left the server stay: see docs/SERVER.md.
   * @param position the message's: `{ epoch, offset }`, as `history` tells them, or a message itself
   * @returns whether there was such a message
   * @throws PublisherError `no_history` if the channel keeps none
   */
  async deleteMessage(channel: string, position: Position): Promise<boolean> {
    const { epoch, offset } = position;
    const request = { version, deleteMessage: { channel, position: { epoch, offset } } } as const;
    return (await this.#invoker.invoke<DeleteMessageResponse>(request)).deletedMessage;
  }

  /**
   * Deletes all that is kept of a channel's messages: its history, or its last message. Subscribers receive the event
   * `deleted`. What is published from now on is the beginning of another history. Takes 5 seconds and more.
   * @returns how many messages were deleted from the history
   * @throws PublisherError `no_history` if the channel keeps nothing; `unavailable` when not all could be deleted: nobody can
   * read it any more, and asking again deletes the rest
   */
  async deleteHistory(channel: string): Promise<number> {
    let { deletedMessages, more } = await this.#invoker.invoke<DeleteHistoryResponse>({
      version,
      deleteHistory: { channel },
    });
    while (more) {
      const next = await this.#invoker.invoke<DeleteHistoryResponse>({
        version,
        deleteHistory: { channel, continue: true },
      });
      deletedMessages += next.deletedMessages;
      ({ more } = next);
    }
    return deletedMessages;
  }

  /**
   * Forgets a user: disconnects the user's agents, and deletes what they have published from all histories. Subscribers
   * receive the event `deleted`. Reads the whole table once: see docs/SERVER.md for what that costs and what stays.
   * @returns how many connections had an agent, and how many messages were deleted
   * @throws PublisherError `unavailable` when not all could be done; asking again does the rest
   */
  async forgetUser(userId: string): Promise<{ disconnected: number; deletedMessages: number }> {
    const first = await this.#invoker.invoke<ForgetUserResponse>({ version, forgetUser: { userId } });
    let { deletedMessages, more } = first;
    while (more !== undefined) {
      const next = await this.#invoker.invoke<ForgetUserResponse>({ version, forgetUser: { userId, after: more } });
      deletedMessages += next.deletedMessages;
      ({ more } = next);
    }
    return { disconnected: first.disconnected, deletedMessages };
  }

  /**
   * For who wants all of a list or an error: throws the first refusal among results.
   * @example
   * Publisher.requireAccepted(await publisher.publish(messages));
   */
  static requireAccepted(results: readonly PublishResult[]): void {
    const first = results.map((result) => refusal(result, results)).find(Boolean);
    if (first) throw first;
  }

  async #one(message: Message): Promise<{ uuid: string }> {
    const [result] = await this.#all([message]);
    if (!result) throw new PublisherError("unavailable", "The function answered about nothing.");
    if (!result.accepted) throw new PublisherError(result.code, result.error);
    return { uuid: result.uuid };
  }

  async #all(messages: readonly Message[]): Promise<PublishResult[]> {
    const results: PublishResult[] = [];
    for (const batch of batches(this.#entries(messages))) {
      if ("tooLarge" in batch) {
        const { uuid } = batch.tooLarge;
        results.push({ ...(uuid && { uuid }), accepted: false, code: "too_large", error: "The message is too large." });
        continue;
      }
      try {
        results.push(...(await this.#invoker.invoke<PublishResponse>({ version, publish: batch.entries })).results);
      } catch (error) {
        if (!(error instanceof PublisherError)) throw error;
        throw new PublisherError(error.code, error.message, { results, cause: error.cause });
      }
    }
    return results;
  }

  #entries(messages: readonly Message[]): PublishEntry[] {
    try {
      // What JSON cannot say is found here, before anything is sent.
      return messages.map(entryOf).map((entry) => JSON.parse(JSON.stringify(entry)) as PublishEntry);
    } catch (cause) {
      throw new PublisherError("bad_request", "A message's data must be what JSON can say.", { cause });
    }
  }
}
