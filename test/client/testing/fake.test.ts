import { FakePushIt } from "push-it-client/testing";

let fake: FakePushIt;

afterEach(() => fake.close());

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
    await expect(fake.client().channel("a").subscribe()).rejects.toMatchObject({
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
});
