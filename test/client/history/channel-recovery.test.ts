import {
  ChannelRecovery,
  isPosition,
  positionOf,
  type PlacedMessage,
} from "../../../client/src/history/channel-recovery.js";
import { at, numbered, replayed } from "../support/recorded.js";

const make = (position?: { epoch: string; offset: number }) => {
  const delivered: unknown[] = [];
  const recovery = new ChannelRecovery("a", ({ data, epoch }) =>
    delivered.push(epoch === "e1" ? data : `${epoch} ${data as number}`),
  );
  recovery.position = position;
  const receive = (...offsets: number[]): void => {
    for (const offset of offsets) recovery.receive(numbered(offset));
  };
  const receiveForeign = (offset: number): void => recovery.receive(numbered(offset, "e2"));
  return { recovery, delivered, receive, receiveForeign };
};

describe("a position", () => {
  it.each<[unknown, boolean]>([
    [at(0), true],
    [{ ...numbered(7) }, true],
    [{ epoch: "", offset: 3 }, true],
    [{ epoch: "e1" }, false],
    [{ epoch: 5, offset: 3 }, false],
    [{ epoch: "e1", offset: "3" }, false],
    [{ epoch: "e1", offset: -1 }, false],
    [{ epoch: "e1", offset: 1.5 }, false],
    [{ epoch: "e1", offset: NaN }, false],
    [null, false],
    [undefined, false],
    ["text", false],
  ])("is recognised: %j is %s", (value, expected) => {
    expect(isPosition(value)).toBe(expected);
  });

  it("of a message contains only epoch and offset", () => {
    expect(positionOf(numbered(7))).toEqual({ epoch: "e1", offset: 7 });
  });
});

describe("messages with a known position", () => {
  it("are delivered in order, each once", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(11, 13, 12, 12, 10, 11);
    expect(delivered).toEqual([11, 12, 13]);
    expect([recovery.position, recovery.isIncomplete]).toEqual([at(13), false]);
  });

  it("wait for missing messages", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(12, 13);
    expect([delivered, recovery.isIncomplete]).toEqual([[], true]);
    receive(11);
    expect([delivered, recovery.isIncomplete]).toEqual([[11, 12, 13], false]);
  });

  it("continue after withheld messages", () => {
    const delivered: unknown[] = [];
    // The deduplicator would drop messages without a uuid. Here they are visible.
    const recovery = new ChannelRecovery("a", ({ uuid, data }) => uuid && delivered.push(data));
    recovery.position = at(10);
    recovery.receive({ channel: "a", epoch: "e1", offset: 11 } as PlacedMessage);
    recovery.receive(numbered(12));
    expect([delivered, recovery.position]).toEqual([[12], at(12)]);
  });

  it("are dropped and requested again if more than 500 wait", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(...Array.from({ length: 501 }, (_, index) => 12 + index));
    expect([delivered, recovery.hasGap]).toEqual([[], true]);
    recovery.hasGap = false;
    receive(11);
    expect([delivered, recovery.isIncomplete]).toEqual([[11], false]);
  });

  it("of another history wait for the server's epoch", () => {
    const { recovery, delivered, receiveForeign, receive } = make(at(10));
    receiveForeign(3);
    receive(11);
    expect([delivered, recovery.isIncomplete]).toEqual([[11], true]);
    recovery.apply({ position: at(4, "e2"), recovered: false }, false);
    expect([delivered, recovery.position]).toEqual([[11, "e2 3"], at(4, "e2")]);
  });
});

describe("a fresh subscription", () => {
  it.each([
    ["delivers only what waits behind its position", false, [8]],
    ["delivers what waits before it, if a wildcard promises that", true, [6, 7, 8]],
  ])("%s", (_name, isCovered, expected) => {
    const { recovery, delivered, receive } = make();
    recovery.isSubscribing = true;
    receive(8, 6, 7);
    expect(delivered).toEqual([]);
    recovery.apply({ position: at(7) }, isCovered);
    expect([delivered, recovery.position]).toEqual([expected, at(8)]);
  });

  it("begins with the messages of its reply", () => {
    const { recovery, delivered, receive } = make();
    receive(8);
    recovery.apply({ position: at(7), messages: replayed(6, 7) }, false);
    expect(delivered).toEqual([6, 7, 8]);
  });

  it("delivers late, older messages while a wildcard covers it", () => {
    const { recovery, delivered, receive } = make();
    recovery.apply({ position: at(7) }, true);
    receive(6, 9, 5, 8);
    expect([delivered, recovery.position]).toEqual([[6, 5, 8, 9], at(9)]);
  });

  it("does not deliver them if no wildcard covers it", () => {
    const { recovery, delivered, receive } = make();
    recovery.apply({ position: at(7) }, false);
    receive(6, 8);
    expect(delivered).toEqual([8]);
  });
});

describe("a replay from a position", () => {
  it("is delivered before waiting messages", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(14);
    recovery.apply({ position: at(13), messages: replayed(11, 12, 13), recovered: true }, false);
    expect([delivered, recovery.position, recovery.isIncomplete]).toEqual([[11, 12, 13, 14], at(14), false]);
  });

  it("skips messages that were delivered meanwhile", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(11, 12);
    recovery.apply({ position: at(13), messages: replayed(11, 12, 13), recovered: true }, false);
    expect(delivered).toEqual([11, 12, 13]);
  });

  it("never moves the position back", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(11, 12);
    recovery.apply({ position: at(11), messages: replayed(11), recovered: true }, false);
    expect([delivered, recovery.position]).toEqual([[11, 12], at(12)]);
  });

  it.each([{ more: true as const }, { pendingMs: 4_500 }])("leaves a gap with %j", (open) => {
    const { recovery } = make(at(10));
    recovery.apply({ position: at(12), messages: replayed(11, 12), recovered: true, ...open }, false);
    expect([recovery.position, recovery.isIncomplete]).toEqual([at(12), true]);
  });

  it("that does not start at the client's position leaves a gap", () => {
    const { recovery, delivered } = make(at(10));
    recovery.apply({ position: at(15) }, false);
    expect([delivered, recovery.position, recovery.hasGap]).toEqual([[], at(10), true]);
  });

  it("that is lost moves to the newest position", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(901);
    recovery.apply({ position: at(900), recovered: false }, false);
    expect([delivered, recovery.position, recovery.isIncomplete]).toEqual([[901], at(901), false]);
  });
});

describe("a lost message", () => {
  it("is skipped: the first waiting message is next", () => {
    const { recovery, delivered, receive } = make(at(10));
    receive(13, 14, 16);
    recovery.skipGap();
    expect([delivered, recovery.position]).toEqual([[13, 14], at(14)]);
  });

  it("changes nothing if no message waits", () => {
    const { recovery } = make(at(10));
    recovery.skipGap();
    expect(recovery.position).toEqual(at(10));
  });

  it("lets waiting messages be delivered as they arrived", () => {
    const { recovery, delivered, receive } = make();
    recovery.isSubscribing = true;
    receive(8, 6);
    recovery.flushBuffer();
    expect([delivered, recovery.isIncomplete]).toEqual([[8, 6], false]);
  });
});

describe("stopping", () => {
  it("ends waiting and requesting", () => {
    const { recovery } = make(at(10));
    const cancel = jest.fn();
    Object.assign(recovery, { cancelWait: cancel, isRequestPending: true, isSubscribing: true });
    recovery.stop();
    expect(cancel).toHaveBeenCalledTimes(1);
    expect([recovery.cancelWait, recovery.isRequestPending, recovery.isSubscribing]).toEqual([undefined, false, false]);
  });
});
