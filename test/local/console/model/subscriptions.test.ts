import { Subscriptions } from "../../../../local/console/model/subscriptions.js";

describe("Subscriptions", () => {
  it("keeps their order, and returns the missing ones", () => {
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

  it("restores lost subscriptions, except those being left or given by a guard", () => {
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

  it("shows a guard's subscriptions, and leaves requested ones unchanged", () => {
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
