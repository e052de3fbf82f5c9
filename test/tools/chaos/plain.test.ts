import { ARRIVAL_MS, FORGOTTEN_MS } from "../../../tools/chaos/losses.js";
import { type Actor, LINGERING, Scene } from "./scene.js";

describe("the checker, of spans of subscription that nothing recovers", () => {
  let scene: Scene;
  let actor: Actor;
  beforeEach(() => {
    scene = new Scene();
    actor = scene.actor();
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

    it("excuses messages between a loss and the next subscription only", () => {
      actor.loses();
      scene.publish("m1", plain);
      actor.reconnects("plain/a");
      scene.publish("m2", plain);
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("expects nothing after a reconnection until an event reports the subscription", () => {
      actor.loses().reconnects();
      scene.publish("m1", plain);
      expect(scene.judged()).toEqual([]);
    });

    it("excuses a message in transit at a loss unless it surely arrived", () => {
      scene.publish("m1", plain);
      scene.publish("m2", plain);
      scene.posts("plain/a", "m1");
      scene.wait(ARRIVAL_MS);
      scene.posts("plain/a", "m2");
      actor.loses().reconnects("plain/a");
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    describe("when the connection is lost later", () => {
      const loseLater = (): void => {
        scene.wait(ARRIVAL_MS);
        actor.loses().reconnects("plain/a");
      };

      it("finds a message that no function posted or was to post", () => {
        scene.publish("m1", plain);
        loseLater();
        expect(scene.judged()).toEqual(["lost m1"]);
      });

      it("excuses it while it waits for a worker", () => {
        scene.journal.queued("segment", [{ channel: "plain/a", uuid: "m1" }]);
        scene.publish("m1", plain);
        scene.publish("m2", plain);
        loseLater();
        scene.journal.delivered("segment");
        expect(scene.judged()).toEqual(["lost m2"]);
      });

      it("finds it when a worker had dealt with it", () => {
        scene.journal.queued("segment", [{ channel: "plain/a", uuid: "m1" }]);
        scene.publish("m1", plain);
        scene.journal.delivered("segment");
        loseLater();
        expect(scene.judged()).toEqual(["lost m1"]);
      });

      it("excuses a reported disconnect until the client can know of it", () => {
        scene.publish("m1", plain);
        scene.posts("plain/a", "m1", "denied");
        scene.publish("m2", plain);
        loseLater();
        expect(scene.judged()).toEqual([]);
        scene.posts("plain/a", "m2", "denied");
        scene.publish("m3", plain);
        scene.wait(FORGOTTEN_MS);
        loseLater();
        expect(scene.judged()).toEqual(["lost m3"]);
      });

      it("excuses it on a channel whose messages gather", () => {
        actor.subscribes(LINGERING);
        scene.publish("m1", { channel: LINGERING });
        loseLater();
        expect(scene.judged()).toEqual([]);
      });
    });

    it("does not take doubts about a connection for a loss", () => {
      actor.loses("frozen");
      scene.publish("m1", plain);
      actor.note({ is: "state", state: "connected", code: "verified" });
      expect(scene.judged()).toEqual(["lost m1"]);
    });

    it("excuses a rotation only if the SDK reports it for this channel", () => {
      actor.subscribes("plain/b");
      scene.publish("m1", plain);
      scene.publish("m2", { channel: "plain/b" });
      actor.note({ is: "rotated", names: ["plain/a"] });
      scene.publish("m3", plain);
      expect(scene.judged()).toEqual(["lost m2", "lost m3"]);
    });

    it("excuses messages after a rotation that left the channel behind", () => {
      actor.note({ is: "rotated", names: ["plain/a"] });
      scene.publish("m1", plain);
      scene.wait(60_000);
      expect(scene.judged()).toEqual(["lost m1"]);
      actor.note({ is: "subscribed", name: "plain/a" });
      scene.publish("m2", plain);
      expect(scene.judged()).toEqual(["lost m2"]);
    });

    it("excuses messages before another event that reports the subscription", () => {
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

    it("expects messages that had arrived before the application unsubscribed or left", () => {
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
      scene.publish("m3", { channel: "guarded/a" });
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

    it("finds a loss while the channel's own subscription is under way", () => {
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

  describe("to a client without a subscription", () => {
    it("finds a leak of a channel that the page did not request", () => {
      actor.subscribes("log/b");
      scene.publish("m1");
      actor.receives("log/a", "m1");
      expect(scene.judged()).toEqual(["leaked m1"]);
    });

    it("finds a leak only of messages published after an answered unsubscription", () => {
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
});
