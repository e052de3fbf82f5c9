import type { Code } from "../../../../protocol/codes.js";
import {
  type Message,
  Meta,
  type OutgoingMessage,
  type Reply,
  type RequestedMessage,
} from "../../../../protocol/frames.js";
import type { Position } from "../../../../protocol/history.js";
import type { Json } from "../../../../protocol/json.js";
import { MAX_FRAME_BYTES } from "../../../../protocol/limits.js";
import type { Peer } from "./agent.js";
import { framesOf, type Publication } from "./delivery.js";
import { bytesOf, type ClientFrame, failure, roomIn, success } from "./replies.js";
import { publicationError } from "./rules.js";
import type { ServerCore } from "./core.js";

/** Bytes of a frame of replies that a replayed message cannot have. */
const REPLAY_BYTES = 1_024;

/** A message as large as it can become: with the widest offset, epoch and time. */
const WIDEST = { offset: 9_999_999_999_999, epoch: "x".repeat(24) };

/** The result of one request to publish. */
export type Outcome = { code: Code; reason?: string | undefined } | { position?: Position; result?: Json };

/** A publisher: the owner of the uuids of its messages. */
interface Submission {
  publisher: string;
  own: Pick<Message, "channel" | "uuid" | "data">;
  publish: readonly RequestedMessage[];
  except?: string | undefined;
}

/** Handles a `publish` or `send` frame. Returns the replies, after the publisher's own copies. */
export const publishFrame = async (
  server: ServerCore,
  peer: Peer,
  frame: ClientFrame,
  isAnswered: boolean,
): Promise<object[]> => {
  const messages = (frame.messages ?? [frame]) as OutgoingMessage[];
  const { messagesPerFrame } = server.deployment.limits;
  if (messages.length > messagesPerFrame)
    return messages.map(({ uuid }) =>
      failure(Meta.error, uuid, "too_many", `A frame may have at most ${messagesPerFrame} messages.`),
    );
  const decided = await Promise.all(messages.map((message) => authorize(server, peer, message)));
  const publications: Publication[] = [];
  const replies = decided.map((each, at): Reply => {
    const { channel, uuid, data, echo } = messages[at]!;
    const outcome =
      "code" in each
        ? each
        : accept(server, publications, {
            publisher: peer.session,
            own: { channel, uuid, data },
            publish: each.publish,
            except: echo === false ? peer.connectionId : undefined,
          });
    if ("code" in outcome) return failure(Meta.error, uuid, outcome.code, outcome.reason);
    const result = "result" in each ? each.result : undefined;
    return { ...success(Meta.successful, uuid, result), ...(outcome.position && { position: outcome.position }) };
  });
  const own = await server.delivery.deliver(publications, isAnswered ? peer : undefined);
  // Copies that do not fit the frame of replies come before it.
  const frames = framesOf(own, roomIn(replies));
  const last = frames.pop() ?? [];
  for (const each of frames) server.post(peer, each);
  return [...last, ...replies];
};

/** Asks the publication guard about a message, and subscribes the agent to what the guard staged. */
const authorize = async (
  server: ServerCore,
  peer: Peer,
  { channel, uuid, data, ephemeral }: OutgoingMessage,
): Promise<{ code: Code; reason?: string | undefined } | { publish: RequestedMessage[]; result?: Json }> => {
  const error = publicationError(channel, server.deployment);
  if (error) return { code: error };
  const message = { channel, uuid, data, ...(ephemeral && { ephemeral: true as const }) };
  const verdict = await server.guards.publication(peer, message);
  if (!verdict.permitted) return verdict;
  if (!peer.agent) return { code: "unknown_agent" };
  const publish = withDistinctUuids(verdict.publish).map((each) => withFrom(server, peer, each));
  if (!publish.every((each) => fits(server, each))) return { code: "too_large" };
  const after = new Set([...peer.subscriptions, ...verdict.subscribe]);
  if (after.size > Math.max(peer.subscriptions.size, server.deployment.limits.subscriptionsPerAgent))
    return { code: "too_many_subscriptions" };
  server.subscribed(peer, verdict.subscribe);
  return { publish, ...(verdict.result !== undefined && { result: verdict.result }) };
};

/** Publishes for a back end: no publication guard decides. */
export const publishByServer = async (
  server: ServerCore,
  message: RequestedMessage,
  { except, userId }: { except?: string | undefined; userId?: string } = {},
): Promise<Outcome> => {
  const publications: Publication[] = [];
  if (userId !== undefined) {
    if (!fits(server, message)) return { code: "too_large" };
    publications.push({ message: { ...message, at: server.clock.now() }, userId, except });
  } else {
    const error = publicationError(message.channel, server.deployment);
    if (error) return { code: error };
    if (!fits(server, message)) return { code: "too_large" };
    const outcome = accept(server, publications, { publisher: "server", own: message, publish: [message], except });
    if ("code" in outcome) return outcome;
  }
  await server.delivery.deliver(publications);
  const [first] = publications;
  return { ...(first?.message.epoch !== undefined && { position: positionOf(first.message) }) };
};

/** Stores and numbers the messages of a request, and adds them to those to deliver. */
const accept = (
  { histories, delivery, clock }: ServerCore,
  publications: Publication[],
  { publisher, own, publish, except }: Submission,
): Outcome => {
  const content = JSON.stringify([own.channel, own.data]);
  let position: Position | undefined;
  for (const { ephemeral, isState: _isState, ...requested } of publish) {
    let message: Message = { ...requested, at: clock.now() };
    const log = ephemeral ? undefined : histories.log(message.channel);
    if (log) {
      const stored = log.append(message, publisher, content);
      if (stored === "uuid_reused") return { code: stored };
      message = stored;
      if (message.channel === own.channel) position ??= positionOf(message);
    } else if (!ephemeral && delivery.settings(message.channel).latest) message = histories.keepLatest(message);
    publications.push({ message, except });
  }
  return position ? { position } : {};
};

const positionOf = ({ epoch, offset }: Message): Position => ({ epoch: epoch!, offset: offset! });

/** The first message of a channel keeps a uuid. Later messages of the same guard call get a derived uuid. */
const withDistinctUuids = (messages: readonly RequestedMessage[]): RequestedMessage[] => {
  const counts = new Map<string, number>();
  return messages.map((message) => {
    const key = `${message.channel} ${message.uuid}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? message : { ...message, uuid: `${message.uuid.slice(0, 56)}-${count}` };
  });
};

const withFrom = ({ delivery }: ServerCore, { agent }: Peer, message: RequestedMessage): RequestedMessage => {
  if (!delivery.settings(message.channel).from || !agent) return message;
  const { uuid: connection, userId, info } = agent;
  const from = { connection, ...(userId !== undefined && { userId }), ...(info !== undefined && { info }) };
  return { ...message, from };
};

/** Whether a message can be delivered, and replayed if its channel's history keeps it. */
const fits = ({ delivery, deployment }: ServerCore, { ephemeral, ...message }: RequestedMessage): boolean => {
  const { history, latest } = ephemeral ? {} : delivery.settings(message.channel);
  const { offset, epoch } = WIDEST;
  const bytes = bytesOf({ ...message, ...((history ?? latest) && { offset }), ...(history && { epoch }) });
  const withTime = bytes + `,"at":${WIDEST.offset}`.length;
  return (
    bytes <= deployment.limits.messageBytes &&
    withTime <= MAX_FRAME_BYTES &&
    (!history || bytes <= MAX_FRAME_BYTES - REPLAY_BYTES)
  );
};
