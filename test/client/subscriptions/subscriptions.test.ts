import type { Reply } from "../../../protocol/index.js";
import { Emitter } from "../../../client/src/emitter.js";
import type { Socket } from "../../../client/src/platform/platform.js";
import type { Core } from "../../../client/src/parts.js";
import { addSubscriptions } from "../../../client/src/subscriptions.js";
import { addTraffic } from "../../../client/src/traffic.js";
import { FakePlatform } from "../support/fake-platform.js";
import { settled } from "../support/setup.js";

interface Sent {
  action: "subscribe" | "unsubscribe";
  uuid: string;
  data: { channels: string[] };
}

const make = (options: { ready?: boolean; channels?: string[] } = {}) => {
  const host = new FakePlatform();
  const sent: Sent[] = [];
  const told: string[] = [];
  const core = Object.assign(new Emitter(), { url: "", host, channels: options.channels ?? [] }) as unknown as Core;
  addTraffic(core);
  core._socket = { send: (text: string) => sent.push(JSON.parse(text)), close: () => {} } as unknown as Socket;
  core._ready = options.ready ?? true;
  addSubscriptions(core);
  for (const event of ["subscribed", "unsubscribed"] as const)
    core._on(event, (value) => told.push([event, value.channel, ...("error" in value ? [value.error!.code] : [])].join(" ")));
  core._on("error", (error) => told.push(`error ${error.channel} ${error.code}`));

  const want = (channel: string, on: boolean): string[] => {
    const outcome: string[] = [];
    core._want(channel, on, (error) => outcome.push(error?.code ?? "ok"));
    return outcome;
  };
  const answer = async (index: number, more: Partial<Reply> = { successful: true }): Promise<void> => {
    const { action, uuid, data } = sent[index]!;
    for (const channel of data.channels)
      core._answer({ channel: `/meta/${action}`, uuid, data: { channel }, ...more });
    await settled();
  };
  const lose = (): void => {
    core._ready = false;
    core._lost();
    core._fell();
  };
  const reconnect = async (): Promise<void> => {
    core._ready = true;
    core._opened();
    core._flush();
    await settled();
  };
  const actions = (): string[] => sent.map(({ action, data }) => `${action} ${data.channels.join()}`);
  return { host, sent, told, core, want, answer, lose, reconnect, actions };
};

describe("subscribing", () => {
  it("settles with the answer, and tells it as an event", async () => {
    const { want, answer, told } = make();
    const outcome = want("a", true);
    await settled();
    expect(outcome).toEqual([]);
    await answer(0);
    expect(outcome).toEqual(["ok"]);
    expect(told).toEqual(["subscribed a"]);
  });

  it("to what is subscribed sends nothing", async () => {
    const { want, answer, actions, told } = make();
    want("a", true);
    await settled();
    await answer(0);
    const again = want("a", true);
    await settled();
    expect(again).toEqual(["ok"]);
    expect(actions()).toEqual(["subscribe a"]);
    expect(told).toEqual(["subscribed a"]);
  });

  it("joins the one that is in flight", async () => {
    const { want, answer, actions } = make();
    const outcomes = [want("a", true)];
    await settled();
    outcomes.push(want("a", true));
    await settled();
    await answer(0, { successful: false, code: "denied" });
    expect(outcomes).toEqual([["denied"], ["denied"]]);
    expect(actions()).toEqual(["subscribe a"]);
  });

  it("goes in frames of 25 channels", async () => {
    const { want, sent } = make();
    for (let index = 0; index < 60; index++) want(`a/${index}`, true);
    await settled();
    expect(sent.map(({ data }) => data.channels.length)).toEqual([25, 25, 10]);
  });

  it("that was denied is not wished for any more", async () => {
    const { want, answer, lose, reconnect, actions, told } = make();
    want("a", true);
    await settled();
    await answer(0, { successful: false, code: "denied" });
    expect(told).toEqual(["unsubscribed a denied"]);
    lose();
    await reconnect();
    expect(actions()).toEqual(["subscribe a"]);
  });

  it("that failed temporarily is told, and tried again", async () => {
    const { host, want, answer, actions, told } = make();
    const outcome = want("a", true);
    await settled();
    await answer(0, { successful: false, code: "guard_timeout" });
    expect(outcome).toEqual(["guard_timeout"]);
    host.advance(15_000);
    await settled();
    expect(actions()).toEqual(["subscribe a", "subscribe a"]);
    await answer(1, { successful: false, code: "unavailable" });
    host.advance(15_000);
    await settled();
    await answer(2);
    expect(told).toEqual(["error a unavailable", "subscribed a"]);
  });

  it("that failed temporarily on several channels is tried again in one frame, by no timer of a lost connection", async () => {
    const { host, want, answer, actions, lose } = make();
    want("a", true);
    want("b", true);
    await settled();
    await answer(0, { successful: false, code: "unavailable" });
    host.advance(15_000);
    await settled();
    expect(actions()).toEqual(["subscribe a,b", "subscribe a,b"]);
    await answer(1, { successful: false, code: "unavailable" });
    lose();
    expect(host.timers).toBe(0);
  });
});

