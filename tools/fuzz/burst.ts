import type { AgentSocket } from "./agent-socket.js";
import { allowRaces, allowRateLimit, allowUuidReuse, requireMember } from "./answer-matching.js";
import type { AnswerChecker } from "./answer-checker.js";
import type { FuzzContext } from "./context.js";
import type { Changes } from "./delivery-model.js";
import type { OutgoingFrame } from "./outgoing-frame.js";
import type { Prediction } from "./prediction.js";
import { PUBLISH_BURST, QUERY_BURST } from "./protocol-rules.js";
import type { UuidOwnership } from "./uuid-ownership.js";

/** The changes of a burst by agent. */
export const changesBy = (
  frames: readonly OutgoingFrame[],
  peers: readonly (AgentSocket | undefined)[],
  { deliveries }: Pick<FuzzContext, "deliveries">,
): Map<AgentSocket, Changes> => {
  const changes = new Map<AgentSocket, Changes>();
  for (const peer of peers) if (peer) changes.set(peer, { subscribe: new Set(), unsubscribe: new Set() });
  for (const { peer, prediction } of frames) {
    const { outcome } = prediction;
    if (outcome.kind === "close") peer.closeCodes.add(outcome.code);
    if (outcome.kind === "answers" && outcome.closes) peer.endsItself();
    if (prediction.renews === "moment") peer.dueSince ??= Date.now();
    for (const name of prediction.subscribe) changes.get(peer)?.subscribe.add(name);
    for (const name of prediction.unsubscribe) changes.get(peer)?.unsubscribe.add(name);
    deliveries.mayBeSubscribed(peer, prediction.subscribe);
  }
  return changes;
};

/** Whether an agent has published so much that any message of this burst may exceed its rate. */
export const mayExceedRate = ({ published }: AgentSocket): boolean => published > PUBLISH_BURST;

/** Whether an agent has made so many requests of the frame's kind that any of them may exceed its rate. */
const mayExceedQueryRate = ({ asked }: AgentSocket, { asking }: Prediction): boolean =>
  asking !== undefined && asked[asking] > QUERY_BURST[asking];

/** Records what the frames of a burst may do to presence, before they are sent. */
export const expectPresence = (frames: readonly OutgoingFrame[], { presence }: Pick<FuzzContext, "presence">): void => {
  const subscribing = frames.filter(({ prediction }) => !prediction.sets);
  // Whether a state may be refused depends on all other frames.
  for (const { peer, prediction, times } of [...subscribing, ...frames.filter((each) => !subscribing.includes(each))])
    for (let time = 0; time < times; time += 1) presence.expect(peer, prediction, mayExceedQueryRate(peer, prediction));
};

/** The state of an episode that decides which answers are possible. */
export interface BurstState {
  changes: Changes;
  uuids: UuidOwnership;
  /** Number of the agent's renewals in flight. */
  renewals: number;
  context: Pick<FuzzContext, "presence">;
  answerChecker: AnswerChecker;
}

/** A frame's prediction, as what its agent did before and the other frames in flight permit. */
export const possiblePrediction = (
  { peer, prediction }: OutgoingFrame,
  { changes, uuids, renewals, context, answerChecker }: BurstState,
): Prediction => {
  const member = requireMember(prediction, (channel) => context.presence.isMember(peer, channel));
  const reused = allowUuidReuse(member, (each) => uuids.possibleOutcomes(each));
  const limited = mayExceedRate(peer) || mayExceedQueryRate(peer, prediction) ? allowRateLimit(reused) : reused;
  const raced = allowRaces(limited, renewals, changes.unsubscribe, changes.subscribe);
  const { outcome } = raced;
  if (outcome.kind !== "answers" || !outcome.optional) return raced;
  const isNews = outcome.answers.some(
    ({ content }) => content?.kind === "pong" && answerChecker.hasNews({ member: peer, changes }, content),
  );
  const { optional: _optional, ...required } = outcome;
  return isNews ? { ...raced, outcome: required } : raced;
};
