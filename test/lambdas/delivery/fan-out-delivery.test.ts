import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { fanOut } from "../../../lambdas/delivery/fan-out.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import { agentOf, messageOf } from "../support/fakes.js";
import { addSubscribers, fanOutSystem } from "./fan-out-system.js";

const guarded = (delivery: GuardPort["delivery"]): Partial<GuardPort> => ({
  guardsDelivery: (channel) => Promise.resolve(channel.startsWith("a")),
  delivery,
});

const hello = [{ message: messageOf("a") }];

describe("onMessageReceived", () => {
  test("runs for each recipient's agent and may change the message", async () => {
    const system = fanOutSystem({
      guards: guarded(async (agent, message) => ({
        ...message,
        data: `${String(message.data)}, ${String(agent.credentials)}`,
      })),
    });
    await system.store.with(agentOf("c1", { credentials: "Ada" }), "a");
    await system.store.with(agentOf("c2", { credentials: "Bob" }), "a");
    await fanOut(system, hello);
    expect(system.connections.received("c1")).toEqual([messageOf("a", "hello, Ada")]);
    expect(system.connections.received("c2")).toEqual([messageOf("a", "hello, Bob")]);
  });

  test("drops a message for one recipient, and one log line counts", async () => {
    const system = fanOutSystem({
      guards: guarded(async (agent, message) => (agent.connectionId === "c1" ? undefined : message)),
    });
    await addSubscribers(system, 3, "a");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 2, gone: 0, failed: 0 });
    expect(system.connections.to("c1")).toEqual([]);
    expect(system.log.entries).toEqual([
      { level: "info", event: "deliveries_withheld", fields: { channel: "a", uuid: "m1", recipients: 1 } },
    ]);
  });

  test("reads agents in one batch, for guarded channels only", async () => {
    const system = fanOutSystem({ guards: guarded(async (_agent, message) => message) });
    await system.store.with(agentOf("c1"), "a", "b");
    await system.store.with(agentOf("c2"), "b");
    await fanOut(system, [{ message: messageOf("b") }]);
    expect(system.store.calls).toEqual(["subscribers b"]);
    await fanOut(system, [{ message: messageOf("b") }, ...hello]);
    expect(system.store.calls.slice(1)).toEqual(["subscribers b", "subscribers a", "agents c1"]);
  });

  test("is not called for an agent that has left", async () => {
    const asked: string[] = [];
    const system = fanOutSystem({
      guards: guarded(async (agent, message) => {
        asked.push(agent.connectionId);
        return message;
      }),
    });
    await addSubscribers(system, 2, "a");
    await system.store.takeConnection("c0");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(asked).toEqual(["c1"]);
  });

  test("leaves messages of other channels unchanged, in the frame's order", async () => {
    const system = fanOutSystem({
      guards: guarded(async (_agent, message) => {
        await system.clock.sleep(message.uuid === "m1" ? 500 : 1);
        return message.uuid === "m3" ? undefined : { ...message, data: "seen" };
      }),
    });
    await system.store.with(agentOf("c1"), "a", "b");
    const messages = [
      messageOf("a", 1, "m1"),
      messageOf("b", 2, "m2"),
      messageOf("a", 3, "m3"),
      messageOf("a", 4, "m4"),
    ];
    await fanOut(
      system,
      messages.map((message) => ({ message })),
    );
    expect(system.connections.received("c1")).toEqual([
      messageOf("a", "seen", "m1"),
      messageOf("b", 2, "m2"),
      messageOf("a", "seen", "m4"),
    ]);
  });

  test("drops a changed message that is too large, and logs it", async () => {
    const system = fanOutSystem({
      guards: guarded(async (agent, message) =>
        agent.connectionId === "c1" ? { ...message, data: "x".repeat(MAX_FRAME_BYTES) } : message,
      ),
    });
    await addSubscribers(system, 3, "a");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 2, gone: 0, failed: 0 });
    expect(system.log.of("delivery_too_large")).toMatchObject([{ agent: "uuid-of-c1", channel: "a" }]);
  });
});

describe("a recipient whose guard could not run in time", () => {
  // The first one's guard runs again in a worker. The second one gets no message and stays connected.
  test("is enqueued; a recipient without a verdict is not", async () => {
    const system = fanOutSystem({
      guards: guarded(async (agent, message) =>
        agent.connectionId === "c0" ? "late" : agent.connectionId === "c1" ? undefined : message,
      ),
    });
    await addSubscribers(system, 3, "a");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 0, failed: 0, enqueued: 1 });
    expect(system.connections.closed).toEqual([]);
    expect(system.segments.ids).toEqual(["c0"]);
    expect(system.connections.to("c0")).toEqual([]);
  });
});

describe("many recipients' guards", () => {
  // Once begun, each guard uses up its own time alone.
  test("that hang cost other recipients no messages", async () => {
    const system = fanOutSystem({
      budgetMs: 10_000,
      guards: guarded(async (agent, message, _withinMs, begun) => {
        begun?.();
        if (agent.connectionId !== "c399") await system.clock.sleep(1_000);
        return agent.connectionId === "c399" ? message : undefined;
      }),
    });
    await addSubscribers(system, 400, "a");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 1, gone: 0, failed: 0 });
    expect(system.connections.received("c399")).toHaveLength(1);
  });

  test("that take long do not delay other recipients", async () => {
    const order: string[] = [];
    const system = fanOutSystem({
      guards: guarded(async (agent, message, _withinMs, begun) => {
        begun?.();
        if (agent.connectionId === "c0") await system.clock.sleep(900);
        order.push(`guard ${agent.connectionId}`);
        return message;
      }),
    });
    await addSubscribers(system, 2, "a");
    system.connections.scripts.set("c1", () => Promise.resolve(order.push("post c1")).then(() => "sent" as const));
    await fanOut(system, hello);
    expect(order).toEqual(["guard c1", "post c1", "guard c0"]);
  });

  // So no guard runs out of time while it waits for others.
  test("run at most 32 at a time", async () => {
    let running = 0;
    let most = 0;
    const system = fanOutSystem({
      guards: guarded(async (_agent, message) => {
        most = Math.max(most, (running += 1));
        await system.clock.sleep(1);
        running -= 1;
        return message;
      }),
    });
    await addSubscribers(system, 300, "a");
    expect(await fanOut(system, hello)).toMatchObject({ sent: 300, gone: 0, failed: 0 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(32);
  });

  // The rest is for posting the messages.
  test("get only a part of the fan-out's time", async () => {
    const system = fanOutSystem({
      budgetMs: 10_000,
      guards: guarded(async (_agent, message) => {
        await system.clock.sleep(1_000);
        return message;
      }),
    });
    await addSubscribers(system, 400, "a");
    const begun = system.clock.now();
    const delivered = await fanOut(system, hello);
    expect(system.clock.now() - begun).toBeLessThanOrEqual(6_000);
    expect(delivered).toMatchObject({ sent: 160, gone: 0, failed: 0, enqueued: 1 });
    expect(system.segments.ids).toHaveLength(240);
  });
});
