import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import WebSocket from "ws";
import { PushIt, PushItError, type PushItOptions, type StateChange } from "push-it-client";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

const GUARDS = `
  export default {
    onConnectionRequest: (agent) =>
      agent.credentials === "banned" ? agent.connectionDenied("You are banned.") : agent.connected(),
    onSubscriptionRequest: (channel, agent) =>
      channel.name === "no/subscribe" ? agent.subscriptionDenied(channel, "Not here.") : agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) {
      if (channel.name === "no/publish") return agent.publicationDenied(message, "Read only.");
      channel.publish(message);
      agent.publicationSuccess(message, "stored");
    },
    onUnsubscriptionRequest: (channel, agent) =>
      channel.name === "no/unsubscribe" ? agent.unsubscriptionDenied(channel, "Stay.") : agent.unsubscribe(channel),
  };
`;

/** The SDK from source against the synthesized template, the built bundles and real sockets. */
describe("the SDK against a running system", () => {
  let system: TestSystem;
  const clients: PushIt[] = [];
  beforeAll(async () => {
    system = await TestSystem.start({ guards: GUARDS });
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await system.close();
  });

  const client = (options: Partial<PushItOptions> = {}): PushIt => {
    const made = new PushIt({ url: system.running.websocketUrl, WebSocket, ...options });
    clients.push(made);
    return made;
  };
  const stateOf = (pushIt: PushIt, state: StateChange["state"]): Promise<StateChange> =>
    new Promise((resolve) => {
      const off = pushIt.on("state", (change) => {
        if (change.state !== state) return;
        off();
        resolve(change);
      });
    });

  it("has the seed's API: publish returns the id, and callbacks get messages", async () => {
    const waiting = new Waiting();
    const received: unknown[] = [];
    const subscriber = client({ channels: ["stories/5", "calendar"] });
    subscriber.onMessageReceived = (channel, message) => {
      received.push([channel, message]);
      waiting.notify();
    };
    await subscriber.channel("stories/5").subscribe();
    const publisher = client();
    const id = await new Promise<string>((resolve, reject) => {
      const sent: string = publisher.publish({ channel: "stories/5", data: { title: "Once" } }, reject, () =>
        resolve(sent),
      );
    });
    expect(id).toMatch(/^[\w-]{22}$/);
    await waiting.until(
      () => received.length > 0,
      () => "a message",
    );
    expect(received).toEqual([
      [
        "stories/5",
        {
          channel: "stories/5",
          uuid: id,
          data: { title: "Once" },
          at: expect.any(Number),
          payload: { title: "Once" },
        },
      ],
    ]);
  });

  it("delivers 100 messages to two clients: all, once, in order", async () => {
    const waiting = new Waiting();
    const pair = [client(), client()] as const;
    const received = await Promise.all(
      pair.map(async (each) => {
        const received: unknown[] = [];
        const channel = each.channel<number>("hundred");
        channel.on("message", ({ data }) => {
          received.push(data);
          waiting.notify();
        });
        await channel.subscribe();
        return received;
      }),
    );
    const numbers = Array.from({ length: 100 }, (_, at) => at);
    await Promise.all(numbers.map((number) => pair[0].channel("hundred").publish(number)));
    await waiting.until(
      () => received.every((received) => received.length >= 100),
      () => "100 messages each",
    );
    expect(received).toEqual([numbers, numbers]);
  });

  it("gives the publisher the guard's result", async () => {
    await expect(client().channel("results").publish(1)).resolves.toMatchObject({ result: "stored" });
  });

  it("reports a denial of each kind with its reason and code", async () => {
    const pushIt = client();
    const denied = (reason: string): unknown => expect.objectContaining({ code: "denied", message: reason });
    await expect(pushIt.channel("no/subscribe").subscribe()).rejects.toEqual(denied("Not here."));
    await expect(pushIt.channel("no/publish").publish(1)).rejects.toEqual(denied("Read only."));
    const stay = pushIt.channel("no/unsubscribe");
    await stay.subscribe();
    await expect(stay.unsubscribe()).rejects.toEqual(denied("Stay."));
    const banned = client({ credentials: () => Promise.resolve("banned") });
    const change = await stateOf(banned, "denied");
    expect(change).toMatchObject({ state: "denied", code: "denied", reason: "You are banned." });
    await expect(banned.channel("x").publish(1)).rejects.toBeInstanceOf(PushItError);
  });

  it("reconnects after API Gateway closed the connection, and is subscribed again", async () => {
    const waiting = new Waiting();
    const received: unknown[] = [];
    const pushIt = client({ retryBase: 10 });
    const channel = pushIt.channel("again");
    channel.on("message", ({ data }) => {
      received.push(data);
      waiting.notify();
    });
    await channel.subscribe();
    const { pk } = (await system.rows()).find(({ sk }) => sk === "s#again") ?? {};
    const connectionId = (pk ?? "").slice(2);
    const lost = stateOf(pushIt, "connecting");
    // The agent's rows are gone but its socket is not: the reply to its next ping says so, and the server closes the connection.
    await system.invokeRoute("$disconnect", {
      requestContext: { connectionId, connectedAt: Date.now(), routeKey: "$disconnect", eventType: "DISCONNECT" },
    });
    const back = stateOf(pushIt, "connected");
    await pushIt
      .channel("elsewhere")
      .subscribe()
      .catch(() => undefined);
    await Promise.all([lost, back]);
    await channel.subscribe();
    await client().channel("again").publish("you are back");
    await waiting.until(
      () => received.includes("you are back"),
      () => "the message after reconnecting",
    );
  });

  it("works from the built bundle in ten lines of an application", async () => {
    const root = resolve(__dirname, "../..");
    const folder = mkdtempSync(join(root, ".push-it/script-"));
    const script = join(folder, "script.mjs");
    writeFileSync(
      script,
      `import { PushIt } from "push-it-client";
      import WebSocket from "ws";
      const [a, b] = [1, 2].map(() => new PushIt({ url: process.argv[2], WebSocket }));
      const received = [];
      b.onMessageReceived = (_channel, { data }) => received.push(data);
      await b.channel("ten/lines").subscribe();
      await Promise.all(Array.from({ length: 100 }, (_, at) => a.channel("ten/lines").publish(at)));
      await b.channel("ten/lines").publish("end");
      console.log(JSON.stringify(received));
      process.exit();`,
    );
    try {
      const child = spawn(process.execPath, [script, system.running.websocketUrl], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await new Promise((done) => child.on("exit", done));
      expect(JSON.parse(output)).toEqual([...Array.from({ length: 100 }, (_, at) => at), "end"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
