import { WebSocket as NodeWebSocket } from "ws";
import { Session } from "../../../../local/console/model/session.js";
import type { RecoveryReport } from "../../../../local/console/model/recovery.js";
import type { ReceivedMessage, ShownSubscription } from "../../../../local/console/model/guard-events.js";
import type { WireEvent } from "../../../../local/console/model/tap.js";
import type { State, StateChange } from "push-it-client";
import type { ConnectionInfo } from "../../../../protocol/index.js";
import { Stage, type StageOptions } from "./stage.js";

/** What `ws` has of the browser's class is all that the session needs. */
const WebSocketClass = NodeWebSocket as unknown as typeof WebSocket;

/** A session, with all that it tells, and a way to wait for it. */
class Told {
  readonly session = new Session(WebSocketClass);
  readonly states: StateChange[] = [];
  readonly messages: ReceivedMessage[] = [];
  readonly wire: WireEvent[] = [];
  readonly facts: ConnectionInfo[] = [];
  readonly outages: boolean[] = [];
  earlier: ReceivedMessage[] = [];
  recovery: RecoveryReport | undefined;
  subscriptions: ShownSubscription[] = [];
  gone = 0;
  #waiting: (() => void)[] = [];

  constructor() {
    const told = (): void => this.#waiting.splice(0).forEach((look) => look());
    const take =
      <Value>(keep: (value: Value) => void) =>
      (value: Value) => {
        keep(value);
        told();
      };
    this.session.listen({
      state: take((change) => this.states.push(change)),
      message: take((message) => this.messages.push(message)),
      wire: take((event) => this.wire.push(event)),
      server: take((facts) => this.facts.push(facts)),
      subscriptions: take((all) => (this.subscriptions = all)),
      earlier: take((messages) => (this.earlier = messages)),
      recovery: take((report) => (this.recovery = report)),
      outage: take((until) => this.outages.push(until !== undefined)),
      gone: () => {
        this.gone++;
        told();
      },
    });
  }

