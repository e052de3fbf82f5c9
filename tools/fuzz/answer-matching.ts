import { isJsonObject } from "../lib/json.js";
import type { Reply } from "../../protocol/index.js";
import type { PossibleOutcomes } from "./uuid-ownership.js";
import type { ContentCheck, ExpectedAnswer, Prediction, Publication } from "./prediction.js";

/* Matches received answers with expected ones. */

/** Returns the error in an answer's content; `undefined`: none. */
export type Check = (content: ContentCheck, answer: Reply) => string | undefined;

const ERROR = "/meta/error";

/**
 * The prediction for an agent that exceeds its rate: each message or query may be rejected. Only the server knows when
 * the rate permits more.
 */
export const allowRateLimit = (prediction: Prediction): Prediction => {
  const { outcome, messages, asking } = prediction;
  if ((messages === 0 && !asking) || outcome.kind !== "answers") return prediction;
  return {
    ...prediction,
    outcome: { ...outcome, answers: outcome.answers.map((each) => ({ ...each, limited: true })) },
  };
};

/** The prediction for publications whose uuid is, or may be, in use for another message. */
export const allowUuidReuse = (
  prediction: Prediction,
  chances: (publication: Publication) => PossibleOutcomes,
): Prediction => {
  const { outcome, publish } = prediction;
  if (outcome.kind !== "answers" || !publish.some(({ fingerprint }) => fingerprint !== undefined)) return prediction;
  const answers = outcome.answers.map((each): ExpectedAnswer => {
    const { content, uuid, code } = each;
    if (content?.kind !== "stored" || code !== undefined) return each;
    const its = publish
      .filter((published) => published.fingerprint === content.fingerprint && published.uuid === content.uuid)
      .map(chances);
    if (its.some(({ succeeds }) => !succeeds))
      return { channels: [ERROR], ...(uuid !== undefined && { uuid }), code: "uuid_reused" };
    return its.some(({ reused }) => reused) ? { ...each, reused: true } : each;
  });
  return { ...prediction, outcome: { ...outcome, answers } };
};

/**
 * The prediction for a frame that other frames of the agent may overtake. Of several renewals only the first must
 * succeed, and a new subscription may end at once.
 * @param renewals number of renewals in flight
 * @param unsubscribed channels that frames in flight unsubscribe from
 * @param subscribed channels that frames in flight subscribe to
 */
export const allowRaces = (
  prediction: Prediction,
  renewals: number,
  unsubscribed: ReadonlySet<string>,
  subscribed: ReadonlySet<string> = new Set(),
): Prediction => {
  const { outcome, renews } = prediction;
  if (outcome.kind !== "answers") return prediction;
  const overtaken = renews !== undefined && renewals > 1;
  const raced = ({ grantedBy, about = "" }: ExpectedAnswer): boolean =>
    grantedBy !== undefined && unsubscribed.has(about);
  const met = ({ channels, code, about = "" }: ExpectedAnswer): boolean =>
    channels.includes("/meta/unsubscribe") && code === undefined && subscribed.has(about);
  if (!overtaken && !outcome.answers.some((each) => raced(each) || met(each))) return prediction;
  const answers = outcome.answers.map((each) => ({
    ...each,
    ...(overtaken && { overtaken }),
    ...(raced(each) && { raced: true }),
    ...(met(each) && { met: true }),
  }));
  return { ...prediction, outcome: { ...outcome, answers } };
};

/** Whether a reply asks the agent to renew, without a request, because its time is over. */
export const isRenewalRequest = ({ channel, uuid, successful, data }: Reply): boolean =>
  channel === "/meta/refresh" &&
  uuid === undefined &&
  successful &&
  isJsonObject(data) &&
  Number(data["expiresInMs"]) <= 0;

/**
 * The prediction for a state, which only a member may set.
 * @param isMember whether the agent is a member; `undefined`: frames in flight decide
 */
export const requireMember = (
  prediction: Prediction,
  isMember: (channel: string) => boolean | undefined,
): Prediction => {
  const { outcome, sets } = prediction;
  const member = sets ? isMember(sets.channel) : true;
  if (!sets || member === true || outcome.kind !== "answers") return prediction;
  if (member === undefined)
    return {
      ...prediction,
      outcome: { ...outcome, answers: outcome.answers.map((each) => ({ ...each, unsureMember: true })) },
    };
  const { sets: _none, ...others } = prediction;
  const refused = outcome.answers.map(({ content: _content, ...each }) => ({ ...each, code: "no_presence" as const }));
  return { ...others, outcome: { ...outcome, answers: refused } };
};

