import { CallTimeline } from "../../../local/services/lambda/timeline.js";

/** Makes so many calls, so many at a time, the next one as soon as one has ended, in whatever order. */
const waves = (
  timeline: CallTimeline,
  calls: number,
  atATime: number,
  ms: number,
  shuffle = (ends: unknown[]) => ends,
): void => {
  const ends = Array.from({ length: Math.min(calls, atATime) }, () => timeline.begin(ms));
  for (let begun = ends.length; ends.length > 0; begun += 1) {
    shuffle(ends);
    ends.shift()!();
    if (begun < calls) ends.push(timeline.begin(ms));
  }
};

describe("what calls take together", () => {
  test("is nothing without any", () => {
    expect(new CallTimeline().ms).toBe(0);
  });

  test("is their sum, where each begins when the last one has ended", () => {
    const timeline = new CallTimeline();
    for (const ms of [5, 10, 5]) timeline.begin(ms)();
    expect(timeline.ms).toBe(20);
  });

  test("is the longest one, where all are under way at a time", () => {
    const timeline = new CallTimeline();
    [5, 10, 5].map((ms) => timeline.begin(ms)).forEach((end) => end());
    expect(timeline.ms).toBe(10);
  });

  test("is a Query and two waves for 99 posts, 64 in parallel", () => {
    const timeline = new CallTimeline();
    timeline.begin(5)();
    waves(timeline, 99, 64, 10);
    expect(timeline.ms).toBe(25);
  });

  test("is the same, whichever of the posts happens to end first", () => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const timeline = new CallTimeline();
    waves(timeline, 640, 64, 10, (ends) => ends.sort(() => random() - 0.5));
    expect(timeline.ms).toBe(100);
  });

  test("adds the extra time of a call, such as an invoked function's", () => {
    const timeline = new CallTimeline();
    timeline.begin(10)(120);
    timeline.begin(5)();
    expect(timeline.ms).toBe(135);
  });

  test("has no call that has not ended", () => {
    const timeline = new CallTimeline();
    timeline.begin(10);
    expect(timeline.ms).toBe(0);
  });
});