  /** Waits until something that was told makes `is` true. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  in(state: State): Promise<void> {
    return this.until(() => this.states.at(-1)?.state === state);
  }

  status(channel: string): string | undefined {
    return this.subscriptions.find((each) => each.channel === channel)?.status;
  }
}

describe("Session", () => {
  let stage: Stage;
  let told: Told;

  const begin = async (options?: StageOptions): Promise<void> => {
    stage = await Stage.start(options);
    told = new Told();
  };
  const connected = async (options?: StageOptions): Promise<void> => {
    await begin(options);
    told.session.connect(stage.url, undefined);
    await told.in("connected");
  };

  afterEach(async () => {
    told.session.disconnect();
    await stage.stop();
  });

  it("connects, and finds out who it is", async () => {
    await connected();
    await told.until(() => told.facts.length > 0);
    expect(told.facts[0]?.agent).toBe("agent-1");
    expect(told.states.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });

  it("shows the handshake without the credentials", async () => {
    await begin();
    told.session.connect(stage.url, { token: "planted-secret" });
    await told.in("connected");
    const [handshake] = told.wire;
    expect(handshake).toMatchObject({ kind: "handshake", url: stage.url });
    expect(handshake).toHaveProperty("protocols", [
      "push-it.v1",
      "push-it.v1.denied",
      "push-it.session.… (22 characters of base64url, not shown)",
      "push-it.credentials.… (35 characters of base64url, not shown)",
    ]);
    expect(JSON.stringify(told.wire)).not.toContain(Buffer.from("planted-secret").toString("base64url").slice(2, -2));
  });

  it("tells a denial with its reason, and stops", async () => {
    await begin({ denies: "Sign in again." });
    told.session.connect(stage.url, undefined);
    await told.in("denied");
    expect(told.states.at(-1)).toMatchObject({ code: "denied", reason: "Sign in again." });
    expect(told.session.live).toBe(false);
  });

  it("subscribes once there is a connection", async () => {
    await begin();
    told.session.subscribe("stories/5");
    expect(told.status("stories/5")).toBe("waiting");
    told.session.connect(stage.url, undefined);
    await told.until(() => told.status("stories/5") === "subscribed");
  });

  it("keeps a refused subscription with its reason, until it is forgotten", async () => {
    await connected({ refuses: { "drafts/7": "Only editors." } });
    told.session.subscribe("drafts/7");
    await told.until(() => told.status("drafts/7") === "refused");
    expect(told.subscriptions[0]?.problem).toEqual({ code: "denied", reason: "Only editors." });
    told.session.unsubscribe("drafts/7");
    expect(told.subscriptions).toEqual([]);
  });

  it("unsubscribes; where a guard says no, it stays subscribed and tells why", async () => {
    const refuses: Record<string, string> = {};
    await connected({ refuses });
    told.session.subscribe("a");
    told.session.subscribe("held");
    await told.until(() => told.status("a") === "subscribed" && told.status("held") === "subscribed");
    refuses.held = "You are on duty.";
    told.session.unsubscribe("a");
    told.session.unsubscribe("held");
    await told.until(() => told.status("a") === undefined && told.status("held") === "subscribed");
    expect(told.subscriptions[0]?.problem).toEqual({ code: "denied", reason: "You are on duty." });
  });

  it("shows what a guard subscribed it to, unasked", async () => {
    await connected({ gifts: ["gift"] });
    told.session.subscribe("a");
    await told.until(() => told.status("gift") === "subscribed");
    told.session.unsubscribe("gift");
    await told.until(() => told.status("gift") === undefined);
  });

  it("publishes, recognises its own message, and tells how it ended", async () => {
    await connected({ refuses: { "drafts/7": "Only editors." } });
    const good = await told.session.publish({ channel: "a", data: { x: 1 }, echo: true });
    expect(good).toMatchObject({ channel: "a", result: undefined });
    expect(good.problem).toBeUndefined();
    await told.until(() => told.messages.length > 0);
    expect(told.messages[0]).toMatchObject({ channel: "a", uuid: good.uuid, data: { x: 1 }, mine: true });
    const bad = await told.session.publish({ channel: "drafts/7", data: 1, echo: true });
    expect(bad.problem).toEqual({ code: "denied", reason: "Only editors." });
  });

  it("cannot publish without a connection, and says so", async () => {
    await begin();
    const { problem } = await told.session.publish({ channel: "a", data: 1, echo: true });
    expect(problem?.code).toBe("closed");
  });

  it("reconnects and subscribes again when the connection is cut", async () => {
    await connected();
    told.session.subscribe("a");
    await told.until(() => told.status("a") === "subscribed");
    stage.cut();
    await told.in("connecting");
    expect(told.states.at(-1)?.retryIn).toBeDefined();
    expect(told.gone).toBe(1);
    expect(told.status("a")).toBe("waiting");
    await told.until(() => told.status("a") === "subscribed");
    expect(stage.requests.filter(({ action }) => action === "subscribe")).toHaveLength(2);
  });

  it("cuts its own connection, lets none through until it is mended, and tells what was missed and came", async () => {
    const history = [{ uuid: "u1", data: 1, offset: 1 }];
    await connected({ history });
    told.session.subscribe("rooms/5");
    told.session.subscribe("a");
    await told.until(() => told.status("rooms/5") === "subscribed" && told.status("a") === "subscribed");
    told.session.cut();
    await told.until(() => told.states.at(-1)?.code === "socket_failed");
    expect(told.states.at(-1)?.reason).toBe("The network is cut, by this page.");
    history.push({ uuid: "u2", data: 2, offset: 2 }, { uuid: "u3", data: 3, offset: 3 });
    told.session.mend();
    await told.until(
      () => told.recovery?.channels.every(({ status }) => status === "recovered" || status === "missed") ?? false,
    );
    expect(told.outages).toEqual([true, false]);
    expect(told.messages).toMatchObject([
      { uuid: "u2", late: "missed", position: { epoch: "e", offset: 2 } },
      { uuid: "u3", late: "missed", position: { epoch: "e", offset: 3 } },
    ]);
    expect(told.recovery?.channels).toEqual([
      { channel: "rooms/5", status: "recovered", count: 2, first: 2, last: 3 },
      { channel: "a", status: "missed", count: 0 },
    ]);
  });

  it("mends what it has cut when it is told to disconnect, and stays disconnected", async () => {
    await connected();
    told.session.cut();
    await told.in("connecting");
    told.session.disconnect();
    expect([told.outages, told.session.state, told.recovery]).toEqual([[true, false], "disconnected", undefined]);
  });

  it("loads a channel's history, oldest first, and says why it cannot", async () => {
    await begin({ history: [1, 2].map((offset) => ({ uuid: `u${offset}`, data: offset, offset })) });
    expect((await told.session.history("rooms/5")).problem?.code).toBe("closed");
    told.session.connect(stage.url, undefined);
    expect(await told.session.history("rooms/5")).toEqual({ count: 2 });
    expect(told.earlier).toMatchObject([
      { channel: "rooms/5", uuid: "u1", data: 1, late: "earlier", position: { epoch: "e", offset: 1 } },
      { uuid: "u2" },
    ]);
  });

  it("knows who is on a channel that tells, and what a channel offers", async () => {
    await connected({ members: [{ agent: "agent-1" }, { agent: "agent-2" }] });
    told.session.subscribe("rooms/5");
    told.session.subscribe("a");
    const room = () => told.subscriptions.find(({ channel }) => channel === "rooms/5");
    await told.until(() => room()?.here?.members.length === 2);
    expect(room()?.history).toBe(true);
    stage.tell({
      channel: "/meta/presence",
      uuid: "p1",
      data: { channel: "rooms/5", left: { agent: "agent-2" }, at: 1 },
    });
    stage.tell({
      channel: "/meta/presence",
      uuid: "p2",
      data: { channel: "rooms/5", joined: { agent: "agent-3" }, at: 2 },
    });
    await told.until(() => room()?.here?.last?.came === true);
    expect(room()?.here?.members.map(({ agent }) => agent)).toEqual(["agent-1", "agent-3"]);
    await told.until(() => told.status("a") === "subscribed");
    expect(told.subscriptions.find(({ channel }) => channel === "a")).toEqual({ channel: "a", status: "subscribed" });
  });

  it("takes its subscriptions along to another stage", async () => {
    await connected();
    told.session.subscribe("a");
    await told.until(() => told.status("a") === "subscribed");
    const other = await Stage.start();
    try {
      told.session.connect(other.url, undefined);
      await told.until(() => other.requests.some(({ action }) => action === "subscribe"));
      await told.until(() => told.status("a") === "subscribed");
      expect(told.states.map(({ state }) => state)).toEqual([
        "connecting",
        "connected",
        "disconnected",
        "connecting",
        "connected",
      ]);
    } finally {
      told.session.disconnect();
      await other.stop();
    }
  });
});
