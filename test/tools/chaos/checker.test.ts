import type { Payload } from "../../../tools/chaos/policy.js";
import { type Actor, EPOCH, INSIDER, OUTSIDER, Scene } from "./scene.js";

describe("the checker", () => {
  let scene: Scene;
  let subscriber: Actor;
  beforeEach(() => {
    scene = new Scene();
    subscriber = scene.actor().subscribes("log/a");
    for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
  });
  const receive = (...uuids: string[]): void => void subscriber.receives("log/a", ...uuids);

  it("finds no violation if every message arrives once, in order", () => {
    receive("m1", "m2", "m3");
    expect(scene.judged()).toEqual([]);
  });

  it("finds a loss in the middle and at the end", () => {
    receive("m1", "m3");
    expect(scene.judged()).toEqual(["lost m2"]);
    scene.publish("m4");
    expect(scene.judged()).toEqual(["lost m2", "lost m4"]);
  });

  it("finds that a subscriber received nothing at all", () => {
    expect(scene.judged()).toEqual(["lost m1", "lost m2", "lost m3"]);
  });

  it("finds a duplicate, even without an acknowledgement", () => {
    scene.publish("m4", { acknowledged: false });
    receive("m1", "m2", "m2", "m3", "m4", "m4");
    expect(scene.judged()).toEqual(["duplicated m2", "duplicated m4"]);
  });

  it("finds a swap by the table, not by the subscribers' notifications", () => {
    subscriber.note({ is: "message", channel: "log/a", uuid: "m2", data: { by: "p", n: 1 }, offset: 1 });
    subscriber.note({ is: "message", channel: "log/a", uuid: "m1", data: { by: "p", n: 1 }, offset: 2 });
    receive("m3");
    expect(scene.judged()).toEqual(["reordered m1"]);
  });

  it("finds a swap by the publishers' acknowledgements before it reads the table", () => {
    receive("m1", "m3", "m2");
    expect(scene.judged({ stored: [] }).filter((each) => !each.startsWith("lost"))).toEqual(["reordered m2"]);
  });

  it("finds two messages at one place, and a channel that began anew", () => {
    receive("m1", "m2", "m3");
    scene.stored[2] = { channel: "log/a", epoch: EPOCH, uuid: "m3", offset: 2 };
    expect(scene.judged()).toContain("reordered m3");
    scene.stored[2] = { channel: "log/a", epoch: "other", uuid: "m3", offset: 3 };
    expect(scene.judged()).toContain("reordered m3");
  });

  it("finds acknowledged messages that are not stored, and messages stored twice", () => {
    receive("m1", "m2", "m3");
    scene.stored.pop();
    scene.stored.push({ channel: "log/a", epoch: EPOCH, uuid: "m1", offset: 9 });
    expect(scene.judged()).toEqual(["duplicated m1", "lost m3"]);
  });

  it.each<[string, Partial<Payload>]>([
    ["that a guard denied", { do: "deny" }],
    ["whose guard died", { do: "exit" }],
  ])("finds a leak of a message %s, received or stored", (_, data) => {
    receive("m1", "m2", "m3");
    scene.publish("m4", { acknowledged: false, ...data });
    expect(scene.judged()).toEqual([]);
    receive("m4");
    expect(scene.judged()).toEqual(["leaked m4"]);
    scene.stored.push({ channel: "log/a", epoch: EPOCH, uuid: "m4", offset: 4 });
    expect(scene.judged()).toEqual(["leaked m4", "leaked m4"]);
  });

  it("finds a leak to unauthorized subscribers or past a delivery guard", () => {
    receive("m1", "m2", "m3");
    const outsider = scene.actor(OUTSIDER).subscribes("private/a");
    scene.publish("m4", { channel: "private/a" });
    outsider.receives("private/a", "m4");
    subscriber.subscribes("guarded/a");
    scene.publish("m5", { channel: "guarded/a", n: 3 });
    expect(scene.judged()).toEqual(["leaked m4"]);
    subscriber.receives("guarded/a", "m5");
    expect(scene.judged()).toEqual(["leaked m4", "leaked m5"]);
  });

  it("finds messages that no client published, or published differently or elsewhere", () => {
    receive("m1", "m2", "m3", "m9");
    scene.publish("m4", { channel: "log/short" });
    receive("m4");
    scene.publish("m5");
    subscriber.note({ is: "message", channel: "log/a", uuid: "m5", data: { by: "p", n: 2 } });
    expect(scene.judged().sort()).toEqual(["leaked m4", "leaked m5", "leaked m9"]);
  });

  it("expects what a guard publishes on two channels on both, once each", () => {
    receive("m1", "m2", "m3");
    subscriber.subscribes("log/b");
    scene.publish("m4", { channel: "spread/a" });
    expect(scene.judged()).toEqual(["lost m4", "lost m4"]);
    scene.stored.push({ channel: "log/b", epoch: "f", uuid: "m4", offset: 1 });
    expect(scene.judged()).toEqual(["lost m4"]);
    subscriber.receives("log/b", "m4");
    expect(scene.judged()).toEqual([]);
    subscriber.receives("log/b", "m4");
    expect(scene.judged()).toEqual(["duplicated m4"]);
  });

  it("finds rows of the dead", () => {
    receive("m1", "m2", "m3");
    expect(scene.judged({ staleRows: ["a row"] })).toEqual(["staleRows"]);
  });

  it("expects no message from before the subscription and no unacknowledged message", () => {
    receive("m1", "m2", "m3");
    scene.actor(OUTSIDER).subscribes("log/a");
    scene.publish("m4", { acknowledged: false });
    expect(scene.judged()).toEqual([]);
  });

  it("expects what stands behind what came, whenever it was published", () => {
    receive("m1", "m2", "m3");
    scene
      .actor({ ...INSIDER, name: "late" })
      .subscribes("log/a")
      .receives("log/a", "m1", "m3");
    expect(scene.judged()).toEqual(["lost m2"]);
  });

  it("does not excuse a reported loss if the channel keeps all messages", () => {
    receive("m1", "m2", "m3");
    subscriber.note({ is: "subscribed", name: "log/a", recovered: false, code: "too_far_behind" });
    expect(scene.judged()).toEqual(["lost"]);
  });

  describe("if only some messages are kept", () => {
    const missed = (): void =>
      void subscriber.note({ is: "subscribed", name: "log/short", recovered: false, code: "too_far_behind" });
    beforeEach(() => {
      receive("m1", "m2", "m3");
      subscriber.subscribes("log/short");
      for (const uuid of ["s1", "s2", "s3"]) scene.publish(uuid, { channel: "log/short" });
    });

    it("excuses messages reported as lost, and none after them", () => {
      subscriber.receives("log/short", "s1");
      missed();
      expect(scene.judged()).toEqual([]);
      scene.publish("s4", { channel: "log/short" });
      scene.publish("s5", { channel: "log/short" });
      subscriber.receives("log/short", "s5");
      expect(scene.judged()).toEqual(["lost s4"]);
    });

    it("still finds a hole before a reported loss", () => {
      subscriber.receives("log/short", "s1", "s3");
      missed();
      expect(scene.judged()).toEqual(["lost s2"]);
    });
  });

  it("reports the first message that went wrong first", () => {
    receive("m3", "m2", "m2");
    expect(scene.judged()[0]).toBe("lost m1");
  });
});
