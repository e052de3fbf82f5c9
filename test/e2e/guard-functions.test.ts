import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { Duration } from "aws-cdk-lib";
import { type Answer, Meta, PROTOCOL_DENIED } from "../../protocol/index.js";
import { Guards } from "../../infra/index.js";
import type { GuardRequest } from "../../lambdas/guards/api.js";
import { pythonTest } from "../python.js";
import { blockOf, everywhere, GuardCode } from "./support/guard-functions.js";
import { TestSystem, type TestSystemOptions } from "./support/system.js";
import type { Wire } from "./support/wire.js";

mkdirSync(resolve(__dirname, "../../.push-it"), { recursive: true });
const code = new GuardCode();
afterAll(() => code.remove());

/** Time enough for a cold start on a busy machine. */
const seconds = (of: number): TestSystemOptions["props"] => {
  const timeout = Duration.seconds(of);
  const names = ["onConnectionRequest", "onSubscriptionRequest", "onUnsubscriptionRequest", "onPublicationRequest", "onMessageReceived"];
  return { timeouts: Object.fromEntries(names.map((name) => [name, timeout])), wildcards: ["stories/*"] };
};

const PATIENT = seconds(8);

/** What a guard function was asked, by guard. */
const requestsTo = (system: TestSystem, constructId: string, guard: string): GuardRequest[] =>
  system.invocations
    .filter(({ functionId }) => functionId === system.functionOf(constructId))
    .map(({ event }) => event as GuardRequest)
    .filter((request) => request.guard === guard);

