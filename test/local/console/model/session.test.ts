import { WebSocket as NodeWebSocket } from "ws";
import { Session } from "../../../../local/console/model/session.js";
import type { RecoveryReport } from "../../../../local/console/model/recovery.js";
import type { ReceivedMessage, ShownSubscription } from "../../../../local/console/model/guard-events.js";
import type { WireEvent } from "../../../../local/console/model/tap.js";
import type { State, StateChange } from "push-it-client";
import type { ConnectionInfo } from "../../../../protocol/index.js";
import { Stage, type StageOptions } from "./stage.js";

/** The session needs only the parts of the browser's class that `ws` has. */
const WebSocketClass = NodeWebSocket as unknown as typeof WebSocket;

/** Records the events of a session, and waits for them. */
class SessionRecorder {
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
    const wake = (): void => this.#waiting.splice(0).forEach((look) => look());
    const take =
      <Value>(keep: (value: Value) => void) =>
      (value: Value) => {
        keep(value);
        wake();
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
        wake();
      },
    });
  }

  /** Waits until an event makes `is` true. */
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
  let recorder: SessionRecorder;

  const begin = async (options?: StageOptions): Promise<void> => {
    stage = await Stage.start(options);
    recorder = new SessionRecorder();
  };
  const connected = async (options?: StageOptions): Promise<void> => {
    await begin(options);
    recorder.session.connect(stage.url, undefined);
    await recorder.in("connected");
  };

  afterEach(async () => {
    recorder.session.disconnect();
    await stage.stop();
  });

  it("connects, and finds out who it is", async () => {
    await connected();
    await recorder.until(() => recorder.facts.length > 0);
    expect(recorder.facts[0]?.agent).toBe("agent-1");
    expect(recorder.states.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });

  it("shows the handshake without the credentials", async () => {
    await begin();
    recorder.session.connect(stage.url, { token: "planted-secret" });
    await recorder.in("connected");
    const [handshake] = recorder.wire;
    expect(handshake).toMatchObject({ kind: "handshake", url: stage.url });
    expect(handshake).toHaveProperty("protocols", [
      "push-it.v1",
      "push-it.v1.denied",
      "push-it.session.… (22 characters of base64url, not shown)",
      "push-it.credentials.… (35 characters of base64url, not shown)",
    ]);
    expect(JSON.stringify(recorder.wire)).not.toContain(
      Buffer.from("planted-secret").toString("base64url").slice(2, -2),
    );
  });

  it("reports a denial with its reason, and stops", async () => {
    await begin({ denies: "Sign in again." });
    recorder.session.connect(stage.url, undefined);
    await recorder.in("denied");
    expect(recorder.states.at(-1)).toMatchObject({ code: "denied", reason: "Sign in again." });
    expect(recorder.session.live).toBe(false);
  });

  it("subscribes once there is a connection", async () => {
    await begin();
    recorder.session.subscribe("stories/5");
    expect(recorder.status("stories/5")).toBe("waiting");
    recorder.session.connect(stage.url, undefined);
    await recorder.until(() => recorder.status("stories/5") === "subscribed");
  });

  it("keeps a refused subscription with its reason, until it is forgotten", async () => {
    await connected({ refuses: { "drafts/7": "Only editors." } });
    recorder.session.subscribe("drafts/7");
    await recorder.until(() => recorder.status("drafts/7") === "refused");
    expect(recorder.subscriptions[0]?.problem).toEqual({ code: "denied", reason: "Only editors." });
    recorder.session.unsubscribe("drafts/7");
    expect(recorder.subscriptions).toEqual([]);
  });

  it("unsubscribes, or reports the guard's reason and stays subscribed", async () => {
    const refuses: Record<string, string> = {};
    await connected({ refuses });
    recorder.session.subscribe("a");
    recorder.session.subscribe("held");
    await recorder.until(() => recorder.status("a") === "subscribed" && recorder.status("held") === "subscribed");
    refuses.held = "You are on duty.";
    recorder.session.unsubscribe("a");
    recorder.session.unsubscribe("held");
    await recorder.until(() => recorder.status("a") === undefined && recorder.status("held") === "subscribed");
    expect(recorder.subscriptions[0]?.problem).toEqual({ code: "denied", reason: "You are on duty." });
  });

  it("shows what a guard subscribed it to, unasked", async () => {
    await connected({ gifts: ["gift"] });
    recorder.session.subscribe("a");
    await recorder.until(() => recorder.status("gift") === "subscribed");
    recorder.session.unsubscribe("gift");
    await recorder.until(() => recorder.status("gift") === undefined);
  });

  it("publishes, recognises its own message, and reports the outcome", async () => {
    await connected({ refuses: { "drafts/7": "Only editors." } });
    const good = await recorder.session.publish({ channel: "a", data: { x: 1 }, echo: true });
    expect(good).toMatchObject({ channel: "a", result: undefined });
    expect(good.problem).toBeUndefined();
    await recorder.until(() => recorder.messages.length > 0);
    expect(recorder.messages[0]).toMatchObject({ channel: "a", uuid: good.uuid, data: { x: 1 }, mine: true });
    const bad = await recorder.session.publish({ channel: "drafts/7", data: 1, echo: true });
    expect(bad.problem).toEqual({ code: "denied", reason: "Only editors." });
  });

  it("cannot publish without a connection, and says so", async () => {
    await begin();
    const { problem } = await recorder.session.publish({ channel: "a", data: 1, echo: true });
    expect(problem?.code).toBe("closed");
  });

  it("reconnects and subscribes again when the connection is cut", async () => {
    await connected();
    recorder.session.subscribe("a");
    await recorder.until(() => recorder.status("a") === "subscribed");
    stage.cut();
    await recorder.in("connecting");
    expect(recorder.states.at(-1)?.retryIn).toBeDefined();
    expect(recorder.gone).toBe(1);
    expect(recorder.status("a")).toBe("waiting");
    await recorder.until(() => recorder.status("a") === "subscribed");
    expect(stage.requests.filter(({ action }) => action === "subscribe")).toHaveLength(2);
  });

  it("cuts its own connection until it is mended, and reports the recovery", async () => {
    const history = [{ uuid: "u1", data: 1, offset: 1 }];
    await connected({ history });
    recorder.session.subscribe("rooms/5");
    recorder.session.subscribe("a");
    await recorder.until(() => recorder.status("rooms/5") === "subscribed" && recorder.status("a") === "subscribed");
    recorder.session.cut();
    await recorder.until(() => recorder.states.at(-1)?.code === "socket_failed");
    expect(recorder.states.at(-1)?.reason).toBe("The network is cut, by this page.");
    history.push({ uuid: "u2", data: 2, offset: 2 }, { uuid: "u3", data: 3, offset: 3 });
    recorder.session.mend();
    await recorder.until(
      () => recorder.recovery?.channels.every(({ status }) => status === "recovered" || status === "missed") ?? false,
    );
    expect(recorder.outages).toEqual([true, false]);
    expect(recorder.messages).toMatchObject([
      { uuid: "u2", late: "missed", position: { epoch: "e", offset: 2 } },
      { uuid: "u3", late: "missed", position: { epoch: "e", offset: 3 } },
    ]);
    expect(recorder.recovery?.channels).toEqual([
      { channel: "rooms/5", status: "recovered", count: 2, first: 2, last: 3 },
      { channel: "a", status: "missed", count: 0 },
    ]);
  });

  it("ends an outage when it disconnects, and stays disconnected", async () => {
    await connected();
    recorder.session.cut();
    await recorder.in("connecting");
    recorder.session.disconnect();
    expect([recorder.outages, recorder.session.state, recorder.recovery]).toEqual([
      [true, false],
      "disconnected",
      undefined,
    ]);
  });

  it("loads a channel's history, oldest first, and says why it cannot", async () => {
    await begin({
      history: [1, 2].map((offset) => ({
        uuid: `u${offset}`,
        data: offset,
        at: 7,
        from: { connection: "a1" },
        offset,
      })),
    });
    expect((await recorder.session.history("rooms/5")).problem?.code).toBe("closed");
    recorder.session.connect(stage.url, undefined);
    expect(await recorder.session.history("rooms/5")).toEqual({ count: 2 });
    expect(recorder.earlier).toMatchObject([
      { channel: "rooms/5", uuid: "u1", data: 1, late: "earlier", position: { epoch: "e", offset: 1 } },
      { uuid: "u2", at: 7, from: { connection: "a1" } },
    ]);
  });

  it("knows the members and the features of a channel", async () => {
    await connected({ members: [{ agent: "agent-1" }, { agent: "agent-2" }] });
    recorder.session.subscribe("rooms/5");
    recorder.session.subscribe("a");
    const room = () => recorder.subscriptions.find(({ channel }) => channel === "rooms/5");
    await recorder.until(() => room()?.here?.members.length === 2);
    expect(room()?.history).toBe(true);
    stage.broadcast({
      channel: "/meta/presence",
      uuid: "p1",
      data: { channel: "rooms/5", left: { agent: "agent-2" }, at: 1 },
    });
    stage.broadcast({
      channel: "/meta/presence",
      uuid: "p2",
      data: { channel: "rooms/5", joined: { agent: "agent-3" }, at: 2 },
    });
    await recorder.until(() => room()?.here?.last?.came === true);
    expect(room()?.here?.members.map(({ agent }) => agent)).toEqual(["agent-1", "agent-3"]);
    await recorder.until(() => recorder.status("a") === "subscribed");
    expect(recorder.subscriptions.find(({ channel }) => channel === "a")).toEqual({
      channel: "a",
      status: "subscribed",
    });
  });

  it("takes its subscriptions along to another stage", async () => {
    await connected();
    recorder.session.subscribe("a");
    await recorder.until(() => recorder.status("a") === "subscribed");
    const other = await Stage.start();
    try {
      recorder.session.connect(other.url, undefined);
      await recorder.until(() => other.requests.some(({ action }) => action === "subscribe"));
      await recorder.until(() => recorder.status("a") === "subscribed");
      expect(recorder.states.map(({ state }) => state)).toEqual([
        "connecting",
        "connected",
        "disconnected",
        "connecting",
        "connected",
      ]);
    } finally {
      recorder.session.disconnect();
      await other.stop();
    }
  });
});
