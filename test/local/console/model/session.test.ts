import { WebSocket as NodeWebSocket } from "ws";
import { Session } from "../../../../local/console/model/session.js";
import type { ReceivedMessage } from "../../../../local/console/model/told.js";
import type { Subscription } from "../../../../local/console/model/subscriptions.js";
import type { WireEvent } from "../../../../local/console/model/tap.js";
import type { State, StateChange } from "../../../../client/index.js";
import type { ServerFacts } from "../../../../protocol/index.js";
import { Stage, type StageOptions } from "./stage.js";

/** What `ws` has of the browser's class is all that the session needs. */
const WebSocketClass = NodeWebSocket as unknown as typeof WebSocket;

/** A session, with all that it tells, and a way to wait for it. */
class Told {
  readonly session = new Session(WebSocketClass);
  readonly states: StateChange[] = [];
  readonly messages: ReceivedMessage[] = [];
  readonly wire: WireEvent[] = [];
  readonly facts: ServerFacts[] = [];
  subscriptions: Subscription[] = [];
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