describe("guards that are functions", () => {
  const ALL = `
    import { guardHandler } from "push-it-aws/guards";
    export const handler = guardHandler({
      onConnectionRequest(agent) {
        const { name } = agent.credentials ?? {};
        if (!name) return agent.connectionDenied("Who are you?");
        agent.credentials = { name, key: undefined };
        agent.subscribe("stories/news");
        agent.connected({ userId: name, info: { name } });
      },
      onSubscriptionRequest(channel, agent) {
        if (channel.name.startsWith("closed/")) return agent.subscriptionDenied(channel, "Closed.");
        if (channel.name === "a") agent.subscribe("b");
        agent.subscribe(channel);
      },
      onUnsubscriptionRequest(channel, agent) {
        if (channel.name === "forever") agent.unsubscriptionDenied(channel, "Stay.");
        else agent.unsubscribe(channel);
      },
      async onPublicationRequest(channel, agent, message) {
        await null;
        if (message.data === "bad") return agent.publicationDenied(message, "Be nice.");
        channel.publish({ data: { text: message.data, from: agent.userId } });
        agent.channel("audit").publish({ data: agent.userId });
        agent.publicationSuccess(message, { seen: true });
      },
      channels: {
        "personal/*": {
          async onMessageReceived(channel, agent, message) {
            if (message.data.text === agent.userId) return;
            agent.deliver(channel, { ...message, data: message.data.text + " for " + agent.userId });
          },
        },
      },
      onDisconnect(agent) { console.info("left: " + agent.userId); },
    });`;

  let system: TestSystem;
  const connect = (name: string) => system.connect({ credentials: { name, key: "planted secret" } });
  beforeAll(async () => {
    system = await TestSystem.start({
      props: PATIENT,
      guardFunctions(stack) {
        const all = code.node(stack, "All", ALL);
        const { onMessageReceived, ...others } = everywhere(all);
        return Guards.fromLambda({ ...others, channels: { "personal/*": { onMessageReceived } } });
      },
    });
  }, 60_000);
  afterAll(() => system.close());

  it("decide connections, and what is known of an agent", async () => {
    const ada = await connect("ada");
    const { agent } = (await ada.ping()).data as { agent: string };
    await ada.subscribe("x");
    const [request] = requestsTo(system, "All", "onSubscriptionRequest").filter((one) => one.agent?.uuid === agent);
    expect(request).toMatchObject({
      version: 1,
      timeoutMs: expect.any(Number),
      wildcards: ["stories/*"],
      channel: "x",
      agent: { uuid: agent, credentials: { name: "ada" }, userId: "ada", info: { name: "ada" }, isConnected: true },
    });
    expect(JSON.stringify(await system.rows())).not.toContain("planted secret");

    const denied = await system.connect({ credentials: {} });
    expect(denied.protocol).toBe(PROTOCOL_DENIED);
    expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject({ code: "denied", error: "Who are you?" });
  });

  it("decide subscriptions, unsubscriptions and publications, with all that they stage", async () => {
    const [ada, bob] = [await connect("ada"), await connect("bob")];
    const uuid = ada.uuid();
    ada.send({ action: "subscribe", channel: Meta.subscribe, uuid, data: { channels: ["a", "closed/1", "forever", "stories/*"] } });
    expect((await ada.answers(uuid, 5)).map(({ data, successful, error }) => [(data as { channel: string }).channel, successful, error])).toEqual([
      ["a", true, undefined],
      ["forever", true, undefined],
      ["stories/*", true, undefined],
      ["closed/1", false, "Closed."],
      ["b", true, undefined],
    ]);
    expect(await ada.unsubscribe("forever")).toMatchObject({ code: "denied", error: "Stay." });
    expect(await ada.unsubscribe("a")).toMatchObject({ successful: true });

    await ada.subscribe("audit");
    expect(await bob.publish("b", "hello")).toMatchObject({ successful: true, data: { seen: true } });
    expect(await ada.message({ text: "hello", from: "bob" })).toMatchObject({ channel: "b" });
    await ada.message("bob");
    expect(await bob.publish("b", "bad")).toMatchObject({ code: "denied", error: "Be nice." });
    await bob.publish("stories/news", "subscribed by the connection guard");
    await bob.message({ text: "subscribed by the connection guard", from: "bob" });
    expect(ada.messages("b")).toHaveLength(1);
  });

  it("decide what each recipient gets, only where they are", async () => {
    const [ada, bob] = [await connect("ada"), await connect("bob")];
    for (const one of [ada, bob]) {
      await one.subscribe("personal/1");
      await one.subscribe("plain");
    }
    await bob.publish("personal/1", "ada");
    await bob.publish("personal/1", "hi");
    await bob.publish("plain", "as it is");
    await ada.message({ text: "as it is", from: "bob" });
    await bob.message({ text: "as it is", from: "bob" });
    expect(ada.messages("personal/1").map(({ data }) => data)).toEqual(["hi for ada"]);
    expect(bob.messages("personal/1").map(({ data }) => data)).toEqual(["ada for bob", "hi for bob"]);
    expect(requestsTo(system, "All", "onMessageReceived").map(({ recipients }) => recipients?.length)).toEqual([2, 2]);
  });

  it("are told of departures, by whom nobody waits", async () => {
    const carol = await connect("carol");
    const { connectionId } = await system.connectionOf(carol);
    await carol.close();
    await system.disconnected(connectionId);
    await system.invoked(() => system.logs.some(({ message }) => message.includes("left: carol")), "the departure");
    expect(requestsTo(system, "All", "onDisconnect")).toContainEqual(expect.objectContaining({ agent: expect.objectContaining({ userId: "carol", isConnected: false }) }));
  });
});

