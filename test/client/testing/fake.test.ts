import type { PushIt } from "push-it-client";
import { channel, defineChannels } from "push-it-client/channels";
import { FakePushIt } from "push-it-client/testing";

let fake: FakePushIt;

afterEach(() => fake.close());

/** A client, its states and the messages that it has received on a channel. */
const watched = (client: PushIt, name = "rooms/5") => {
  const states: string[] = [];
  const received: unknown[] = [];
  client.on("state", ({ state, code }) => states.push(`${state} ${code}`));
  client.channel(name).on("message", ({ data }) => received.push(data));
  return { client, states, received };
};

describe("FakePushIt", () => {
  it("connects clients, and delivers what they publish", async () => {
    fake = new FakePushIt();
    const [ada, bob] = [fake.client({ credentials: { userId: "ada" } }), fake.client()];
    const received: unknown[] = [];
    const room = bob.channel("rooms/5");
    room.on("message", ({ data, at }) => received.push([data, at]));
    await room.subscribe();
    await ada.channel("rooms/5").publish("Hello");
    await fake.publish("rooms/5", { from: "a back end" });
    await fake.settled();
    expect(received).toEqual([
      ["Hello", fake.now],
      [{ from: "a back end" }, fake.now],
    ]);
    expect([ada.state, bob.state, ada.me]).toEqual(["connected", "connected", { agent: "agent-1", userId: "ada" }]);
    expect(fake.messages("rooms/5").map(({ data }) => data)).toEqual(["Hello", { from: "a back end" }]);
  });

  it("keeps histories, which heal a dead network", async () => {
    fake = new FakePushIt({ channels: { "rooms/*": { history: true } } });
    for (const text of ["a", "b", "c"]) await fake.publish("rooms/5", text);
    const ada = fake.client();
    const received: unknown[] = [];
    const room = ada.channel("rooms/5");
    room.on("message", ({ data }) => received.push(data));
    await room.subscribe({ last: 2 });
    fake.offline(ada);
    await fake.publish("rooms/5", "d");
    await fake.advance(20_000);
    expect([received, ada.state]).toEqual([["b", "c"], "connecting"]);
    fake.online(ada);
    await fake.settled();
    expect([received, ada.state]).toEqual([["b", "c", "d"], "connected"]);
  });

  it("reconnects a client whose connection was cut", async () => {
    fake = new FakePushIt();
    const ada = fake.client({ channels: ["rooms/5"] });
    await fake.settled();
    fake.cut(ada);
    await fake.settled();
    expect(ada.state).toBe("connecting");
    await fake.advance(500);
    expect(ada.state).toBe("connected");
  });

  it("shows the reason of a guard that denies", async () => {
    fake = new FakePushIt({
      guards: {
        onConnectionRequest: (agent) => agent.connected(),
        onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, "Not yours."),
      },
    });
    await expect(fake.client({ logger: {} }).channel("a").subscribe()).rejects.toMatchObject({
      code: "denied",
      message: "Not yours.",
    });
    fake.guards = { onConnectionRequest: (agent) => agent.connectionDenied("Closed.") };
    const ada = fake.client();
    const states: unknown[] = [];
    ada.on("state", ({ state, code, reason }) => states.push([state, code, reason]));
    await fake.settled();
    expect(states.at(-1)).toEqual(["denied", "denied", "Closed."]);
  });

  it("delays frames by the latency, on its clock", async () => {
    fake = new FakePushIt({ latency: 20 });
    const begunAt = fake.now;
    const { client, states, received } = watched(fake.client());
    await fake.advance(39);
    expect(states).toEqual(["connecting connect"].slice(states.length === 1 ? 0 : 1));
    await fake.advance(1);
    expect(client.state).toBe("connected");
    void client.channel("rooms/5").subscribe();
    await fake.settled();
    expect(fake.now - begunAt).toBe(80);
    await fake.publish("rooms/5", "late");
    expect(received).toEqual([]);
    await fake.settled();
    expect([received, fake.now - begunAt]).toEqual([["late"], 100]);
  });

  it("sends heartbeats, and closes what lasts for two hours", async () => {
    fake = new FakePushIt({ channels: { "rooms/*": { history: true, presence: true } } });
    const { client, states, received } = watched(fake.client({ credentials: { userId: "ada" } }));
    await client.channel("rooms/5").subscribe();
    await fake.advance(3 * 3_600_000);
    await fake.publish("rooms/5", "still here");
    await fake.settled();
    expect([client.state, received]).toEqual(["connected", ["still here"]]);
    // The SDK has moved to another connection in time.
    expect(states.filter((state) => state.startsWith("connecting")).length).toBeLessThanOrEqual(1);
    expect(fake.members("rooms/5")).toMatchObject([{ userId: "ada", connections: [client.me!.agent] }]);
  });

  it("lets a network vanish without a sign", async () => {
    fake = new FakePushIt();
    const { client, states } = watched(fake.client());
    await client.channel("rooms/5").subscribe();
    fake.offline(client, { silent: true });
    client.channel("rooms/5").send("lost");
    await fake.advance(3_000);
    expect(client.state).toBe("connected");
    await fake.advance(12_000);
    expect(states.at(-1)).toMatch(/^connecting/);
    fake.online();
    await fake.settled();
    expect(client.state).toBe("connected");
  });

  it("runs on the timers of the runtime if it is to", async () => {
    fake = new FakePushIt({ clock: "real", latency: 5 });
    const { client, received } = watched(fake.client({ retryBase: 10 }));
    await client.channel("rooms/5").subscribe();
    fake.cut();
    for (let tries = 0; client.state !== "connected" && tries < 400; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await fake.settled();
    await fake.publish("rooms/5", "again");
    await fake.settled();
    expect(received).toEqual(["again"]);
    await expect(fake.advance(1)).rejects.toThrow('with the option clock: "real"');
  });

  it("refuses data by the types of channels", async () => {
    const text = { "~standard": { version: 1, vendor: "test", validate: textOnly } } as const;
    fake = new FakePushIt({ types: defineChannels({ "rooms/*": channel({ message: text }) }) });
    const client = fake.client();
    await expect(client.channel("rooms/5").publish(5)).rejects.toMatchObject({ code: "bad_data" });
    await client.channel("rooms/5").publish("five");
    await client.channel("other").publish(5);
    expect(fake.messages().map(({ data }) => data)).toEqual(["five", 5]);
  });

  it("spares a client that a server program excludes", async () => {
    fake = new FakePushIt();
    const [ada, bob] = [watched(fake.client()), watched(fake.client())];
    for (const { client } of [ada, bob]) await client.channel("rooms/5").subscribe();
    await fake.publish("rooms/5", "for Bob", { exclude: ada.client });
    await fake.publish("rooms/5", "for both");
    await fake.settled();
    expect([ada.received, bob.received]).toEqual([["for both"], ["for Bob", "for both"]]);
  });

  it("keeps the errors of guards for the test", async () => {
    const error = new Error("the database is away");
    fake = new FakePushIt({
      guards: {
        onSubscriptionRequest: () => Promise.reject(error),
      },
    });
    const client = fake.client({ logger: {} });
    await expect(client.channel("rooms/5").subscribe()).rejects.toMatchObject({ code: "guard_failed" });
    expect(fake.errors).toEqual([error]);
  });

  it("ends a client whose agent was not renewed in time", async () => {
    fake = new FakePushIt({
      guards: {
        onConnectionRequest(agent) {
          if (agent.isConnected) throw new Error("no renewals today");
          agent.connected({ expiresAt: fake.now + 30_000 });
        },
      },
    });
    const { client, states } = watched(fake.client({ retryBase: 1 }));
    await client.channel("rooms/5").subscribe();
    const { agent } = client.me!;
    await fake.advance(600_000);
    expect(states).toContain("connecting expired");
    expect([client.state, client.me!.agent === agent]).toEqual(["connected", false]);
  });

  it("names the option that is wrong", () => {
    fake = new FakePushIt();
    expect(() => new FakePushIt({ channels: { "*": {} } })).toThrow('"*" is neither a channel name nor a pattern');
    expect(() => new FakePushIt({ guards: { channels: { "a b": {} } } })).toThrow('"a b" is neither');
    const stranger = new FakePushIt().client({ autoConnect: false });
    expect(() => fake.cut(stranger)).toThrow("this client is not of this fake");
  });
});

