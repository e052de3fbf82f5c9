import { ARRIVAL_MS, RECOVERY_MS } from "../../../tools/chaos/losses.js";
import { type Actor, EPOCH, Scene } from "./scene.js";

/** Longer than anything may take. */
const LONG_MS = 2 * RECOVERY_MS;

describe("the checker, of spans of subscription to channels with history", () => {
  let scene: Scene;
  let actor: Actor;
  beforeEach(() => {
    scene = new Scene();
    actor = scene.actor();
  });
  const position = (offset: number) => ({ epoch: EPOCH, offset });

  describe("on one page", () => {
    it("finds a deaf page after it unsubscribes and subscribes in one turn", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      actor.receives("log/a", "m1");
      const turn = scene.journal.turn();
      actor.leaves("log/a", { turn });
      actor.subscribes("log/a", { turn, holder: 2 });
      scene.publish("m2");
      expect(scene.judged()).toEqual(["lost m2"]);
      actor.receives("log/a", "m2");
      expect(scene.judged()).toEqual([]);
    });

    it("expects messages from before a remount that keeps the subscription", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      scene.publish("m2");
      actor.receives("log/a", "m1");
      const turn = scene.journal.turn();
      actor.leaves("log/a", { turn });
      actor.subscribes("log/a", { turn, holder: 2 });
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("expects no messages between two spans, and accepts each of them once", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      actor.receives("log/a", "m1").leaves("log/a");
      scene.publish("m2");
      const call = actor.asks("log/a");
      actor.receives("log/a", "m2").fulfilled(call);
      scene.publish("m3");
      actor.receives("log/a", "m3");
      expect(scene.judged()).toEqual([]);
      actor.receives("log/a", "m2");
      expect(scene.judged()).toEqual(["duplicated m2"]);
    });

    it("expects messages from long before the application unsubscribed, and no recent ones", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      scene.wait(RECOVERY_MS - 1);
      scene.publish("m2");
      actor.unsubscribes("log/a");
      expect(scene.judged()).toEqual([]);

      actor.subscribes("log/b");
      scene.publish("n1", { channel: "log/b" });
      scene.wait(RECOVERY_MS);
      actor.unsubscribes("log/b");
      expect(scene.judged()).toEqual(["lost n1"]);
    });

    it("expects the next message at once, and later ones given enough time", () => {
      actor.subscribes("log/a");
      for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
      actor.receives("log/a", "m1");
      scene.wait(1);
      for (const uuid of ["m2", "m3"]) scene.posts("log/a", uuid);
      scene.wait(ARRIVAL_MS);
      actor.unsubscribes("log/a");
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("does not expect the next message on a connection under replacement", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      scene.posts("log/a", "m1");
      scene.wait(ARRIVAL_MS);
      actor.loses().reconnects("log/a").unsubscribes("log/a");
      expect(scene.judged()).toEqual([]);
    });

    it("excuses an unsubscription too soon after a lost connection to recover", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      scene.wait(LONG_MS);
      actor.loses().reconnects("log/a").unsubscribes("log/a");
      expect(scene.judged()).toEqual([]);
    });

    it("finds a hole in a span, however short it was", () => {
      actor.subscribes("log/a");
      for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
      actor.receives("log/a", "m1", "m3").unsubscribes("log/a");
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("does not take a lost connection for an excuse", () => {
      actor.subscribes("log/a").loses();
      scene.publish("m1");
      actor.reconnects("log/a");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("expects everything for a second component when the first one unsubscribes", () => {
      actor.subscribes("log/a", { holder: 1 }).subscribes("log/a", { holder: 2 });
      actor.unsubscribes("log/a", { holder: 1 });
      scene.publish("m1");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("finds that the SDK says unsubscribed while a component is subscribed", () => {
      actor.subscribes("log/a", { holder: 1 }).subscribes("log/a", { holder: 2 });
      actor.unsubscribes("log/a", { holder: 1 }).note({ is: "unsubscribed", name: "log/a" });
      expect(scene.judged()).toEqual(["lost"]);
    });

    it("expects nothing after a failed subscription until it is subscribed again", () => {
      actor.subscribes("log/a").note({ is: "unsubscribed", name: "log/a", code: "denied" });
      scene.publish("m1");
      expect(scene.judged()).toEqual([]);
      actor.subscribes("log/a");
      scene.publish("m2");
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("counts a temporarily failed subscription from the event that reports it", () => {
      const call = actor.asks("log/a");
      actor.note({ is: "rejected", call, code: "unavailable", retryable: true });
      scene.publish("m1");
      actor.note({ is: "subscribed", name: "log/a" });
      scene.publish("m2");
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("does not count the answer to an overtaken call as a subscription", () => {
      const call = actor.asks("log/a");
      const leaving = actor.leaves("log/a");
      actor.fulfilled(call).fulfilled(leaving);
      scene.publish("m1");
      expect(scene.judged()).toEqual([]);
    });
  });

  describe("over a reload", () => {
    it("expects everything behind the position that the next page begins with, once", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      actor.receives("log/a", "m1");
      const next = actor.reloads({ "log/a": position(1) });
      scene.publish("m2");
      next.subscribes("log/a");
      expect(scene.judged()).toEqual(["lost m2"]);
      next.receives("log/a", "m2");
      expect(scene.judged()).toEqual([]);
      next.receives("log/a", "m1");
      expect(scene.judged()).toEqual(["duplicated m1", "reordered m1"]);
    });

    it("finds a position ahead of the received ones", () => {
      actor.subscribes("log/a");
      for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
      actor
        .receives("log/a", "m1")
        .reloads({ "log/a": position(3) })
        .subscribes("log/a");
      expect(scene.judged()).toEqual(["lost m2", "lost m3"]);
    });

    it("finds that a channel has no position, although it is subscribed", () => {
      actor.subscribes("log/a").reloads().subscribes("log/a");
      expect(scene.violations().map(({ what }) => what)).toEqual([
        "s1 has no position on log/a, and is subscribed to it",
      ]);
    });

    it("begins anew when the position was forgotten by an unsubscription", () => {
      actor.subscribes("log/a");
      const next = actor.reloads({ "log/a": position(0) });
      scene.publish("m1");
      next.asks("log/a");
      next.leaves("log/a");
      next.subscribes("log/a");
      expect(scene.judged()).toEqual([]);
    });
  });

  it.each([
    [2, 3, "lost"],
    [4, 3, "duplicated"],
  ] as const)("finds that a component's listener received %i messages of %i", (byComponent, byClient, wrong) => {
    actor.subscribes("log/a").note({ is: "listened", name: "log/a", holder: 1, byComponent, byClient });
    expect(scene.judged()).toEqual([wrong]);
  });
});