describe("a guard written from docs/GUARDS.md", () => {
  pythonTest("in Python: its own example guards a system", async () => {
    const system = await TestSystem.start({
      props: PATIENT,
      guardFunctions: (stack) => Guards.fromLambda(everywhere(code.python(stack, "Members", blockOf("python", "def handler(")))),
    });
    try {
      const ada = await system.connect({ credentials: { name: "ada", key: "lovelace" } });
      expect(await ada.subscribe("private/ada")).toMatchObject({ successful: true });
      expect(await ada.subscribe("private/bob")).toMatchObject({ code: "denied", error: "Not your channel." });
      expect(await ada.subscribe("stories/*")).toMatchObject({ successful: true });
      expect(await ada.publish("stories/1", { text: "hello" })).toMatchObject({ successful: true });
      await ada.message({ text: "hello", from: "ada" });
      expect(await ada.publish("stories/1", "no text")).toMatchObject({ code: "denied", error: "A message needs a text." });
      await ada.publish("stories/1", { text: "not for ada", to: ["bob"] });
      await ada.publish("stories/1", { text: "for ada", to: ["ada"] });
      await ada.message({ text: "for ada", to: ["ada"], from: "ada" });
      expect(ada.messages()).toHaveLength(2);
      expect(await ada.unsubscribe("stories/*")).toMatchObject({ successful: true });

      for (const [credentials, error] of [[{ name: "ada", key: "wrong" }, "Wrong name or key."], ["ada", "Sign in first."], [{ name: "eve", key: "" }, "Wrong name or key."]] as const) {
        const denied = await system.connect({ credentials });
        expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject({ code: "denied", error });
      }
      await ada.close();
      await system.invoked(() => system.logs.some(({ message }) => message.includes("left: ada")), "the departure");
      expect(system.logs.filter(({ message }) => /guard_(failed|timeout)/.test(message))).toEqual([]);
    } finally {
      await system.close();
    }
  }, 90_000);

  it("in TypeScript: its own example is a handler", async () => {
    const source = blockOf("ts", "guardHandler<{ name: string }>");
    const system = await TestSystem.start({
      props: PATIENT,
      guardFunctions: (stack) => Guards.fromLambda({ channels: { "private/*": { onSubscriptionRequest: code.node(stack, "Private", source) } } }),
    });
    try {
      const ada = await system.connect({ credentials: { name: "ada" } });
      expect(await ada.subscribe("private/ada")).toMatchObject({ successful: true });
      expect(await ada.subscribe("private/bob")).toMatchObject({ code: "denied", error: "Not your channel." });
      expect(await ada.subscribe("public")).toMatchObject({ successful: true });
    } finally {
      await system.close();
    }
  }, 60_000);
});

describe("a message to many", () => {
  it("asks about a hundred recipients at a time, and each gets its own", async () => {
    const system = await TestSystem.start({
      props: PATIENT,
      guardFunctions(stack) {
        const delivery = code.node(stack, "Delivery", `
          export const handler = async ({ recipients, channel, message }) => ({
            version: 1, verdict: "deliver", channel,
            deliveries: recipients.filter((each) => each.credentials % 5 !== 0).map(({ uuid, credentials }) =>
              credentials % 2 ? { agent: uuid } : { agent: uuid, data: message.data + " for " + credentials }),
          });`);
        return Guards.fromLambda({ channels: { "many/*": { onMessageReceived: delivery } } });
      },
    });
    try {
      const wires: Wire[] = [];
      const join = async (number: number): Promise<void> => {
        const wire = await system.connect({ credentials: number });
        await wire.subscribe("many/1");
        wires[number] = wire;
      };
      for (let from = 0; from < 250; from += 10) await Promise.all(Array.from({ length: 10 }, (_, at) => join(from + at)));
      expect(await wires[0]!.publish("many/1", "hello")).toMatchObject({ successful: true });
      const sizes = requestsTo(system, "Delivery", "onMessageReceived").map(({ recipients }) => recipients?.length);
      expect(sizes.sort()).toEqual([100, 100, 50]);
      await wires[0]!.publish("other", "end");
      const expected = (number: number): unknown[] => (number % 5 === 0 ? [] : [number % 2 ? "hello" : `hello for ${number}`]);
      for (const [number, wire] of wires.entries()) {
        if (expected(number).length > 0) await wire.until(() => wire.messages().length > 0, `the message of ${number}`);
        expect([number, wire.messages().map(({ data }) => data)]).toEqual([number, expected(number)]);
      }
    } finally {
      await system.close();
    }
  }, 180_000);
});

