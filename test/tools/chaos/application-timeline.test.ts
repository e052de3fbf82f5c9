import { countEvents } from "../../../tools/chaos/counts.js";
import { applicationTimeline } from "../../../tools/chaos/application-timeline.js";
import { OUTSIDER, Scene } from "./scene.js";

describe("the timeline of an application", () => {
  it("lists its own actions and notifications on a channel, with the publication", () => {
    const scene = new Scene();
    const actor = scene.actor().subscribes("log/a").subscribes("log/*").subscribes("plain/a");
    scene.actor(OUTSIDER).subscribes("log/a");
    scene.publish("m1");
    scene.posts("log/a", "m1", "lost");
    actor.loses().receives("log/a", "m1").receives("plain/a", "m1");
    const lines = applicationTimeline(scene.journal, { who: "s1", channel: "log/a", uuid: "m1" }).map((line) =>
      line.replace(/^ *[\d.]+ +\d+ +/, ""),
    );
    expect(lines).toEqual([
      expect.stringContaining(`subscribe {"name":"log/a"`),
      expect.stringContaining("fulfilled: subscribe log/a"),
      expect.stringContaining(`subscribe {"name":"log/*"`),
      expect.stringContaining("fulfilled: subscribe log/*"),
      "(m1 is published)",
      expect.stringContaining("state"),
      expect.stringContaining("receives m1 on log/a"),
      expect.stringContaining("(m1 is posted: lost)"),
    ]);
  });
});

describe("the counts of events", () => {
  it("include answered requests and repeated notifications", () => {
    const scene = new Scene();
    const actor = scene.actor().subscribes("log/*").subscribes("log/a").unsubscribes("log/a");
    actor.asks("plain/*");
    actor.leaves("log/*");
    actor
      .reconnects("log/a")
      .reconnects("log/a")
      .note({ is: "subscribed", name: "log/b", recovered: false, code: "too_far_behind" });
    expect(countEvents(scene.journal)).toEqual({
      recoveries: 1,
      missed: 1,
      unsubscriptions: 1,
      wildcards: 1,
      newest: 0,
      states: 0,
      changes: 0,
    });
  });
});
