import { makeSubscriptions as make } from "../support/subscriptions.js";
import { settled } from "../support/setup.js";

describe("subscribing", () => {
  it("settles with the reply, and is an event", async () => {
    const { hold, answer, emitted } = make();
    const outcome = hold("a");
    await settled();
    expect(outcome).toEqual([]);
    await answer(0);
    expect(outcome).toEqual(["ok"]);
    expect(emitted).toEqual(["subscribed a"]);
  });

  it("to a subscribed channel sends nothing", async () => {
    const { hold, answer, actions, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    const again = hold("a");
    await settled();
    expect(again).toEqual(["ok"]);
    expect(actions()).toEqual(["subscribe a"]);
    expect(emitted).toEqual(["subscribed a"]);
  });

  it("joins the request in flight", async () => {
    const { hold, answer, actions } = make();
    const outcomes = [hold("a")];
    await settled();
    outcomes.push(hold("a"));
    await settled();
    await answer(0, { successful: false, code: "denied" });
    expect(outcomes).toEqual([["denied"], ["denied"]]);
    expect(actions()).toEqual(["subscribe a"]);
  });

  it("goes in frames of 25 channels", async () => {
    const { hold, sent } = make();
    for (let index = 0; index < 60; index++) hold(`a/${index}`);
    await settled();
    expect(sent().map(({ data }) => data!.channels!.length)).toEqual([25, 25, 10]);
  });

  it("that was denied removes the holders", async () => {
    const { hold, answer, lose, open, actions, emitted, subscriptions } = make();
    hold("a");
    await settled();
    await answer(0, { successful: false, code: "denied" });
    expect(emitted).toEqual(["unsubscribed a denied"]);
    expect(subscriptions.wanted()).toEqual([]);
    lose();
    await open();
    expect(actions()).toEqual(["subscribe a"]);
  });

  it("that failed with a retryable error reports it, and retries", async () => {
    const { platform, hold, answer, actions, emitted } = make();
    const outcome = hold("a");
    await settled();
    await answer(0, { successful: false, code: "guard_timeout" });
    expect(outcome).toEqual(["guard_timeout"]);
    platform.advance(15_000);
    await settled();
    expect(actions()).toEqual(["subscribe a", "subscribe a"]);
    await answer(1, { successful: false, code: "unavailable" });
    platform.advance(15_000);
    await settled();
    await answer(2);
    expect(emitted).toEqual(["error a unavailable", "subscribed a"]);
  });

  it("that failed on several channels is retried in one frame", async () => {
    const { platform, hold, answer, actions } = make();
    hold("a");
    hold("b");
    await settled();
    await answer(0, { successful: false, code: "unavailable" });
    platform.advance(15_000);
    await settled();
    expect(actions()).toEqual(["subscribe a,b", "subscribe a,b"]);
  });

  it("is not retried by a timer of a lost connection", async () => {
    const { platform, hold, answer, lose } = make();
    hold("a");
    await settled();
    await answer(0, { successful: false, code: "unavailable" });
    lose();
    expect(platform.timers).toBe(0);
  });

  it("with an impossible name fails at once", async () => {
    const { hold, sent, subscriptions } = make();
    expect([hold("x".repeat(200)), hold(undefined as unknown as string)]).toEqual([["bad_channel"], ["bad_channel"]]);
    await settled();
    expect([sent(), subscriptions.wanted()]).toEqual([[], []]);
  });
});

describe("opposite calls while a request is in flight", () => {
  it("sends the opposite only after the reply", async () => {
    const { hold, release, answer, actions, emitted } = make();
    const outcomes = [hold("a")];
    await settled();
    outcomes.push(release("a"));
    await settled();
    expect(actions()).toEqual(["subscribe a"]);
    await answer(0);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
    await answer(1);
    expect(outcomes).toEqual([["superseded"], ["ok"]]);
    expect(emitted).toEqual(["subscribed a", "unsubscribed a"]);
  });

  it("twice sends nothing more, and supersedes the call between", async () => {
    const { hold, release, answer, actions } = make();
    const outcomes = [hold("a")];
    await settled();
    outcomes.push(release("a"), hold("a"), release("a"), hold("a"));
    await answer(0);
    expect(outcomes).toEqual([["ok"], ["superseded"], ["ok"], ["superseded"], ["ok"]]);
    expect(actions()).toEqual(["subscribe a"]);
  });

  it("also from subscribed", async () => {
    const { hold, release, answer, actions } = make();
    hold("a");
    await settled();
    await answer(0);
    const outcomes = [release("a")];
    await settled();
    outcomes.push(hold("a"));
    await settled();
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
    await answer(1);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a", "subscribe a"]);
    await answer(2);
    expect(outcomes).toEqual([["superseded"], ["ok"]]);
  });

  it("before the first frame sends only the last call", async () => {
    const { hold, release, answer, actions, emitted } = make();
    const outcomes = [hold("a"), release("a"), hold("a")];
    await settled();
    expect(emitted).toEqual([]);
    expect(actions()).toEqual(["subscribe a"]);
    await answer(0);
    expect(outcomes).toEqual([["ok"], ["superseded"], ["ok"]]);
  });

  it("in one turn, there and back, sends nothing", async () => {
    const { hold, release, answer, actions, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    const outcomes = [release("a"), hold("a")];
    await settled();
    expect([outcomes, actions(), emitted]).toEqual([[["superseded"], ["ok"]], ["subscribe a"], ["subscribed a"]]);
    const back = [hold("b"), release("b")];
    await settled();
    expect([back, actions(), emitted]).toEqual([[["superseded"], ["ok"]], ["subscribe a"], ["subscribed a"]]);
  });

  it("before a denial, only the subscribing call gets the denial", async () => {
    const { hold, release, answer, actions, emitted } = make();
    const outcomes = [hold("a")];
    await settled();
    outcomes.push(release("a"));
    await answer(0, { successful: false, code: "denied" });
    expect(outcomes).toEqual([["denied"], ["ok"]]);
    // A denied channel is not there: nothing is left to unsubscribe from.
    expect(actions()).toEqual(["subscribe a"]);
    expect(emitted).toEqual(["unsubscribed a denied"]);
  });
});

describe("the holders of a channel", () => {
  const [one, other] = [{}, {}];

  it("share one subscription, which ends with the last", async () => {
    const { hold, release, answer, actions } = make();
    const outcomes = [hold("a", one), hold("a", other)];
    await settled();
    await answer(0);
    const left = release("a", one);
    expect([outcomes, left]).toEqual([[["ok"], ["ok"]], ["ok"]]);
    await settled();
    expect(actions()).toEqual(["subscribe a"]);
    const last = release("a", other);
    await settled();
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
    await answer(1);
    expect(last).toEqual(["ok"]);
  });

  it("count once, however often they subscribe", async () => {
    const { hold, release, answer, actions } = make();
    hold("a", one);
    hold("a", one);
    await settled();
    await answer(0);
    release("a", one);
    await settled();
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
  });

  it("that leave before the reply are settled at once", async () => {
    const { hold, release } = make();
    const first = hold("a", one);
    hold("a", other);
    await settled();
    expect([release("a", one), first]).toEqual([["ok"], ["superseded"]]);
  });

  it("all lose a denied channel", async () => {
    const { hold, answer, subscriptions, release, actions } = make();
    hold("a", one);
    hold("a", other);
    await settled();
    await answer(0, { successful: false, code: "denied" });
    expect(subscriptions.wanted()).toEqual([]);
    expect(release("a", one)).toEqual(["ok"]);
    await settled();
    expect(actions()).toEqual(["subscribe a"]);
  });
});