describe("a guard function that gives no valid verdict", () => {
  /** What it returns for `request`, where that is not what the contract says. */
  const RESPONSES: Record<string, string> = {
    nothing: "undefined",
    "a text": '"planted secret"',
    "a list": "[yes]",
    "no version": "{ ...yes, version: undefined }",
    "another version": "{ ...yes, version: 2 }",
    "no verdict": "{ ...yes, verdict: undefined }",
    "an unknown verdict": '{ ...yes, verdict: "planted secret" }',
    "another guard's verdict": '{ ...yes, verdict: yes.verdict === "unsubscribe" ? "connected" : "unsubscribe" }',
    "another channel": '{ ...yes, verdict: yes.verdict === "connected" ? "planted" : yes.verdict, channel: "planted/secret" }',
    "a field of a wrong type": '{ ...yes, subscribe: "planted", publish: "planted", deliveries: "planted", channel: yes.verdict === "unsubscribe" ? 1 : yes.channel }',
    "too much": '{ ...yes, info: "x".repeat(5000), result: "x".repeat(5000), subscribe: Array.from({ length: 26 }, (_, at) => "c" + at), deliveries: Array.from({ length: 101 }, () => ({ agent: "x" })), channel: yes.verdict === "unsubscribe" ? "x".repeat(5000) : yes.channel }',
    "an impossible channel": '{ ...yes, subscribe: ["/meta/planted"], publish: [{ channel: "planted/*", data: 1 }], deliveries: [{ agent: "planted" }], channel: yes.verdict === "unsubscribe" ? "/meta/planted" : yes.channel }',
  };

  /** What else it can do. */
  const DEEDS: Record<string, { deed: string; code: "guard_failed" | "guard_timeout" }> = {
    throws: { deed: 'throw new TypeError("planted secret");', code: "guard_failed" },
    exits: { deed: "process.exit(0);", code: "guard_failed" },
    "never answers": { deed: "await new Promise((resolve) => setTimeout(resolve, 60_000));", code: "guard_timeout" },
    "answers late": { deed: "await new Promise((resolve) => setTimeout(resolve, 4_000)); return yes;", code: "guard_timeout" },
    "loops for ever": { deed: "for (;;);", code: "guard_timeout" },
  };

  const MODES = {
    ...Object.fromEntries(Object.entries(RESPONSES).map(([name, response]) => [`returns ${name}`, { deed: `return ${response};`, code: "guard_failed" as const }])),
    ...DEEDS,
  };

  const LIAR = `
    const deeds = { ${Object.entries(MODES).map(([name, { deed }]) => `${JSON.stringify(name)}: async (yes) => { ${deed} }`).join(",\n")} };
    export const handler = async (request) => {
      const { guard, channel, message, agent, recipients } = request;
      const yes = {
        onConnectionRequest: { verdict: "connected" },
        onSubscriptionRequest: { verdict: "subscribe" },
        onUnsubscriptionRequest: { verdict: "unsubscribe" },
        onPublicationRequest: { verdict: "publicationSuccess", publish: [{ channel, data: message?.data }] },
        onMessageReceived: { verdict: "deliver", deliveries: recipients?.map(({ uuid }) => ({ agent: uuid })) },
      }[guard];
      const mode = guard === "onConnectionRequest" ? agent.credentials?.mode : channel.startsWith(guard) ? channel.split("/").pop() : undefined;
      const deed = Object.entries(deeds).find(([name]) => name.replace(/\\W/g, "_") === mode)?.[1] ?? (async (said) => said);
      return deed({ version: 1, channel, ...yes });
    };`;

  const TIMEOUT_S = 3;
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      props: seconds(TIMEOUT_S),
      guardFunctions(stack) {
        const { onDisconnect: _nobody, ...guards } = everywhere(code.node(stack, "Liar", LIAR));
        return Guards.fromLambda(guards);
      },
    });
    // The first cold start of all is not what is tested.
    await system.connect({ credentials: {} }).catch(() => undefined);
  }, 60_000);
  afterAll(() => system.close());

  it.each(Object.entries(MODES))("but %s permits nothing", async (name, { code: expected }) => {
    const mode = name.replace(/\W/g, "_");
    const channelOf = (guard: string) => `${guard}/${mode}`;
    const agent = await system.connect({ credentials: {} });
    await agent.subscribe(channelOf("onUnsubscriptionRequest"));
    await agent.subscribe(channelOf("onMessageReceived"));
    await agent.subscribe(channelOf("onPublicationRequest"));
    const logged = system.logs.length;
    const failed = (channel: string): object => ({ successful: false, code: expected, channel });

    const connecting = async (): Promise<void> => {
      const denied = await system.connect({ credentials: { mode } });
      expect(denied.protocol).toBe(PROTOCOL_DENIED);
      expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject(failed("/meta/connect"));
    };
    const asking = async (answer: Promise<Answer>, channel: string): Promise<void> => expect(await answer).toMatchObject(failed(channel));
    await Promise.all([
      connecting(),
      asking(agent.subscribe(channelOf("onSubscriptionRequest")), "/meta/subscribe"),
      asking(agent.unsubscribe(channelOf("onUnsubscriptionRequest")), "/meta/unsubscribe"),
      asking(agent.publish(channelOf("onPublicationRequest"), "not permitted"), "/meta/error"),
      agent.publish(channelOf("onMessageReceived"), "not permitted").then((answer) => expect(answer).toMatchObject({ successful: true })),
    ]);

    // Still subscribed, and nothing of what was not permitted has come before this.
    await agent.publish(channelOf("onUnsubscriptionRequest"), "permitted");
    await agent.message("permitted");
    expect(agent.messages().map(({ data }) => data)).toEqual(["permitted"]);
    const subscribers = (await system.rows()).filter(({ pk }) => pk === `c#${channelOf("onSubscriptionRequest")}`);
    expect(subscribers).toEqual([]);

    const lines = system.logs.slice(logged).map(({ message }) => message);
    for (const guard of ["onConnectionRequest", "onSubscriptionRequest", "onUnsubscriptionRequest", "onPublicationRequest", "onMessageReceived"]) {
      expect([guard, lines.filter((line) => line.includes(expected) && line.includes(guard)).length]).toEqual([guard, 1]);
    }
    // The function's own log may say what it threw; the logs of those that asked it do not.
    const own = system.functionOf("Liar");
    const asked = system.logs.slice(logged).filter(({ source }) => source !== own && !source.includes("Liar"));
    expect(JSON.stringify(asked)).not.toContain("planted");
  }, 60_000);
});

