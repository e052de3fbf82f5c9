import { type Reply, Meta, SUBPROTOCOL_DENIED } from "../../protocol/index.js";
import { Guards } from "../../infra/index.js";
import type { GuardRequest } from "push-it-server/guards";
import { everywhere, GuardCode, PATIENT, requestsTo } from "./support/guard-functions.js";
import { TestSystem, type TestSystemOptions } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const code = new GuardCode();
afterAll(() => code.remove());

/** The users that requests are about. */
const usersIn = (requests: GuardRequest[]): (string | undefined)[] =>
  requests.flatMap(({ recipients = [] }) => recipients.map(({ userId }) => userId));

describe("guards that are functions", () => {
  const ALL = `
    import { guardHandler } from "push-it-server/guards";
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
  });
  afterAll(() => system.close());

  it("decide connections, and an agent's credentials, info and userId", async () => {
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
    expect(denied.protocol).toBe(SUBPROTOCOL_DENIED);
    expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject({
      code: "denied",
      error: "Who are you?",
    });
  });

  it("decide subscriptions, unsubscriptions and publications, with all that they stage", async () => {
    const [ada, bob] = [await connect("ada"), await connect("bob")];
    const uuid = ada.uuid();
    ada.send({
      action: "subscribe",
      channel: Meta.subscribe,
      uuid,
      data: { channels: ["a", "closed/1", "forever", "stories/*"] },
    });
    expect(
      (await ada.answers(uuid, 5)).map(({ data, successful, error }) => [
        (data as { channel: string }).channel,
        successful,
        error,
      ]),
    ).toEqual([
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
    // One batch or two: that depends on the pages of the read. The guard never sees another agent.
    const asked = requestsTo(system, "All", "onMessageReceived");
    for (const text of ["ada", "hi"]) {
      const mine = asked.filter(({ message }) => (message?.data as { text: string }).text === text);
      expect(new Set(usersIn(mine))).toEqual(new Set(["ada", "bob"]));
    }
    expect(new Set(asked.map(({ channel }) => channel))).toEqual(new Set(["personal/1"]));
  });

  it("receive departures, without a delay for other requests", async () => {
    const carol = await connect("carol");
    const { connectionId } = await system.connectionOf(carol);
    await carol.close();
    await system.disconnected(connectionId);
    await system.invoked(() => system.logs.some(({ message }) => message.includes("left: carol")), "the departure");
    expect(requestsTo(system, "All", "onDisconnect")).toContainEqual(
      expect.objectContaining({ agent: expect.objectContaining({ userId: "carol", isConnected: false }) }),
    );
  });
});

describe("a message to many", () => {
  it("asks about a hundred recipients at a time, with separate verdicts", async () => {
    const system = await TestSystem.start({
      props: PATIENT,
      guardFunctions(stack) {
        const delivery = code.node(
          stack,
          "Delivery",
          `
          export const handler = async ({ recipients, channel, message }) => ({
            version: 1, verdict: "deliver", channel,
            deliveries: recipients.filter((each) => each.credentials % 5 !== 0).map(({ uuid, credentials }) =>
              credentials % 2 ? { agent: uuid } : { agent: uuid, data: message.data + " for " + credentials }),
          });`,
        );
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
      for (let from = 0; from < 250; from += 10)
        await Promise.all(Array.from({ length: 10 }, (_, at) => join(from + at)));
      expect(await wires[0]!.publish("many/1", "hello")).toMatchObject({ successful: true });
      const expected = (number: number): unknown[] =>
        number % 5 === 0 ? [] : [number % 2 ? "hello" : `hello for ${number}`];
      for (const [number, wire] of wires.entries()) {
        if (expected(number).length > 0) await wire.until(() => wire.messages().length > 0, `the message of ${number}`);
        // A post that took too long was made again: clients drop a message with a known uuid.
        const unique = new Map(wire.messages().map(({ uuid, data }) => [uuid, data]));
        expect([number, [...unique.values()]]).toEqual([number, expected(number)]);
      }
      const asked = requestsTo(system, "Delivery", "onMessageReceived");
      const sizes = asked.map(({ recipients = [] }) => recipients.length).sort((a, b) => b - a);
      expect(sizes[0]).toBe(100);
      expect(new Set(asked.flatMap(({ recipients = [] }) => recipients.map(({ uuid }) => uuid))).size).toBe(250);
      // A machine that is too slow for the fan-out's time leaves some of them to workers, which ask again.
      const workers = system.invocations.filter(
        ({ functionId }) => functionId === system.functionOf("PushItDeliver"),
      ).length;
      expect(sizes.length).toBeLessThanOrEqual(3 * (1 + workers));
    } finally {
      await system.close();
    }
  });
});

describe("a module and functions", () => {
  const module = (guard: string) =>
    `export default { ${guard}(channel, agent) { agent.subscriptionDenied(channel, "Says the module."); } };`;
  const yes = `export const handler = async ({ channel }) => ({ version: 1, verdict: "subscribe", channel });`;
  const functions: TestSystemOptions["guardFunctions"] = (stack) =>
    Guards.fromLambda({ channels: { "private/*": { onSubscriptionRequest: code.node(stack, "Private", yes) } } });

  const both = async (options: TestSystemOptions): Promise<[Reply, Reply, TestSystem]> => {
    const system = await TestSystem.start({ props: PATIENT, guardFunctions: functions, ...options });
    try {
      const agent = await system.connect();
      return [await agent.subscribe("private/1"), await agent.subscribe("public/1"), system];
    } finally {
      await system.close();
    }
  };
  const theirs = { successful: true };
  const moduleDenial = { code: "denied", error: "Says the module." };

  it("decide side by side", async () => {
    const [ours, others] = await both({ guards: module("onSubscriptionRequest") });
    expect([ours, others]).toMatchObject([theirs, moduleDenial]);
  });

  it("decide together with a module that replaces the app's own, or none", async () => {
    for (const guards of [{}, { guards: "export default {};" }]) {
      const [ours, others] = await both({ ...guards, instead: module("onSubscriptionRequest") });
      expect([ours, others]).toMatchObject([theirs, moduleDenial]);
    }
  });

  it.each(["guards", "instead"] as const)("for one place permit nothing there, and log why (%s)", async (how) => {
    const conflicting = `export default { channels: { "private/*": { onSubscriptionRequest(channel, agent) { agent.subscribe(channel); } } } };`;
    const [ours, others, system] = await both({ [how]: conflicting });
    expect([ours, others]).toMatchObject([{ code: "guard_failed" }, { code: "guard_failed" }]);
    const reasons = system.logs.filter(({ message }) => message.includes("guards_not_loaded"));
    expect(reasons.map(({ message }) => message).join()).toContain(
      "is defined by the guard module and by a guard function: leave it out of one of them",
    );
  });
});