const textOnly = (value: unknown) =>
  typeof value === "string" ? { value } : { issues: [{ message: "must be a string" }] };

describe("FakePushIt, with jest.useFakeTimers()", () => {
  beforeAll(() => jest.useFakeTimers({ doNotFake: ["queueMicrotask"] }));
  afterAll(() => jest.useRealTimers());

  it("needs none of the runner's timers, and leaves none behind", async () => {
    fake = new FakePushIt({ latency: 10, channels: { "rooms/*": { history: true, presence: true } } });
    const { client, received } = watched(fake.client());
    void client.channel("rooms/5").subscribe();
    await fake.settled();
    await fake.publish("rooms/5", "Hello");
    fake.cut(client);
    await fake.advance(5_000);
    expect([client.state, received]).toEqual(["connected", ["Hello"]]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("says how to let microtasks run", async () => {
    fake = new FakePushIt();
    jest.useFakeTimers();
    expect(() => fake.client()).toThrow('jest.useFakeTimers({ doNotFake: ["queueMicrotask"] })');
    await expect(fake.settled()).rejects.toThrow("fake timers hold up microtasks");
    jest.useFakeTimers({ doNotFake: ["queueMicrotask"] });
  });

  it("follows the runner's clock if it is to", async () => {
    fake = new FakePushIt({ clock: "real" });
    const { client } = watched(fake.client({ retryBase: 1_000 }));
    await client.channel("rooms/5").subscribe();
    fake.cut(client);
    await fake.settled();
    expect(client.state).toBe("connecting");
    await jest.advanceTimersByTimeAsync(1_000);
    expect(client.state).toBe("connected");
    fake.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
