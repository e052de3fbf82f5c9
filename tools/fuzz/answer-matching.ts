import { isJsonObject } from "../lib/json.js";
import type { Reply, Code, Json, Position } from "../../protocol/index.js";
import type { PossibleOutcomes } from "./uuid-ownership.js";
import type { ContentCheck, ExpectedAnswer, Prediction, Publication } from "./prediction.js";

/*
 * Whether what came is what was expected.
 */

/** Says what is wrong with what an answer tells; `undefined`: nothing. */
export type Check = (content: ContentCheck, answer: Reply) => string | undefined;

const ERROR = "/meta/error";

/**
 * What a frame must lead to whose sender has published, or asked, more than it may at once: each of its messages, or what
 * it asks, may be refused. Only the server knows how much of that is long enough ago.
 */
export const allowRateLimit = (prediction: Prediction): Prediction => {
  const { outcome, messages, asking } = prediction;
  if ((messages === 0 && !asking) || outcome.kind !== "answers") return prediction;
  return {
    ...prediction,
    outcome: { ...outcome, answers: outcome.answers.map((each) => ({ ...each, limited: true })) },
  };
};

/** What a frame must lead to some of whose publications have a uuid that is, or may just be, another message's. */
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
 * What a frame must lead to that others of the same agent may overtake: of several renewals only the first has to be
 * right, and a subscription may have been ended in the moment in which it was made.
 * @param renewals how many renewals are on their way
 * @param unsubscribed channels from which frames on their way unsubscribe the agent
 * @param subscribed channels to which frames on their way subscribe the agent
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

/** Whether the server asks, unasked, that an agent be renewed: its time is over. */
export const isRenewalRequest = ({ channel, uuid, successful, data }: Reply): boolean =>
  channel === "/meta/refresh" &&
  uuid === undefined &&
  successful &&
  isJsonObject(data) &&
  Number(data["expiresInMs"]) <= 0;

const isTruncationOf = (about: string, got: unknown): boolean =>
  typeof got === "string" && (got === about || (got.length >= 128 && about.startsWith(got)));

/** Whether an answer refuses what is expected with one of the codes with which it may be. */
const isRefused = (
  { uuid, channels, limited, overtaken, met, about = "", reused }: ExpectedAnswer,
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
    (reused && code === "uuid_reused" && channel === ERROR);
  return may === true && its === uuid && !successful && error !== undefined;
};

const matches = (expected: ExpectedAnswer, got: Reply, check: Check): boolean => {
  if (isRefused(expected, got)) return true;
  const data = isJsonObject(got.data) ? got.data : {};
  // Nothing but what the guard gave: of two publications with one uuid, only that tells whose answer this is.
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
 * What is expected once it is known which of the channels that a subscribe frame names have failed because of a race:
 * each of them is told so, and what nobody else has granted has no answer of its own.
 */
const withoutLost = (expected: readonly ExpectedAnswer[], got: readonly Reply[]): readonly ExpectedAnswer[] => {
  if (!expected.some(({ raced }) => raced)) return expected;
  const asked = new Set(expected.flatMap(({ grantedBy = [] }) => grantedBy));
  const told = got.filter(({ code, channel }) => code === "unavailable" && channel === "/meta/subscribe");
  const lost = new Set(
    [...asked].filter((name) => told.some(({ data }) => isJsonObject(data) && isTruncationOf(name, data["channel"]))),
  );
  // Whatever is gone takes all along that were permitted together with it.
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

/** Which answer is which of those expected, in any order; `undefined`: they are not exactly those. */
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

/** Whether a frame's answers are exactly those expected, whatever they tell besides. */
export const answersMatch = (expected: readonly ExpectedAnswer[], got: readonly Reply[]): boolean =>
  matchAnswers(expected, got, () => undefined) !== undefined;
