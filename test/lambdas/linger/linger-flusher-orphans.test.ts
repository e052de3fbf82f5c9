import { LATEST_DELIVERY_MS } from "../../../lambdas/linger/linger-flusher.js";
import {
  CHANNEL,
  expectNothingLeft,
  outgoing,
  post,
  received,
  runAll,
  type System,
  systemOf,
} from "./linger-flusher-system.js";

describe("a message whose publisher died before it started a flusher", () => {
  const orphan = (system: System): void => {
    const id = `${String(system.clock.now())}#000#x`;
    system.lingering.log.set(`${CHANNEL} ${id}`, { id, message: outgoing("orphan") });
  };

  test("is delivered with the next message, if it is still recent", async () => {
    const system = await systemOf();
    orphan(system);
    system.clock.advance(LATEST_DELIVERY_MS - 1_000);
    await post(system, "m1");
    await runAll(system);
    expect(received(system)).toEqual(["orphan", "m1"]);
    expectNothingLeft(system);
  });

  // Its publisher never got a success.
  test("is dropped later, without closing connections", async () => {
    const system = await systemOf();
    orphan(system);
    system.clock.advance(LATEST_DELIVERY_MS + 1);
    await post(system, "m1");
    await runAll(system);
    expect(received(system)).toEqual(["m1"]);
    expect(system.connections.closed).toEqual([]);
    expect(system.log.of("not_promised")).toEqual([{ channel: CHANNEL, messages: 1, uuids: ["orphan"] }]);
    expectNothingLeft(system);
  });

  // A lease means that the flusher cannot distinguish the message from a successful one.
  test("closes its subscribers if a lease shows that it may have succeeded", async () => {
    const system = await systemOf();
    await post(system, "m0");
    system.clock.advance(LATEST_DELIVERY_MS + 1);
    await post(system, "m1");
    await runAll(system);
    expect(system.connections.closed).toEqual(["c1"]);
    expectNothingLeft(system);
  });
});
