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

    describe("when the connection is lost later", () => {
      const loseLater = (): void => {
        scene.wait(ARRIVAL_MS);
        actor.loses().reconnects("plain/a");
      };

      it("finds a message that nobody has posted, and that no worker was to post", () => {
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

      it("excuses it when the server was told that the connection is gone, for as long as the client cannot know", () => {
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
});
