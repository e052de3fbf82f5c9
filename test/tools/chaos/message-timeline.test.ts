import { MessageTimeline } from "../../../tools/chaos/message-timeline.js";

describe("the trail of a message", () => {
  it("reports the events of the message, and no others", () => {
    const trail = new MessageTimeline();
    trail.note("chaos-p1-1", "is published");
    trail.noteAll(`{"uuid":"chaos-p1-1"},{"uuid":"chaos-p1-2"},{"uuid":"chaos-p1-1"}`, "is posted");
    expect(trail.of("chaos-p1-1").map((line) => line.replace(/^ *[\d.]+ s {2}/, ""))).toEqual([
      "is published",
      "is posted",
    ]);
    expect(trail.of("chaos-p1-2")).toHaveLength(1);
    expect(trail.of("chaos-p1-3")).toEqual([]);
  });

  it("reports repeated events once", () => {
    const trail = new MessageTimeline();
    for (let time = 0; time < 3; time += 1) trail.note("chaos-p1-1", "is posted");
    expect(trail.of("chaos-p1-1")).toEqual([expect.stringMatching(/is posted \(3 times, until [\d.]+ s\)$/)]);
  });
});