describe("changing one's mind while an operation is in flight", () => {
  it("sends the opposite only after the answer", async () => {
    const { want, answer, actions, told } = make();
    const outcomes = [want("a", true)];
    await settled();
    outcomes.push(want("a", false));
    await settled();
    expect(actions()).toEqual(["subscribe a"]);
    await answer(0);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
    await answer(1);
    expect(outcomes).toEqual([["ok"], ["ok"]]);
    expect(told).toEqual(["subscribed a", "unsubscribed a"]);
  });

  it("twice comes back to the operation in flight, and supersedes what was between", async () => {
    const { want, answer, actions } = make();
    const outcomes = [want("a", true)];
    await settled();
    outcomes.push(want("a", false), want("a", true), want("a", false), want("a", true));
    await answer(0);
    expect(outcomes).toEqual([["ok"], ["superseded"], ["ok"], ["superseded"], ["ok"]]);
    expect(actions()).toEqual(["subscribe a"]);
  });

  it("also from subscribed", async () => {
    const { want, answer, actions } = make();
    want("a", true);
    await settled();
    await answer(0);
    const outcomes = [want("a", false)];
    await settled();
    outcomes.push(want("a", true));
    await settled();
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
    await answer(1);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a", "subscribe a"]);
    await answer(2);
    expect(outcomes).toEqual([["ok"], ["ok"]]);
  });

  it("before anything was sent sends only the last wish", async () => {
    const { want, actions, told } = make();
    const outcomes = [want("a", true), want("a", false), want("a", true)];
    await settled();
    expect(told).toEqual([]);
    expect(actions()).toEqual(["subscribe a"]);
    expect(outcomes).toEqual([["superseded"], ["superseded"], []]);
  });
});

describe("an operation that something else is wanted after", () => {
  it("fails for its caller only", async () => {
    const { want, answer, actions, told } = make();
    const outcomes = [want("a", true)];
    await settled();
    outcomes.push(want("a", false));
    await answer(0, { successful: false, code: "denied" });
    await answer(1);
    expect(outcomes).toEqual([["denied"], ["ok"]]);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
    expect(told).toEqual(["unsubscribed a"]);
  });
});

describe("unsubscribing", () => {
  it("from what this client did not subscribe asks the server: a guard may have subscribed it", async () => {
    const { want, actions } = make();
    want("a", false);
    await settled();
    expect(actions()).toEqual(["unsubscribe a"]);
  });

  it("that was denied leaves the channel subscribed, also after the next reconnection", async () => {
    const { want, answer, lose, reconnect, actions } = make();
    want("a", true);
    await settled();
    await answer(0);
    const outcome = want("a", false);
    await settled();
    await answer(1, { successful: false, code: "denied" });
    expect(outcome).toEqual(["denied"]);
    lose();
    await reconnect();
    expect(actions()).toEqual(["subscribe a", "unsubscribe a", "subscribe a"]);
  });

  it("without a connection is done at once: there is no agent", async () => {
    const { want, reconnect, actions } = make({ ready: false });
    const outcomes = [want("a", true), want("a", false)];
    expect(outcomes).toEqual([["superseded"], ["ok"]]);
    await reconnect();
    expect(actions()).toEqual([]);
  });

  it("that a lost connection interrupted is not undone by the next", async () => {
    const { want, answer, lose, reconnect, actions } = make();
    want("a", true);
    await settled();
    await answer(0);
    const outcome = want("a", false);
    await settled();
    lose();
    await reconnect();
    expect(outcome).toEqual(["closed"]);
    expect(actions()).toEqual(["subscribe a", "unsubscribe a"]);
  });
});

describe("a new connection", () => {
  it("is subscribed to everything that is wanted: configured, established and asked for meanwhile", async () => {
    const { want, answer, lose, reconnect, sent } = make({ ready: false, channels: ["configured"] });
    await reconnect();
    await answer(0);
    want("established", true);
    await settled();
    await answer(1);
    lose();
    const meanwhile = want("meanwhile", true);
    await reconnect();
    const channels = sent.slice(2).flatMap(({ data }) => data.channels);
    expect(channels.sort()).toEqual(["configured", "established", "meanwhile"]);
    expect(sent).toHaveLength(3);
    await answer(2);
    expect(meanwhile).toEqual(["ok"]);
  });

  it("is not asked twice for what a retry was to ask for", async () => {
    const { host, want, answer, lose, reconnect, actions } = make();
    want("a", true);
    await settled();
    await answer(0, { successful: false, code: "unavailable" });
    lose();
    await reconnect();
    host.advance(20_000);
    await settled();
    expect(actions()).toEqual(["subscribe a", "subscribe a"]);
  });

  it("goes on, without a word, with what nobody waits for", async () => {
    const { answer, lose, reconnect, told } = make({ ready: false, channels: ["a"] });
    await reconnect();
    lose();
    await reconnect();
    await answer(1);
    expect(told).toEqual(["subscribed a"]);
  });

  it("goes on with what was interrupted, whose caller was told", async () => {
    const { want, answer, lose, reconnect, told } = make();
    const outcome = want("a", true);
    await settled();
    lose();
    await reconnect();
    expect(outcome).toEqual(["closed"]);
    await answer(1);
    expect(told).toEqual(["subscribed a"]);
  });

  it("on which the guard says no tells that the channel is gone", async () => {
    const { want, answer, lose, reconnect, told } = make();
    want("a", true);
    await settled();
    await answer(0);
    lose();
    await reconnect();
    await answer(1, { successful: false, code: "denied", error: "Not any more." });
    expect(told).toEqual(["subscribed a", "error a denied", "unsubscribed a denied"]);
  });
});

describe("waiting for a connection", () => {
  it("ends with the timeout; the wish remains until it is withdrawn", async () => {
    const { host, want, reconnect, actions } = make({ ready: false });
    const outcome = want("a", true);
    host.advance(30_000);
    expect(outcome).toEqual(["timeout"]);
    await reconnect();
    expect(actions()).toEqual(["subscribe a"]);
  });
});