const isTruncationOf = (about: string, got: unknown): boolean =>
  typeof got === "string" && (got === about || (got.length >= 128 && about.startsWith(got)));

/** Whether a reply rejects the request with one of the permitted codes. */
const isRefused = (
  { uuid, channels, limited, overtaken, met, about = "", reused, unsureMember }: ExpectedAnswer,
  { channel, code, successful, error, uuid: its, data }: Reply,
): boolean => {
  const own = channels.includes(channel) && channel !== "/meta/successful";
  const may =
    (limited && code === "rate_limited" && (channel === ERROR || own)) ||
    (overtaken && code === "unavailable" && channel === "/meta/refresh") ||
    (met &&
      code === "unavailable" &&
      channel === "/meta/unsubscribe" &&
      isJsonObject(data) &&
      isTruncationOf(about, data["channel"])) ||
    (unsureMember && code === "no_presence" && own) ||
    (reused && code === "uuid_reused" && channel === ERROR);
  return may === true && its === uuid && !successful && error !== undefined;
};

const matches = (expected: ExpectedAnswer, got: Reply, check: Check): boolean => {
  if (isRefused(expected, got)) return true;
  const data = isJsonObject(got.data) ? got.data : {};
  // Without extra fields: the guard's result distinguishes the answers of two publications with one uuid.
  const bare =
    got.channel !== "/meta/successful" || Object.keys(data).length === Object.keys(expected.data ?? {}).length;
  return (
    bare &&
    expected.channels.includes(got.channel) &&
    expected.uuid === got.uuid &&
    expected.code === got.code &&
    got.successful === (expected.code === undefined) &&
    (got.error === undefined) === got.successful &&
    (expected.about === undefined || isTruncationOf(expected.about, data["channel"])) &&
    Object.entries(expected.data ?? {}).every(([name, value]) => data[name] === value) &&
    (got.position === undefined) === (expected.content?.kind !== "stored") &&
    (expected.content === undefined || check(expected.content, got) === undefined)
  );
};

/**
 * The expected answers when a race made some requested channels fail. Each of them gets an error, and channels that
 * only they granted get no answer.
 */
const withoutLost = (expected: readonly ExpectedAnswer[], got: readonly Reply[]): readonly ExpectedAnswer[] => {
  if (!expected.some(({ raced }) => raced)) return expected;
  const asked = new Set(expected.flatMap(({ grantedBy = [] }) => grantedBy));
  const failed = got.filter(({ code, channel }) => code === "unavailable" && channel === "/meta/subscribe");
  const lost = new Set(
    [...asked].filter((name) => failed.some(({ data }) => isJsonObject(data) && isTruncationOf(name, data["channel"]))),
  );
  // A lost channel fails together with all channels of the same grant.
  const explained = [...lost].every((name) =>
    expected.some(
      ({ raced, grantedBy = [] }) => raced && grantedBy.includes(name) && grantedBy.every((each) => lost.has(each)),
    ),
  );
  if (!explained) return expected;
  const base = { channels: ["/meta/subscribe"], ...(expected[0]?.uuid !== undefined && { uuid: expected[0].uuid }) };
  return [
    ...expected.filter(({ grantedBy }) => !grantedBy?.every((name) => lost.has(name))),
    ...[...lost].map((about): ExpectedAnswer => ({ ...base, about, code: "unavailable" })),
  ];
};

/** Pairs each expected answer with a reply, in any order; `undefined` if they do not match exactly. */
export const matchAnswers = (
  wanted: readonly ExpectedAnswer[],
  got: readonly Reply[],
  check: Check,
): [ExpectedAnswer, Reply][] | undefined => {
  const expected = withoutLost(wanted, got);
  if (expected.length !== got.length) return undefined;
  const left = [...got];
  const pairs: [ExpectedAnswer, Reply][] = [];
  for (const each of expected) {
    const at = left.findIndex((answer) => matches(each, answer, check));
    if (at < 0) return undefined;
    pairs.push([each, ...left.splice(at, 1)] as [ExpectedAnswer, Reply]);
  }
  return pairs;
};

/** Whether the replies are exactly the expected ones, without checking their content. */
export const answersMatch = (expected: readonly ExpectedAnswer[], got: readonly Reply[]): boolean =>
  matchAnswers(expected, got, () => undefined) !== undefined;
