import fc from "fast-check";
import { answersMatch, allowRateLimit } from "../../../tools/fuzz/answer-matching.js";
import { episode } from "../../../tools/fuzz/frames.js";
import { MAX_SUBSCRIPTIONS } from "../../../tools/fuzz/protocol-rules.js";
import { predict } from "../../../tools/fuzz/oracle.js";

const AGENT = { agent: "a-1" };
const publication = predict(JSON.stringify({ action: "publish", channel: "open/a", uuid: "u", data: 1 }), AGENT);
const limited = {
  channel: "/meta/error" as const,
  uuid: "u",
  successful: false,
  code: "rate_limited" as const,
  error: "Too many.",
};
const expected = ({ outcome }: typeof publication) => (outcome.kind === "answers" ? outcome.answers : []);

describe("rate_limited", () => {
  it("is not an answer to an agent that has published little", () => {
    expect(publication.messages).toBe(1);
    expect(answersMatch(expected(publication), [limited])).toBe(false);
  });

  it("may answer either of two busy agents, and no other code may", () => {
    const perhaps = expected(allowRateLimit(publication));
    expect(answersMatch(perhaps, [limited])).toBe(true);
    expect(answersMatch(perhaps, [{ channel: "/meta/successful", uuid: "u", successful: true }])).toBe(true);
    expect(answersMatch(perhaps, [{ ...limited, uuid: "v" }])).toBe(false);
    expect(answersMatch(perhaps, [{ ...limited, code: "denied" }])).toBe(false);
    expect(answersMatch(perhaps, [{ ...limited, channel: "/meta/subscribe" }])).toBe(false);
  });

  it("is never one to a frame that publishes nothing", () => {
    const ping = predict(JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "u" }), AGENT);
    expect(allowRateLimit(ping)).toBe(ping);
  });
});

// So too_many_subscriptions is always a wrong answer.
it("no episode can reach its agents' limit of subscriptions", () => {
  const counts = fc.sample(episode("t1"), { seed: 1, numRuns: 300 }).map(({ bursts }) => {
    const names = bursts.flat().flatMap((each) => {
      if (each.kind !== "frame" || each.wire.kind !== "text") return [];
      return predict(each.wire.text, AGENT).subscribe;
    });
    return new Set(names).size;
  });
  expect(Math.max(...counts)).toBeGreaterThan(10);
  expect(Math.max(...counts)).toBeLessThan(MAX_SUBSCRIPTIONS * 0.8);
});
