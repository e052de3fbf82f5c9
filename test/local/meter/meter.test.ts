import { difference } from "../../../local/meter/counts.js";
import { deliveriesIn } from "../../../local/meter/deliveries.js";
import { Meter } from "../../../local/meter/meter.js";
import { PRICES } from "../../../local/meter/prices.js";
import { amount, billTable, dollars, usdPerMillionDeliveries } from "../../../local/meter/table.js";

const PLACE = { functionId: "Fn", memoryMb: 512, accessKeyId: "ASIA1" };
const MESSAGE = { channel: "a", uuid: "1", data: "x" };

/** A meter, and its clock. */
const start = () => {
  const clock = { now: 1_000_000 };
  return { clock, meter: new Meter({ callerOf: (key) => (key === "ASIA1" ? "Fn" : undefined), now: () => clock.now }) };
};

describe("the meter", () => {
  test.each([
    [0, 1],
    [1, 1],
    [32_768, 1],
    [32_769, 2],
    [100_000, 4],
  ])("counts a message of %i bytes as %i", (bytes, messages) => {
    const { meter } = start();
    meter.received(bytes);
    meter.sent("x".repeat(bytes));
    expect(meter.snapshot()).toMatchObject({ messagesIn: messages, messagesOut: messages });
  });

  test("counts bytes, not characters", () => {
    const { meter } = start();
    meter.sent("€".repeat(11_000));
    expect(meter.snapshot().messagesOut).toBe(2);
  });

  test("counts the real time of open and closed connections", () => {
    const { meter, clock } = start();
    meter.opened(clock.now);
    clock.now += 30_000;
    meter.opened(clock.now);
    clock.now += 60_000;
    expect(meter.snapshot().connectionMinutes).toBeCloseTo(2.5);
    meter.closed(1_000_000);
    clock.now += 60_000;
    expect(meter.snapshot().connectionMinutes).toBeCloseTo(3.5);
  });

  test("bills the declared time of calls, plus a millisecond for computing", () => {
    const { meter } = start();
    const end = meter.run(PLACE);
    meter.call("ASIA1", "dynamoDb")();
    meter.call("ASIA1", "post")();
    expect(end({ spent: { callsMs: 15, declaredMs: 15, waitedMs: 0 } })).toBe(16);
    expect(meter.snapshot().functions["Fn"]).toEqual({
      invocations: 1,
      coldStarts: 0,
      billedMs: 16,
      gbSeconds: 0.008,
      posts: 1,
      dynamoDbCalls: 1,
      readUnits: 0,
      writeUnits: 0,
    });
  });

  test("bills other waiting, and calls outside of the main thread", () => {
    const { meter } = start();
    const end = meter.run(PLACE);
    meter.call("ASIA1", "dynamoDb")();
    meter.call("ASIA1", "post")();
    expect(end({ spent: { callsMs: 10, declaredMs: 10, waitedMs: 250.2 } })).toBe(267);
  });

  test("bills a timeout in full, and a cold start", () => {
    const { meter } = start();
    meter.coldStart(PLACE);
    expect(meter.run(PLACE)({ timedOutMs: 3000 })).toBe(3000);
    expect(meter.snapshot()).toMatchObject({ coldStarts: 1, invocations: 1, gbSeconds: 1.575 });
  });

  test("bills who does not measure all time without a call", () => {
    const { meter } = start();
    const end = meter.run(PLACE);
    meter.call("ASIA1", "post")();
    expect(end({})).toBeGreaterThanOrEqual(11);
  });

  test("counts calls with unknown credentials without billing a run", () => {
    const { meter } = start();
    meter.call("ASIA2", "dynamoDb")();
    meter.units("ASIA2", { read: 1, write: 0 });
    expect(meter.snapshot()).toMatchObject({ readUnits: 1, invocations: 0 });
  });

  test("says when nothing runs any more", async () => {
    const { meter } = start();
    await meter.settled();
    const end = meter.run(PLACE);
    let settled = false;
    const waiting = meter.settled().then(() => (settled = true));
    await Promise.resolve();
    expect(settled).toBe(false);
    end({});
    await waiting;
  });

  test("returns the usage between two snapshots", () => {
    const { meter, clock } = start();
    meter.received(1);
    meter.run(PLACE)({});
    const before = meter.snapshot();
    clock.now += 5;
    meter.received(1);
    meter.units("ASIA1", { read: 0.5, write: 2 });
    meter.units("ASIA2", { read: 1, write: 0 });
    const used = difference(meter.snapshot(), before);
    expect(used).toMatchObject({ at: 5, messagesIn: 1, readUnits: 1.5, writeUnits: 2, invocations: 0 });
    expect(used.functions).toMatchObject({ Fn: { readUnits: 0.5, invocations: 0 }, unknown: { readUnits: 1 } });
  });

  test("prices each kind by the table", () => {
    const { meter } = start();
    for (let each = 0; each < 3; each += 1) meter.sent(JSON.stringify(MESSAGE));
    meter.received(1);
    meter.units("ASIA1", { read: 2, write: 4 });
    meter.queueRequest(1, 65_536, 65_537);
    meter.busEvents([10]);
    const snapshot = meter.snapshot();
    const bill = meter.usd(snapshot);
    expect(bill.messages).toBeCloseTo((4 * PRICES.apiGateway.messages) / 1e6, 12);
    expect(bill.readUnits).toBeCloseTo(0.25e-6, 12);
    expect(bill.writeUnits).toBeCloseTo(2.5e-6, 12);
    expect(bill.queueRequests).toBeCloseTo(1.6e-6, 12);
    expect(bill.busEvents).toBeCloseTo(1e-6, 12);
    expect(bill.total).toBeCloseTo(4e-6 + 0.25e-6 + 2.5e-6 + 1.6e-6 + 1e-6, 12);
    expect(usdPerMillionDeliveries(snapshot, bill)).toBeCloseTo(bill.total / 3e-6, 9);
  });
});

describe("deliveries in a frame:", () => {
  test.each([
    ["one", MESSAGE, 1],
    ["none in an answer", { channel: "/meta/ping", uuid: "1", successful: true }, 0],
    ["none in an error of the gateway's", { message: "Forbidden", connectionId: "x", requestId: "y" }, 0],
    ["several in a batch", { messages: [MESSAGE, MESSAGE] }, 2],
    [
      "several in a list, beside an answer",
      [{ channel: "/meta/successful", uuid: "1", successful: true }, MESSAGE, MESSAGE],
      2,
    ],
    ["none in what is no object", 7, 0],
  ])("%s", (_, frame, count) => {
    expect(deliveriesIn(JSON.stringify(frame))).toBe(count);
  });

  test("none in text that is not JSON", () => {
    expect(deliveriesIn("")).toBe(0);
  });
});

describe("the bill", () => {
  test("says what was used, and leaves out what was not", () => {
    const { meter } = start();
    meter.received(1);
    meter.sent(JSON.stringify(MESSAGE));
    expect(billTable(meter.snapshot())).toBe(
      [
        "  What AWS would bill       used          USD",
        "  API Gateway messages in      1  $0.00000100",
        "  API Gateway messages out     1  $0.00000100",
        "  together                        $0.00000200",
        "  per million deliveries       1        $2.00",
        "",
      ].join("\n"),
    );
  });

  test("has numbers that people can read", () => {
    expect([0, 1234567, 0.1234, 5.5, 250.25].map(amount)).toEqual(["0", "1,234,567", "0.123", "5.5", "250"]);
    expect([0, 1.5, 0.0123, 0.00000123].map(dollars)).toEqual(["$0", "$1.50", "$0.0123", "$0.00000123"]);
  });
});
