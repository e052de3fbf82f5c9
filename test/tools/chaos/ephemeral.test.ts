import { type Actor, EPOCH, Scene } from "./scene.js";

describe("the checker, of ephemeral messages on a channel with history", () => {
  const ephemeral = { ephemeral: true } as const;
  let scene: Scene;
  let actor: Actor;
  beforeEach(() => {
    scene = new Scene();
    actor = scene.actor().subscribes("log/a");
  });

  it("finds a loss while the connection is open", () => {
    scene.publish("m1", ephemeral);
    expect(scene.judged()).toEqual(["lost m1"]);
    actor.receives("log/a", "m1");
    expect(scene.judged()).toEqual([]);
    actor.receives("log/a", "m1");
    expect(scene.judged()).toEqual(["duplicated m1"]);
  });

  it("excuses a message that was published while the connection was lost", () => {
    actor.loses();
    scene.publish("m1", ephemeral);
    scene.publish("m2");
    actor.reconnects("log/a");
    expect(scene.judged()).toEqual(["lost m2"]);
  });

  it("excuses a message whose post the network lost", () => {
    scene.publish("m1", ephemeral);
    scene.posts("log/a", "m1", "lost");
    expect(scene.judged()).toEqual([]);
  });

  it("permits any order next to stored messages", () => {
    scene.publish("m1");
    scene.publish("m2", ephemeral);
    scene.publish("m3");
    actor.receives("log/a", "m2", "m1", "m3");
    expect(scene.judged()).toEqual([]);
  });

  it("finds a message that was stored or has a position", () => {
    scene.publish("m1", ephemeral);
    actor.receives("log/a", "m1");
    scene.stored.push({ channel: "log/a", uuid: "m1", epoch: EPOCH, offset: 1 });
    expect(scene.judged()).toEqual(["wrongPosition m1"]);
    scene.stored.pop();
    scene.journal.publications.get("m1")!.acknowledgements = [{ epoch: EPOCH, offset: 1 }];
    expect(scene.judged()).toEqual(["wrongPosition m1"]);
  });
});