describe("a module and functions", () => {
  const module = (guard: string) => `export default { ${guard}(channel, agent) { agent.subscriptionDenied(channel, "Says the module."); } };`;
  const yes = `export const handler = async ({ channel }) => ({ version: 1, verdict: "subscribe", channel });`;
  const functions: TestSystemOptions["guardFunctions"] = (stack) =>
    Guards.fromLambda({ channels: { "private/*": { onSubscriptionRequest: code.node(stack, "Private", yes) } } });

  const both = async (options: TestSystemOptions): Promise<[Answer, Answer, TestSystem]> => {
    const system = await TestSystem.start({ props: PATIENT, guardFunctions: functions, ...options });
    try {
      const agent = await system.connect();
      return [await agent.subscribe("private/1"), await agent.subscribe("public/1"), system];
    } finally {
      await system.close();
    }
  };
  const theirs = { successful: true };
  const says = { code: "denied", error: "Says the module." };

  it("decide side by side", async () => {
    const [ours, others] = await both({ guards: module("onSubscriptionRequest") });
    expect([ours, others]).toMatchObject([theirs, says]);
  }, 60_000);

  it("decide side by side where another module stands in for the app's own, or for none", async () => {
    for (const guards of [{}, { guards: "export default {};" }]) {
      const [ours, others] = await both({ ...guards, instead: module("onSubscriptionRequest") });
      expect([ours, others]).toMatchObject([theirs, says]);
    }
  }, 90_000);

  it.each(["guards", "instead"] as const)("that want the same place permit nothing there, and the log says why (%s)", async (how) => {
    const conflicting = `export default { channels: { "private/*": { onSubscriptionRequest(channel, agent) { agent.subscribe(channel); } } } };`;
    const [ours, others, system] = await both({ [how]: conflicting });
    expect([ours, others]).toMatchObject([{ code: "guard_failed" }, { code: "guard_failed" }]);
    const reasons = system.logs.filter(({ message }) => message.includes("guards_not_loaded"));
    expect(reasons.map(({ message }) => message).join()).toContain("is defined by the guard module and by a guard function: leave it out of one of them");
  }, 60_000);
});
