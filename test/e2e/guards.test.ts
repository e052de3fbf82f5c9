import { Duration } from "aws-cdk-lib";
import { Meta, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../protocol/index.js";
import { TestSystem } from "./support/system.js";

const GUARDS = `
  import { guards } from "push-it-server/guards";

  export default guards<{ user?: string; token?: string }>({
    async onConnectionRequest(agent) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { user, token } = agent.credentials ?? {};
      if (token !== "open sesame") return agent.connectionDenied("Wrong token.");
      agent.credentials = { user };
      agent.subscribe("welcome");
      agent.connected({ info: { name: user ?? "nobody" } });
      agent.connectionDenied("too late");
    },
    onSubscriptionRequest(channel, agent) {
      if (channel.name === "secret") return agent.subscriptionDenied(channel, "Members only.");
      if (channel.name === "pair/a") agent.subscribe("pair/b");
      if (channel.name === "pair/c") {
        agent.subscribe("pair/d");
        return agent.subscriptionDenied(channel, "Not this pair.");
      }
      agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      if (channel.name === "read-only") return agent.publicationDenied(message, "Nobody writes here.");
      if (channel.name === "log-only") return agent.publicationSuccess(message, { logged: true });
      if (channel.name === "spread") {
        channel.publish(message);
        agent.channel("audit").publish({ data: { by: agent.credentials.user, what: message.data } });
        return agent.publicationSuccess(message);
      }
      if (channel.name === "changed-mind") {
        channel.publish(message);
        agent.subscribe("never");
        return agent.publicationDenied(message, "On second thoughts, no.");
      }
      if (channel.name === "join") agent.subscribe("room");
      channel.publish(message);
      agent.publicationSuccess(message);
    },
    onUnsubscriptionRequest(channel, agent) {
      if (channel.name === "mandatory") return agent.unsubscriptionDenied(channel, "You have to hear this.");
      agent.unsubscribe(channel);
    },
    onDisconnect(agent) {
      console.warn({ left: agent.credentials.user });
    },
    channels: {
      "private/*": {
        onSubscriptionRequest(channel, agent) {
          if (channel.name === "private/" + agent.credentials.user) agent.subscribe(channel);
          else agent.subscriptionDenied(channel, "Not your channel.");
        },
      },
      "private/lobby": { onSubscriptionRequest: (channel, agent) => agent.subscribe(channel) },
      "translated/*": {
        onMessageReceived(channel, agent, message) {
          agent.deliver(channel, { ...message, data: message.data + " for " + agent.credentials.user });
        },
      },
      "picky": {
        async onMessageReceived(channel, agent, message) {
          const { user } = agent.credentials;
          if (user === "loop") for (;;);
          if (user === "throw") throw new Error("no");
          if (user === "hang") await new Promise(() => undefined);
          if (user !== "drop") agent.deliver(channel, message);
        },
      },
      "news/*": { onSubscriptionRequest: (channel, agent) => agent.subscribe(channel) },
      "news/internal": { onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, "Internal.") },
    },
  });
`;

/** The seed's workflow, decided by a developer's guards. */
describe("a system with guards", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: { wildcards: ["news/*", "private/*", "free/*"], timeouts: { onMessageReceived: Duration.seconds(2) } },
    });
  });
  afterAll(() => system.close());

  const connect = (user = "ann") => system.connect({ credentials: { user, token: "open sesame" } });

  describe("1 an agent connects", () => {
    it("connects an agent that the guard accepts, and ignores a later verdict", async () => {
      expect((await connect()).protocol).toBe(SUBPROTOCOL);
    });

    it("subscribes it to what the guard said, from the first answer on", async () => {
      const [a, b] = await Promise.all([connect(), connect("bob")]);
      await a.ping();
      await b.publish("welcome", "hello, all");
      await a.message("hello, all");
    });

    it("sends a denied client the reason on a useless socket, then closes", async () => {
      const denied = await system.connect({ credentials: { token: "wrong" } });
      expect(denied.protocol).toBe(SUBPROTOCOL_DENIED);
      const expected = { channel: "/meta/connect", successful: false, error: "Wrong token.", code: "denied" };
      expect(await denied.subscribe("stories/5")).toMatchObject(expected);
      expect(await denied.publish("stories/5", "let me in")).toMatchObject(expected);
      denied.send("garbage");
      await denied.until(() => denied.received.length === 3, "an answer to garbage");
      expect(await denied.request({ action: "connect", channel: Meta.connect })).toMatchObject(expected);
      expect((await denied.ended()).code).toBe(1000);
      const rows = await system.rows();
      expect(rows.filter(({ pk }) => pk?.startsWith("c#stories"))).toEqual([]);
    });

    it("refuses a denied client that did not ask for reasons with 403", async () => {
      await expect(system.connect({ protocols: [SUBPROTOCOL] })).rejects.toThrow("refused: 403");
    });

    it("keeps the credentials that the guard set instead of the client's", async () => {
      await connect("kept");
      const agents = (await system.rows()).filter(({ sk }) => sk === "agent");
      expect(agents.map(({ c }) => c)).toContain('{"user":"kept"}');
      expect(JSON.stringify(agents)).not.toContain("open sesame");
    });
  });

  describe("2 an agent subscribes", () => {
    it("denies with the guard's reason", async () => {
      const answer = await (await connect()).subscribe("secret");
      expect(answer).toMatchObject({
        channel: "/meta/subscribe",
        successful: false,
        error: "Members only.",
        code: "denied",
        data: { channel: "secret" },
      });
    });

    it("prefers a channel's guard to the default, and the most specific one", async () => {
      const agent = await connect();
      expect(await agent.subscribe("private/ann")).toMatchObject({ successful: true });
      expect(await agent.subscribe("private/bob")).toMatchObject({ error: "Not your channel." });
      expect(await agent.subscribe("private/lobby")).toMatchObject({ successful: true });
    });

    it("subscribes to another channel that the guard names, and says so", async () => {
      const agent = await connect();
      agent.send({ action: "subscribe", channel: Meta.subscribe, uuid: "pair", data: { channel: "pair/a" } });
      const answers = await agent.answers("pair", 2);
      expect(answers.map(({ data, successful }) => [data, successful])).toEqual([
        [{ channel: "pair/a" }, true],
        [{ channel: "pair/b" }, true],
      ]);
      await agent.publish("pair/b", "both");
      await agent.message("both");
    });

    it("does nothing that a guard staged before it denied", async () => {
      const agent = await connect();
      expect(await agent.subscribe("pair/c")).toMatchObject({ successful: false, error: "Not this pair." });
      expect((await system.rows()).filter(({ pk }) => pk === "c#pair/d")).toEqual([]);
    });

    it("grants a wildcard only if every matching guard grants it", async () => {
      const agent = await connect();
      expect(await agent.subscribe("news/*")).toMatchObject({ successful: false, error: "Internal." });
      expect(await agent.subscribe("news/sport/*")).toMatchObject({ successful: true });
      expect(await agent.subscribe("private/*")).toMatchObject({ successful: false, error: "Not your channel." });
      expect(await agent.subscribe("other/*")).toMatchObject({ successful: false, code: "wildcard" });
    });

    it("delivers once to an agent on a channel and its wildcards", async () => {
      const agent = await connect();
      for (const name of ["free/*", "free/a/*", "free/a/b"])
        expect(await agent.subscribe(name)).toMatchObject({ successful: true });
      await agent.publish("free/a/b", 1);
      await agent.publish("free/other", 2);
      await agent.ping();
      expect(agent.messages().map(({ channel, data }) => [channel, data])).toEqual([
        ["free/a/b", 1],
        ["free/other", 2],
      ]);
      for (const name of ["free/*", "free/a/*", "free/a/b"]) await agent.unsubscribe(name);
      await agent.publish("free/a/b", 3);
      await agent.ping();
      expect(agent.messages()).toHaveLength(2);
    });
  });

  describe("3 an agent publishes", () => {
    it("denies with the guard's reason", async () => {
      const answer = await (await connect()).publish("read-only", 1, { uuid: "ro" });
      expect(answer).toEqual({
        channel: "/meta/error",
        uuid: "ro",
        successful: false,
        error: "Nobody writes here.",
        code: "denied",
      });
    });

    it("succeeds with a result, without a publication, if the guard only logs", async () => {
      const agent = await connect();
      await agent.subscribe("log-only");
      expect(await agent.publish("log-only", 1)).toMatchObject({
        channel: "/meta/successful",
        successful: true,
        data: { logged: true },
      });
      await agent.ping();
      expect(agent.messages()).toEqual([]);
    });

    it("publishes on as many channels as the guard likes", async () => {
      const [agent, auditor] = await Promise.all([connect(), connect("audit")]);
      await Promise.all([agent.subscribe("spread"), auditor.subscribe("audit")]);
      await agent.publish("spread", "x", { uuid: "sp" });
      await agent.message("x");
      expect(await auditor.message({ by: "ann", what: "x" })).toMatchObject({ channel: "audit", uuid: "sp" });
    });

    it("does nothing that a guard staged before it denied", async () => {
      const agent = await connect();
      await agent.subscribe("changed-mind");
      expect(await agent.publish("changed-mind", 1)).toMatchObject({
        successful: false,
        error: "On second thoughts, no.",
      });
      await agent.ping();
      expect(agent.messages()).toEqual([]);
      expect((await system.rows()).filter(({ pk }) => pk === "c#never")).toEqual([]);
    });

    it("subscribes the publisher where the guard says so", async () => {
      const agent = await connect();
      await agent.publish("join", 1);
      await agent.publish("room", "I am in");
      await agent.message("I am in");
    });
  });

  describe("4 a message reaches a subscriber", () => {
    it("is transformed for each recipient", async () => {
      const [ann, bob] = await Promise.all([connect(), connect("bob")]);
      await Promise.all([ann.subscribe("translated/x"), bob.subscribe("translated/x")]);
      await ann.publish("translated/x", "hello");
      await Promise.all([ann.message("hello for ann"), bob.message("hello for bob")]);
    });

    it("is dropped for the recipients whose guard fails, and reaches the others", async () => {
      const users = ["ann", "drop", "loop", "hang", "throw", "bob"];
      const wires = await Promise.all(users.map(connect));
      await Promise.all(wires.map((wire) => wire.subscribe("picky")));
      expect(await wires[0]?.publish("picky", "for most")).toMatchObject({ successful: true });
      await Promise.all(wires.map((wire) => wire.ping()));
      expect(users.filter((_user, at) => (wires[at]?.messages().length ?? 0) > 0)).toEqual(["ann", "bob"]);
    });
  });

  it("5 an agent unsubscribes: denied with the guard's reason, and stays subscribed", async () => {
    const agent = await connect();
    await agent.subscribe("mandatory");
    expect(await agent.unsubscribe("mandatory")).toMatchObject({
      channel: "/meta/unsubscribe",
      successful: false,
      error: "You have to hear this.",
    });
    await agent.publish("mandatory", "still");
    await agent.message("still");
  });

  it("6 an agent disconnects: the guard runs once, with its own credentials", async () => {
    const agent = await connect("leaver");
    const { connectionId } = await system.connectionOf(agent);
    await agent.subscribe("left/behind");
    await agent.close();
    await system.disconnected(connectionId);
    expect((await system.rows()).filter(({ pk, sk }) => `${pk}${sk}`.includes(connectionId))).toEqual([]);
    expect(
      system.logs.filter(({ message }) => message.includes('"left":"leaver"') || message.includes("left: 'leaver'")),
    ).toHaveLength(1);
  });
});
