import {
  atAttempt,
  decodeSegment,
  encodeSegment,
  type Segment,
  SEGMENT_RECIPIENTS,
  segmentsFor,
} from "../../../lambdas/delivery/segments.js";
import { messageOf, NOW } from "../support/fakes.js";

const publication = { message: messageOf("a") };
const subscriber = (at: number) => ({ connectionId: `L0SM9cOFvHcCI${at}=`, connectedAt: NOW + at * 1_000 });

describe("an encoded segment", () => {
  test.each<[string, Segment["recipients"]]>([
    ["recipients", [subscriber(1), { ...subscriber(2), expired: true }]],
    ["the position of the unread subscribers", { after: "L0SM9cOFvHcCIhw=" }],
  ])("decodes to the same segment: %s", (_, recipients) => {
    const publications = [
      publication,
      { message: messageOf("/meta/user", { deep: [null] }, "m2"), to: "/meta/user/ann", except: "c1" },
    ];
    for (const segment of [
      { publications, recipients, until: NOW + 1_234 },
      { publications, recipients, until: NOW, slowUntil: NOW + 1 },
    ]) {
      expect(decodeSegment(encodeSegment(segment))).toEqual(segment);
    }
  });

  // Its message is small.
  test("with the most recipients fits one SQS request (64 KB)", () => {
    const recipients = Array.from({ length: SEGMENT_RECIPIENTS }, (_, at) => subscriber(at));
    expect(Buffer.byteLength(encodeSegment({ publications: [publication], recipients, until: NOW }))).toBeLessThan(
      32 * 1024,
    );
  });

  test.each(["{}", "no JSON", '{"v":2}'])("of another format is an error: %s", (text) => {
    expect(() => decodeSegment(text)).toThrow();
  });
});

describe("segmentsFor", () => {
  test("puts at most 1,000 recipients into a segment", () => {
    const all = Array.from({ length: 2_001 }, (_, at) => subscriber(at));
    const sizes = segmentsFor([publication], all, { until: NOW }).map(({ recipients }) =>
      "after" in recipients ? -1 : recipients.length,
    );
    expect(sizes).toEqual([1_000, 1_000, 1]);
  });

  test("splits messages that are too large for SQS, in order", () => {
    const large = (uuid: string) => ({ message: messageOf("a", "x".repeat(32_000), uuid) });
    const publications = Array.from({ length: 9 }, (_, at) => large(`m${at}`));
    const segments = segmentsFor(publications, { after: "" }, { until: NOW });
    expect(segments.flatMap((each) => each.publications)).toEqual(publications);
    expect(segments.length).toBe(3);
    for (const segment of segments) expect(Buffer.byteLength(encodeSegment(segment))).toBeLessThan(160 * 1024);
  });
});

describe("a segment whose workers die", () => {
  const segment: Segment = { publications: [publication], recipients: [subscriber(1)], until: NOW };

  test("is tried five times, and the sixth worker closes the recipients", () => {
    const untils = Array.from({ length: 7 }, (_, at) => atAttempt(segment, at + 1).until);
    expect(untils).toEqual([NOW, NOW, NOW, NOW, NOW, 0, 0]);
  });
});
