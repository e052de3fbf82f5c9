import type { EntryOf } from "../../../tools/chaos/journal.js";
import { type Actor, Scene } from "./scene.js";

describe("the checker, of components that request the newest messages", () => {
  let scene: Scene;
  let actor: Actor;
  beforeEach(() => {
    scene = new Scene();
    for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
    actor = scene.actor();
  });

  const judged = (
    byComponent: string[],
    byClient: string[] = [],
    more: Partial<EntryOf<"listenedLast">> = {},
  ): string[] => {
    actor.note({ is: "listenedLast", name: "log/a", holder: 2, isSubscribed: true, byComponent, byClient, ...more });
    return scene.judged();
  };

  it("permits the newest messages and later ones", () => {
    expect(judged(["m1", "m2", "m3"], ["m3"])).toEqual([]);
  });

  it("finds a message that arrived twice", () => {
    expect(judged(["m2", "m3", "m3"])).toEqual(["duplicated m3"]);
  });

  it("finds a message that arrived after a later one", () => {
    expect(judged(["m1", "m3", "m2"])).toEqual(["reordered m2"]);
  });

  it("finds a message that only the client received", () => {
    expect(judged(["m1", "m2"], ["m3"])).toEqual(["lost m3"]);
  });

  it("excuses messages that are older than the newest ones", () => {
    expect(judged(["m2", "m3"], ["m1", "m2", "m3"])).toEqual([]);
  });

  it("judges a message without a known place after the table is read", () => {
    scene.publish("m4", { acknowledged: false });
    expect(judged(["m1", "m2"], ["m4"])).toEqual(["lost m4"]);
    expect(scene.judged({ stored: undefined })).toEqual([]);
  });

  it("excuses a component that was unmounted before its subscription was acknowledged", () => {
    expect(judged([], ["m3"], { isSubscribed: false })).toEqual([]);
  });
});
