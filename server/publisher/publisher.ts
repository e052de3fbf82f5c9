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

/** An agent as guards see it, or only its connection's id. */
export interface AgentLike {
  readonly connection: { readonly id: string };
}

/** A connection that does not receive a message: an agent, or the id of its connection. */
export type Excluded = AgentLike | string;

/** The connections of a request: of one agent, or all of a user. */
export type Target = AgentLike | { readonly userId: string };

/** The options of a publication. */
export interface PublishOptions {
  /** A connection that does not receive the message, for example of the agent that caused it. */
  readonly exclude?: Excluded;
  /**
   * The message's id: 1 to 64 of `0-9A-Za-z-_`. Pass your own to retry a publication that may have succeeded.
   * @default - a new one
   */
  readonly uuid?: string;
  /**
   * `true`: the message is delivered, and nothing of it is kept, also on channels with history or `latest`.
   * @default false
   */
  readonly ephemeral?: boolean;
}

/** A message for the subscribers of a channel, or for all connections of a user. */
export type Message = PublishOptions & { readonly data: Json } & (
    { readonly channel: string } | { readonly userId: string }
  );

/** The options of a `Publisher`. */
export interface PublisherOptions {
  /**
   * The name or ARN of the function: `pushIt.publisherName`. It is required. The type allows `undefined` because an
   * environment variable may be missing.
   */
  readonly functionName: string | undefined;
  /**
   * A `LambdaClient` of your own, with its Region, credentials, timeouts and retries.
   * @default - a client with the settings of the environment
   */
  readonly client?: LambdaLike;
}

const connectionIdOf = (excluded: Excluded): string =>
  typeof excluded === "string" ? excluded : excluded.connection.id;

const toRequestTarget = (target: Target): RequestTarget =>
  "connection" in target ? { connectionId: target.connection.id } : { userId: target.userId };

/** Gives every message a uuid before the first attempt, so that the server recognises a retry of the AWS SDK. */
const toEntry = ({ exclude, uuid, ...message }: Message): PublishEntry => ({
  ...message,
  uuid: uuid ?? newId((bytes) => crypto.getRandomValues(bytes)),
  ...(exclude === undefined ? {} : { excludeConnectionId: connectionIdOf(exclude) }),
});

const withReason = (reason: string | undefined): { reason?: string } => (reason === undefined ? {} : { reason });

const rejection = (result: PublishResult, results: readonly PublishResult[] = []): PublisherError | undefined =>
  result.accepted ? undefined : new PublisherError(result.code, result.error, { results });

/**
 * A back end's client of a Push-It: it publishes without being an agent, and ends agents and subscriptions. It is for
 * any Lambda, container or script with a role from `pushIt.grantPublish(role)`. It needs `@aws-sdk/client-lambda`,
 * which Lambda's Node runtimes include.
 *
 * @example
 * const publisher = new Publisher({ functionName: process.env.PUSH_IT_PUBLISHER });
 * await publisher.publish("stories/5", { title: "Once upon a time" });
 * await publisher.disconnect({ userId: "mallory" }, "You have been banned.");
 */
export class Publisher {
  readonly #invoker: Invoker;

  /** @throws PublisherError `bad_request` without a `functionName` */
  constructor({ functionName, client }: PublisherOptions) {
    if (typeof functionName !== "string" || functionName === "") {
      throw new PublisherError("bad_request", '"functionName" is missing: pass pushIt.publisherName.');
    }
    this.#invoker = new Invoker(functionName, client);
  }

  /**
   * Publishes one message on a channel.
   * @returns the message's uuid, when every subscriber was posted to or found gone
   * @throws PublisherError with the code of the rejection or of the failure
   */
  publish(channel: string, data: Json, options?: PublishOptions): Promise<{ uuid: string }>;
  /**
   * Publishes many messages, in order, in as few requests as possible: 100 messages or 6 MB each, one after the other.
   * @returns a result for each message, in the same order. A rejected message does not throw (see `assertAccepted`)
   * @throws PublisherError if a request failed. Its `results` are those of the earlier requests
   */
  publish(messages: readonly Message[]): Promise<PublishResult[]>;
  publish(
    first: string | readonly Message[],
    data?: Json,
    options: PublishOptions = {},
  ): Promise<{ uuid: string } | PublishResult[]> {
    return typeof first === "string"
      ? this.#publishOne({ channel: first, data: data as Json, ...options })
      : this.#publishAll(first);
  }

  /**
   * Publishes one message to all connections of a user, which receive it on the channel `/meta/user`.
   * @returns the message's uuid, when every connection was posted to or found gone. A user without connections is fine
   * @throws PublisherError with the code of the rejection or of the failure
   */
  publishToUser(userId: string, data: Json, options: PublishOptions = {}): Promise<{ uuid: string }> {
    return this.#publishOne({ userId, data, ...options });
  }

