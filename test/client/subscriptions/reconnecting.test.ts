import { makeSubscriptions as make } from "../support/subscriptions.js";
import { settled } from "../support/setup.js";

describe("unsubscribing", () => {
  it("that was denied leaves the channel subscribed, also after a reconnection", async () => {
    const { hold, release, answer, lose, open, actions, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    const outcome = release("a");
    await settled();
    await answer(1, { successful: false, code: "denied" });
    expect(outcome).toEqual(["denied"]);
    lose();
    await open();
    expect(actions()).toEqual(["subscribe a", "unsubscribe a", "subscribe a"]);
    expect(emitted).toEqual(["subscribed a"]);
  });

  it("that was denied gives the channel back to its holder", async () => {
    const { hold, release, answer, subscriptions } = make();
    const one = {};
    hold("a", one);
    await settled();
    await answer(0);
    release("a", one);
    await settled();
    await answer(1, { successful: false, code: "denied" });
    expect(subscriptions.wanted()).toEqual(["a"]);
    const again = release("a", one);
    await settled();
    await answer(2);
    expect(again).toEqual(["ok"]);
    expect(subscriptions.wanted()).toEqual([]);
  });

  it("that was denied does not give the channel to new holders", async () => {
    const { hold, release, answer, actions, subscriptions } = make();
    const one = {};
    // A guard may have subscribed this agent to it.
    const outcomes = [release("a"), hold("a", one), release("a", one)];
    await settled();
    await answer(0, { successful: false, code: "denied" });
    expect(outcomes).toEqual([["denied"], ["superseded"], ["denied"]]);
    expect(subscriptions.wanted()).toEqual([]);
    expect(actions()).toEqual(["unsubscribe a"]);
  });

  it("that succeeded leaves a gap, which the next subscription reports", async () => {
    const { platform, hold, release, answer, open, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    release("a");
    await settled();
    hold("a");
    await settled();
    await answer(1);
    await answer(2, { successful: false, code: "unavailable" });
    await open();
    platform.advance(15_000);
    await settled();
    await answer(3);
    expect(emitted).toEqual(["subscribed a", "subscribed a"]);
  });

  it("that is denied on a retry leaves the channel subscribed", async () => {
    const { platform, hold, release, answer, actions, emitted, subscriptions } = make();
    hold("a");
    await settled();
    await answer(0);
    release("a");
    await settled();
    await answer(1, { successful: false, code: "unavailable" });
    platform.advance(15_000);
    await settled();
    await answer(2, { successful: false, code: "denied" });
    // Whether it is there still, the server is asked.
    await answer(3);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a", "unsubscribe a", "subscribe a"]);
    expect(emitted).toEqual(["subscribed a", "error a denied", "subscribed a"]);
    expect(subscriptions.wanted()).toEqual(["a"]);
  });

  it.each(["internal", "timeout", "unavailable"] as const)("that failed with %s is retried later", async (code) => {
    const { platform, hold, release, answer, actions, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    const outcome = release("a");
    await settled();
    await answer(1, { successful: false, code: code as "unavailable" });
    expect(outcome).toEqual([code]);
    platform.advance(15_000);
    await settled();
    await answer(2);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a", "unsubscribe a"]);
    expect(emitted.at(-1)).toBe("unsubscribed a");
  });

  it.each(["internal", "timeout", "unavailable"] as const)(
    "that failed with %s may have happened: subscribing asks the server",
    async (code) => {
      const { hold, release, answer, actions } = make();
      hold("a");
      await settled();
      await answer(0);
      release("a");
      await settled();
      await answer(1, { successful: false, code: code as "unavailable" });
      const again = hold("a");
      await settled();
      expect([again, actions()]).toEqual([[], ["subscribe a", "unsubscribe a", "subscribe a"]]);
      await answer(2);
      expect(again).toEqual(["ok"]);
    },
  );

  it("without a connection is done at once: there is no agent", async () => {
    const { hold, release, open, actions } = make({ isConnected: false });
    const outcomes = [hold("a"), release("a")];
    await settled();
    expect(outcomes).toEqual([["superseded"], ["ok"]]);
    await open();
    expect(actions()).toEqual([]);
  });

  it("that a lost connection interrupted is done", async () => {
    const { hold, release, answer, lose, open, actions } = make();
    hold("a");
    await settled();
    await answer(0);
    const outcome = release("a");
    await settled();
    lose();
    await open();
    // There is no agent any more: it is unsubscribed.
    expect(outcome).toEqual(["ok"]);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
  });
});

describe("a new connection", () => {
  it("is subscribed to all channels with holders", async () => {
    const { hold, answer, lose, open, sent } = make({ isConnected: false });
    hold("configured");
    await settled();
    await open();
    await answer(0);
    hold("established");
    await settled();
    await answer(1);
    lose();
    const meanwhile = hold("meanwhile");
    await open();
    const channels = sent()
      .slice(2)
      .flatMap(({ data }) => data!.channels!);
    expect(channels.sort()).toEqual(["configured", "established", "meanwhile"]);
    expect(sent()).toHaveLength(3);
    await answer(2);
    expect(meanwhile).toEqual(["ok"]);
  });

  it("is not asked twice because of a retry", async () => {
    const { platform, hold, answer, lose, open, actions } = make();
    hold("a");
    await settled();
    await answer(0, { successful: false, code: "unavailable" });
    lose();
    await open();
    platform.advance(20_000);
    await settled();
    expect(actions()).toEqual(["subscribe a", "subscribe a"]);
  });

  it("continues an interrupted call that has failed", async () => {
    const { hold, answer, lose, open, emitted } = make();
    const outcome = hold("a");
    await settled();
    lose();
    await open();
    expect(outcome).toEqual(["closed"]);
    await answer(1);
    expect(emitted).toEqual(["subscribed a"]);
  });

  it("continues silently if no call waits", async () => {
    const { subscriptions, client, answer, lose, open, emitted } = make({ isConnected: false });
    // As the option `channels` does.
    subscriptions.hold("a", client.ownHolder);
    await settled();
    await open();
    lose();
    await open();
    await answer(1);
    expect(emitted).toEqual(["subscribed a"]);
  });

  it("on which the guard denies reports that the channel is gone", async () => {
    const { hold, answer, lose, open, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    lose();
    await open();
    await answer(1, { successful: false, code: "denied", error: "Not any more." });
    expect(emitted).toEqual(["subscribed a", "unsubscribed a denied", "error a denied"]);
  });

  it("one denied channel of many does not affect the others", async () => {
    const { hold, sent, queue, subscriptions, lose, open, emitted, platform } = make();
    const outcomes = ["a", "b", "c"].map((channel) => hold(channel));
    await settled();
    const { uuid, transport } = sent()[0]!;
    for (const channel of ["a", "b", "c"])
      queue.handleReply(
        {
          channel: "/meta/subscribe",
          uuid,
          data: { channel },
          ...(channel === "b" ? { successful: false, code: "denied" } : { successful: true }),
        },
        transport,
      );
    await settled();
    expect(outcomes).toEqual([["ok"], ["denied"], ["ok"]]);
    expect(emitted).toEqual(["subscribed a", "unsubscribed b denied", "subscribed c"]);
    platform.advance(300_000);
    lose();
    await open();
    expect(
      sent()
        .slice(1)
        .map(({ data }) => data!.channels),
    ).toEqual([["a", "c"]]);
    expect(subscriptions.wanted()).toEqual(["a", "c"]);
  });

  it("keeps a reply of the old one apart from its own subscriptions", async () => {
    const { hold, answer, open, actions } = make();
    const outcome = hold("a");
    await settled();
    // A rotation: the next transport is in use, and the old one still replies.
    await open();
    await answer(0);
    expect(actions()).toEqual(["subscribe a", "subscribe a"]);
    await answer(1);
    expect(outcome).toEqual(["ok"]);
  });
});

describe("waiting for a connection", () => {
  it("ends with the timeout; the holder stays until it unsubscribes", async () => {
    const { platform, hold, open, actions } = make({ isConnected: false });
    const outcome = hold("a");
    await settled();
    platform.advance(30_000);
    expect(outcome).toEqual(["timeout"]);
    await open();
    expect(actions()).toEqual(["subscribe a"]);
  });
});

describe("a queue that is stopped", () => {
  it("fails the call with its reason, and the holder stays", async () => {
    const { hold, queue, lose, open, actions, subscriptions } = make();
    lose();
    queue.stopped = { code: "denied", reason: "Members only." };
    const outcome = hold("a");
    await settled();
    expect([outcome, subscriptions.wanted()]).toEqual([["denied"], ["a"]]);
    queue.stopped = undefined;
    await open();
    expect(actions()).toEqual(["subscribe a"]);
  });
});

describe("a channel on which the server does not count the agent", () => {
  it("is subscribed again, which is an event", async () => {
    const { hold, answer, subscriptions, actions, emitted } = make();
    hold("a");
    await settled();
    await answer(0);
    subscriptions.subscribeAgain("a");
    await settled();
    await answer(1);
    expect(actions()).toEqual(["subscribe a", "subscribe a"]);
    expect(emitted).toEqual(["subscribed a", "subscribed a"]);
  });

  it("is ignored if it has no holders", async () => {
    const { subscriptions, actions } = make();
    subscriptions.subscribeAgain("a");
    await settled();
    expect(actions()).toEqual([]);
  });
});
