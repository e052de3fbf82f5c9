import { ARRIVAL_MS, LATENESS_MS, RECOVERY_MS } from "../../chaos/losses.js";
import { type Actor, EPOCH, Scene } from "./scene.js";

/** Longer than anything may take. */
const LONG_MS = 2 * Math.max(RECOVERY_MS, LATENESS_MS);

describe("the checker, of spans of subscription", () => {
  let scene: Scene;
  let actor: Actor;
  beforeEach(() => {
    scene = new Scene();
    actor = scene.actor();
  });
  const position = (offset: number) => ({ epoch: EPOCH, offset });

  describe("on a channel with history", () => {
    it("finds that a page is deaf after it has unsubscribed and subscribed in one turn", () => {
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

    it("expects what was published before a remount in one turn, because the subscription goes on", () => {
      actor.subscribes("log/a");
      scene.publish("m1");
      scene.publish("m2");
      actor.receives("log/a", "m1");
      const turn = scene.journal.turn();
      actor.leaves("log/a", { turn });
      actor.subscribes("log/a", { turn, holder: 2 });
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("expects nothing of what was published between two spans, and takes what comes of it once", () => {
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

    it("expects what was published long before the application unsubscribed, and nothing that was just published", () => {
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

    it("excuses an unsubscription soon after a lost connection, which leaves no time to recover", () => {
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

    it("expects nothing after the SDK has said that the subscription failed, until it is subscribed again", () => {
      actor.subscribes("log/a").note({ is: "unsubscribed", name: "log/a", code: "denied" });
      scene.publish("m1");
      expect(scene.judged()).toEqual([]);
      actor.subscribes("log/a");
      scene.publish("m2");
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("counts a subscription that failed for a while from the event that says it is there", () => {
      const call = actor.asks("log/a");
      actor.note({ is: "rejected", call, code: "unavailable", retryable: true });
      scene.publish("m1");
      actor.note({ is: "subscribed", name: "log/a" });
      scene.publish("m2");
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("does not take the answer to a call that was overtaken for a subscription", () => {
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

    it("finds a position that is ahead of what was told", () => {
      actor.subscribes("log/a");
      for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
      actor.receives("log/a", "m1").reloads({ "log/a": position(3) }).subscribes("log/a");
      expect(scene.judged()).toEqual(["lost m2", "lost m3"]);
    });

    it("finds that a channel has no position, although it is subscribed", () => {
      actor.subscribes("log/a").reloads().subscribes("log/a");
      expect(scene.violations().map(({ what }) => what)).toEqual(["s1 has no position on log/a, and is subscribed to it"]);
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

  describe("on a plain channel", () => {
    const plain = { channel: "plain/a" };
    beforeEach(() => void actor.subscribes("plain/a"));

    it("finds a loss while the connection stands", () => {
      scene.publish("m1", plain);
      expect(scene.judged()).toEqual(["lost m1"]);
      actor.receives("plain/a", "m1");
      expect(scene.judged()).toEqual([]);
      actor.receives("plain/a", "m1");
      expect(scene.judged()).toEqual(["duplicated m1"]);
    });

    it("excuses a message whose post the network lost, and no other", () => {
      scene.publish("m1", plain);
      scene.posts("plain/a", "m1", "lost");
      expect(scene.judged()).toEqual([]);
      scene.posts("plain/a", "m1");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("excuses what is published between a loss and the next subscription, and nothing after it", () => {
      actor.loses();
      scene.publish("m1", plain);
      actor.reconnects("plain/a");
      scene.publish("m2", plain);
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("expects nothing after a reconnection of which no event says that the channel is subscribed again", () => {
      actor.loses().reconnects();
      scene.publish("m1", plain);
      expect(scene.judged()).toEqual([]);
    });

    it("excuses a message that was on its way when the connection was lost, unless it must have arrived", () => {
      scene.publish("m1", plain);
      scene.publish("m2", plain);
      scene.posts("plain/a", "m1");
      scene.wait(ARRIVAL_MS);
      scene.posts("plain/a", "m2");
      actor.loses().reconnects("plain/a");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("finds a message that nobody posted for long, although the connection is lost later", () => {
      scene.publish("m1", plain);
      scene.wait(LATENESS_MS);
      scene.publish("m2", plain);
      actor.loses().reconnects("plain/a");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("does not take doubts about a connection for a loss", () => {
      actor.loses("frozen");
      scene.publish("m1", plain);
      actor.note({ is: "state", state: "connected", code: "verified" });
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("takes a rotation for an excuse only if the SDK says so, and only for this channel", () => {
      actor.subscribes("plain/b");
      scene.publish("m1", plain);
      scene.publish("m2", { channel: "plain/b" });
      actor.note({ is: "rotated", names: ["plain/a"] });
      scene.publish("m3", plain);
      expect(scene.judged()).toEqual(["lost m2", "lost m3"]);
    });

    it("takes another event that says subscribed for an excuse of what was published before", () => {
      scene.publish("m1", plain);
      actor.note({ is: "subscribed", name: "plain/a" });
      scene.publish("m2", plain);
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("expects nothing of the order", () => {
      scene.publish("m1", plain);
      scene.publish("m2", plain);
      actor.receives("plain/a", "m2", "m1");
      expect(scene.judged()).toEqual([]);
    });

    it("expects what had arrived before the application unsubscribed or left", () => {
      for (const end of [() => void actor.unsubscribes("plain/a"), () => void actor.reloads()]) {
        actor = scene.actor().subscribes("plain/a");
        const uuid = `m${scene.journal.call()}`;
        scene.publish(uuid, plain);
        scene.posts("plain/a", uuid);
        scene.wait(ARRIVAL_MS);
        end();
        expect(scene.judged()).toContain(`lost ${uuid}`);
      }
    });
  });

  describe("by a wildcard", () => {
    it("finds a loss on each channel below it, with history or without", () => {
      actor.subscribes("log/*").subscribes("plain/*");
      scene.publish("m1");
      scene.publish("m2", { channel: "plain/a" });
      scene.publish("m3", { channel: "heard/a" });
      expect(scene.judged()).toEqual(["lost m1", "lost m2"]);
    });

    it("recovers nothing, and needs no order", () => {
      actor.subscribes("log/*");
      scene.publish("m1");
      scene.publish("m2");
      actor.receives("log/a", "m2", "m1").loses();
      scene.publish("m3");
      actor.reconnects("log/*");
      expect(scene.judged()).toEqual([]);
    });

    it("finds what is lost while a subscription to the channel itself is under way", () => {
      actor.subscribes("log/*");
      const call = actor.asks("log/a");
      scene.publish("m1");
      actor.fulfilled(call);
      scene.publish("m2");
      actor.receives("log/a", "m2");
      expect(scene.judged()).toEqual(["lost m1"]);
      actor.receives("log/a", "m1");
      expect(scene.judged()).toEqual([]);
    });

    it("keeps the order of the channel's own subscription", () => {
      actor.subscribes("log/*").subscribes("log/a");
      scene.publish("m1");
      scene.publish("m2");
      actor.receives("log/a", "m2", "m1");
      expect(scene.judged()).toEqual(["reordered m1"]);
    });

    it("finds a loss after the channel's own subscription has ended", () => {
      actor.subscribes("log/*").subscribes("log/a").unsubscribes("log/a");
      scene.publish("m1");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("finds what comes by both", () => {
      actor.subscribes("log/*").subscribes("log/a");
      scene.publish("m1");
      actor.receives("log/a", "m1", "m1");
      expect(scene.judged()).toEqual(["duplicated m1"]);
    });
  });

  describe("to somebody who is not subscribed", () => {
    it("finds a leak of what nobody on the page has asked for", () => {
      actor.subscribes("log/b");
      scene.publish("m1");
      actor.receives("log/a", "m1");
      expect(scene.judged()).toEqual(["leaked m1"]);
    });

    it("finds a leak of what was published after an unsubscription was answered, and not before", () => {
      actor.subscribes("log/a");
      const call = actor.leaves("log/a");
      scene.publish("m1");
      actor.fulfilled(call);
      scene.publish("m2");
      actor.receives("log/a", "m1", "m2");
      expect(scene.judged()).toEqual(["leaked m2"]);
    });

    it("leaves open what an unsubscription that failed has done", () => {
      actor.subscribes("log/a");
      actor.note({ is: "rejected", call: actor.leaves("log/a"), code: "timeout", retryable: true });
      scene.publish("m1");
      actor.receives("log/a", "m1");
      expect(scene.judged()).toEqual([]);
    });
  });

  it.each([
    [2, 3, "lost"],
    [4, 3, "duplicated"],
  ] as const)("finds that a component's listener was told %i messages of %i", (heard, told, wrong) => {
    actor.subscribes("log/a").note({ is: "listened", name: "log/a", holder: 1, heard, told });
    expect(scene.judged()).toEqual([wrong]);
  });
});
