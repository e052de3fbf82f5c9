import type { Code, Reply } from "../../protocol/index.js";

/**
 * A log entry about requests of one frame that were refused with the same code. It never has a reason, data or
 * credentials.
 */
export interface Refusal {
  code: Code;
  /** The request's uuid, if it was a single request with a uuid. */
  uuid?: string;
  /** The uuids of several requests. */
  uuids?: string[];
  /** The channel of a reply, if it has one. */
  channel?: string;
  channels?: string[];
}

const some = <Key extends string>(
  one: Key,
  values: readonly string[],
): { [K in Key | `${Key}s`]?: string | string[] } => {
  const each = [...new Set(values)];
  const field = each.length === 1 ? { [one]: each[0] } : each.length === 0 ? {} : { [`${one}s`]: each };
  return field as { [K in Key | `${Key}s`]?: string | string[] };
};

const channelOf = ({ data }: Reply): string[] => {
  const { channel } = (typeof data === "object" && data !== null && !Array.isArray(data) ? data : {}) as {
    channel?: unknown;
  };
  return typeof channel === "string" ? [channel] : [];
};

/**
 * Groups the refusing replies by code, for one line of the log each. So 25 messages that are refused alike cost one
 * line.
 */
export const refusalsIn = (answers: readonly Reply[]): Refusal[] => {
  const byCode = new Map<Code, Reply[]>();
  for (const answer of answers) {
    if (!answer.successful && answer.code !== undefined)
      byCode.set(answer.code, [...(byCode.get(answer.code) ?? []), answer]);
  }
  return [...byCode].map(([code, refused]) => ({
    code,
    ...some(
      "uuid",
      refused.flatMap(({ uuid }) => uuid ?? []),
    ),
    ...some("channel", refused.flatMap(channelOf)),
  })) as Refusal[];
};
