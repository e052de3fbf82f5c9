import { Subscriptions } from "../../../../local/console/model/subscriptions.js";

describe("Subscriptions", () => {
  it("keeps their order, and tells which are to be made", () => {
    const subscriptions = new Subscriptions();
    subscriptions.set("a", "waiting");
    subscriptions.set("b", "subscribed");
    subscriptions.set("c", "refused", { code: "denied", reason: "No." });
    subscriptions.set("a", "waiting");
    expect(subscriptions.all.map(({ channel }) => channel)).toEqual(["a", "b", "c"]);
    expect(subscriptions.waiting).toEqual(["a"]);
  });

  it("forgets why something failed when it no longer has", () => {
    const subscriptions = new Subscriptions();
    subscriptions.set("c", "refused", { code: "denied", reason: "No." });
    subscriptions.set("c", "waiting");
    expect(subscriptions.all).toEqual([{ channel: "c", status: "waiting" }]);
  });

  it("wants again what a lost connection took, but neither what was being left nor what a guard gave", () => {
    const subscriptions = new Subscriptions();
    subscriptions.set("a", "subscribed");
    subscriptions.set("b", "leaving");
    subscriptions.set("c", "refused", { code: "denied", reason: "No." });
    subscriptions.grant("gift");
    subscriptions.lost();
    expect(subscriptions.all).toEqual([
      { channel: "a", status: "waiting" },
      { channel: "c", status: "refused", problem: { code: "denied", reason: "No." } },
    ]);
  });

  it("shows what a guard gave, and leaves what was asked for as it is", () => {
    const subscriptions = new Subscriptions();
    subscriptions.set("a", "leaving");
    subscriptions.grant("a");
    subscriptions.grant("gift");
    expect(subscriptions.all).toEqual([
      { channel: "a", status: "leaving" },
      { channel: "gift", status: "subscribed", granted: true },
    ]);
  });
});
