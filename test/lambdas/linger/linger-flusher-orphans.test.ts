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

describe("a message whose publisher died before it elected a flusher", () => {
  const orphan = (system: System): void => {
    const id = `${String(system.clock.now())}#000#x`;
    system.lingering.log.set(`${CHANNEL} ${id}`, { id, message: outgoing("orphan") });
  };

  test("is delivered with the next one, while that makes sense", async () => {
    const system = await systemOf();
    orphan(system);
    system.clock.advance(LATEST_DELIVERY_MS - 1_000);
    await post(system, "m1");
    await runAll(system);
    expect(received(system)).toEqual(["orphan", "m1"]);
    expectNothingLeft(system);
  });

  test("is dropped later: nobody was promised it, so nobody is closed for it", async () => {
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

  test("cannot be told from one that was promised where a lease is there: then who should have got it is closed", async () => {
    const system = await systemOf();
    await post(system, "m0");
    system.clock.advance(LATEST_DELIVERY_MS + 1);
    await post(system, "m1");
    await runAll(system);
    expect(system.connections.closed).toEqual(["c1"]);
    expectNothingLeft(system);
  });
});
