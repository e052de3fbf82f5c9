import { LATEST_DELIVERY_MS } from "../../../lambdas/linger/linger-flusher.js";
import { leaseMs } from "../../../lambdas/linger/linger.js";
import { NOW } from "../support/fakes.js";
import { publishUnanswered as publish } from "../delivery/fan-out-system.js";
import {
  agent,
  CHANNEL,
  expectNothingLeft,
  outgoing,
  post,
  received,
  run,
  runAll,
  systemOf,
} from "./linger-flusher-system.js";

describe("a flusher", () => {
  // It waits until the window of the first message is over, and keeps the order.
  test("delivers the messages of a window as one frame, then ends", async () => {
    const system = await systemOf();
    await post(system, "m1", "m2");
    system.clock.advance(100);
    await post(system, "m3");
    await runAll(system);
    expect(received(system)).toEqual(["m1", "m2", "m3"]);
    expect(system.connections.posts).toMatchObject([{ at: NOW + 250 }]);
    expectNothingLeft(system);
  });

  test("continues, window after window, while messages arrive", async () => {
    const system = await systemOf();
    await post(system, "m1");
    let windows = 0;
    system.lingering.before = async (step) => {
      if (step === "remove" && (windows += 1) < 4) await post(system, `m${windows + 1}`);
    };
    await runAll(system);
    expect(received(system)).toEqual(["m1", "m2", "m3", "m4"]);
    expect(system.connections.posts.map(({ at }) => at - NOW)).toEqual([250, 500, 750, 1_000]);
    expectNothingLeft(system);
  });

  test("ends at once after a window with a single message", async () => {
    const system = await systemOf();
    await post(system, "m1");
    system.store.calls.length = 0;
    await runAll(system);
    expect(system.store.calls).toEqual([
      "acquireLease",
      "waiting",
      `subscribers ${CHANNEL}`,
      "remove",
      "releaseLease",
      "waiting",
      "deleteLease",
    ]);
    expect(system.clock.now()).toBe(NOW + 250);
    expectNothingLeft(system);
  });

  // It stays, too, if a message arrived later.
  test("stays for another window after a window with several messages", async () => {
    const system = await systemOf();
    await post(system, "m1");
    await post(system, "m2");
    system.lingering.before = async (step) => {
      if (step === "remove" && received(system).length === 2) await post(system, "m3");
    };
    await runAll(system);
    // The third message was alone in its window, but this was not the flusher's first window.
    expect(system.connections.posts.map(({ at }) => at - NOW)).toEqual([250, 500]);
    expect(system.clock.now()).toBe(NOW + 750);
    expectNothingLeft(system);
  });

  test("excludes the publisher if it asked for no echo", async () => {
    const system = await systemOf();
    await publish(system, agent, [{ ...outgoing("m1"), echo: false }, outgoing("m2")]);
    await runAll(system);
    expect(received(system)).toEqual(["m2"]);
  });

  test("keeps the last message of each window and numbers all messages", async () => {
    const system = await systemOf({ latest: true });
    await post(system, "m1", "m2", "m3");
    expect(system.latest.kept.size).toBe(0);
    await runAll(system);
    expect(system.connections.received("c1")).toMatchObject([
      { offset: NOW + 1 },
      { offset: NOW + 2 },
      { offset: NOW + 3 },
    ]);
    expect(system.latest.kept.get(CHANNEL)).toMatchObject({ uuid: "m3", offset: NOW + 3 });
    expect(system.store.calls.filter((call) => call.startsWith("keep"))).toHaveLength(1);
  });

  test("ends before its time is over, and the next publication starts another", async () => {
    const system = await systemOf();
    await post(system, "m1");
    system.lingering.before = async (step) => {
      if (step === "releaseLease") await post(system, "m2");
    };
    await run(system, system.tasks.shift()!, () => 2 * leaseMs(system.settings, CHANNEL));
    system.lingering.before = () => undefined;
    expect(received(system)).toEqual(["m1", "m2"]);
    expectNothingLeft(system);
    await post(system, "m3");
    expect(system.tasks).toHaveLength(1);
  });

  // Lambda may run the same task twice.
  test("ends at once if another flusher holds the lease", async () => {
    const system = await systemOf();
    await post(system, "m1");
    const [task] = system.tasks;
    await Promise.all([run(system, task!), run(system, task!)]);
    expect(received(system)).toEqual(["m1"]);
    expectNothingLeft(system);
  });

  test("logs messages that are too old, and closes their subscribers", async () => {
    const system = await systemOf();
    await post(system, "m1", "m2");
    system.clock.advance(LATEST_DELIVERY_MS - 1_000);
    await post(system, "m3");
    system.clock.advance(1_001);
    await runAll(system);
    expect(system.log.of("not_delivered")).toContainEqual({ channel: CHANNEL, messages: 2, uuids: ["m1", "m2"] });
    expect(received(system)).toEqual(["m3"]);
    expect(system.connections.closed).toEqual(["c1"]);
    expectNothingLeft(system);
  });
});