  /**
   * Reads a channel's history: a page of up to 100 messages, oldest first, or with `reverse` newest first. Guards are
   * not called.
   * @returns the messages. If it has `more`, read on from its `position`. If `recovered` is false, some messages after
   * `since` are lost, and `code` is the reason
   * @throws PublisherError `no_history` if the channel has no history
   * @example
   * const { messages } = await publisher.history("stories/5", { reverse: true, limit: 20 });
   */
  async history(channel: string, options: Omit<HistoryQuery, "channel"> = {}): Promise<Replay> {
    return (await this.#invoker.invoke<HistoryResponse>({ version, history: { channel, ...options } })).history;
  }

  /**
   * Reads the agents that are present on a channel. Guards are not called.
   * @returns their number, and the members. If it has `more`, read on with that value as `after`
   * @throws PublisherError `no_presence` if the channel has no presence
   * @example
   * const { count } = await publisher.presence("rooms/5");
   */
  async presence(channel: string, options: Omit<PresenceQuery, "channel"> = {}): Promise<PresencePage> {
    return (await this.#invoker.invoke<PresenceResponse>({ version, presence: { channel, ...options } })).presence;
  }

  /**
   * Ends agents: each receives `revoked` with the reason, and its connection is closed. To keep a user out, the
   * connection guard must deny the user, too.
   * @param reason the reason that the agents receive. It is cut at 512 bytes
   * @returns how many connections had an agent
   * @throws PublisherError `unavailable` if some agents could not be ended. Call it again for the rest
   */
  async disconnect(target: Target, reason?: string): Promise<number> {
    const request = { version, disconnect: toRequestTarget(target), ...withReason(reason) } as const;
    return (await this.#invoker.invoke<DisconnectResponse>(request)).disconnected;
  }

  /**
   * Ends subscriptions to one channel or wildcard, and notifies the agents. To keep them from subscribing again, the
   * subscription guard must deny it, too.
   * @param reason the reason that the agents receive. It is cut at 512 bytes
   * @returns how many connections were notified. Connections that could not be notified are closed
   * @throws PublisherError `unavailable` if some subscriptions could not be ended. Call it again for the rest
   */
  async unsubscribe(target: Target, channel: string, reason?: string): Promise<number> {
    const request = { version, unsubscribe: toRequestTarget(target), channel, ...withReason(reason) } as const;
    return (await this.#invoker.invoke<UnsubscribeResponse>(request)).unsubscribed;
  }

  /**
   * Deletes one message from a channel's history, for moderation. Subscribers receive the event `deleted`. Copies that
   * have left the server stay: see docs/SERVER.md.
   * @param position the message's position `{ epoch, offset }`, or the message itself
   * @returns whether there was such a message
   * @throws PublisherError `no_history` if the channel has no history
   */
  async deleteMessage(channel: string, position: Position): Promise<boolean> {
    const { epoch, offset } = position;
    const request = { version, deleteMessage: { channel, position: { epoch, offset } } } as const;
    return (await this.#invoker.invoke<DeleteMessageResponse>(request)).deletedMessage;
  }

  /**
   * Deletes all stored messages of a channel: its history or its last message. Subscribers receive the event `deleted`.
   * The next publication starts a new history. This takes 5 seconds or more.
   * @returns how many messages were deleted from the history
   * @throws PublisherError `no_history` if the channel does not store messages. `unavailable` if some messages could
   * not be deleted: clients cannot read them any more, and another call deletes the rest
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
   * Forgets a user: disconnects the user's agents, and deletes their messages from all histories. Subscribers receive
   * the event `deleted`. This reads the whole table once. docs/SERVER.md lists the costs, and the data that stays.
   * @returns how many connections had an agent, and how many messages were deleted
   * @throws PublisherError `unavailable` if it could not be completed. Call it again for the rest
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
   * Throws the first rejection among the results, if there is one.
   * @throws PublisherError
   * @example
   * Publisher.assertAccepted(await publisher.publish(messages));
   */
  static assertAccepted(results: readonly PublishResult[]): void {
    const first = results.map((result) => rejection(result, results)).find(Boolean);
    if (first) throw first;
  }

  async #publishOne(message: Message): Promise<{ uuid: string }> {
    const [result] = await this.#publishAll([message]);
    if (!result) throw new PublisherError("unavailable", "The function returned no result.");
    if (!result.accepted) throw new PublisherError(result.code, result.error);
    return { uuid: result.uuid };
  }

  async #publishAll(messages: readonly Message[]): Promise<PublishResult[]> {
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
      // Data that JSON cannot carry is found here, before anything is sent.
      return messages.map(toEntry).map((entry) => JSON.parse(JSON.stringify(entry)) as PublishEntry);
    } catch (cause) {
      throw new PublisherError("bad_request", `"data" of a message must be a JSON value.`, { cause });
    }
  }
}
