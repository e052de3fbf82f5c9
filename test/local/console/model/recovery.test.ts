import { Recovery } from "../../../../local/console/model/recovery.js";

/** A loss of a channel with history, of a plain one, and the connection that follows. */
const begun = (): Recovery => {
  const recovery = new Recovery();
  recovery.lost(1_000, [{ channel: "rooms/5", position: { epoch: "e", offset: 4 } }, { channel: "stories/5" }]);
  recovery.back(3_000);
  return recovery;
};

const statuses = (recovery: Recovery): Record<string, string> =>
  Object.fromEntries(recovery.report?.channels.map(({ channel, status }) => [channel, status]) ?? []);

describe("Recovery", () => {
  it("says nothing as long as nothing was lost", () => {
    const recovery = new Recovery();
    recovery.back(1);
    expect(recovery.subscribed({ channel: "rooms/5" })).toBe(false);
    expect(recovery.message("rooms/5", 1)).toBe(false);
    expect(recovery.report).toBeUndefined();
  });

  it("ends with the newest message, in either order of arrival", () => {
    for (const newestFirst of [true, false]) {
      const recovery = begun();
      expect(recovery.subscribed({ channel: "rooms/5", recovered: true })).toBe(true);
      if (newestFirst) recovery.newest("rooms/5", 6);
      expect(recovery.message("rooms/5", 5)).toBe(true);
      expect(statuses(recovery)).toMatchObject({ "rooms/5": "recovering" });
      expect(recovery.message("rooms/5", 6)).toBe(true);
      if (!newestFirst) recovery.newest("rooms/5", 6);
      expect(recovery.message("rooms/5", 7)).toBe(false);
      expect(recovery.report).toMatchObject({ lostAt: 1_000, backAt: 3_000 });
      expect(recovery.report?.channels[0]).toEqual({
        channel: "rooms/5",
        status: "recovered",
        count: 2,
        first: 5,
        last: 6,
      });
    }
  });

  it("waits for nothing without missed messages or a known newest position", () => {
    for (const newest of [4, undefined]) {
      const recovery = begun();
      recovery.subscribed({ channel: "rooms/5", recovered: true });
      recovery.newest("rooms/5", newest);
      expect(statuses(recovery)).toMatchObject({ "rooms/5": "recovered" });
    }
  });

  it("distinguishes channels without history from expired messages", () => {
    const recovery = begun();
    expect(recovery.subscribed({ channel: "stories/5" })).toBe(false);
    expect(recovery.subscribed({ channel: "rooms/5", recovered: false, code: "position_expired" })).toBe(false);
    expect(recovery.message("rooms/5", 9)).toBe(false);
    expect(statuses(recovery)).toEqual({ "rooms/5": "incomplete", "stories/5": "missed" });
    expect(recovery.report?.channels[0]?.code).toBe("position_expired");
  });

  it("keeps counting when the connection is lost again during recovery", () => {
    const recovery = begun();
    recovery.subscribed({ channel: "rooms/5", recovered: true });
    recovery.message("rooms/5", 5);
    recovery.lost(4_000, [{ channel: "rooms/5", position: { epoch: "e", offset: 5 } }]);
    expect(recovery.report).toMatchObject({ lostAt: 1_000, backAt: undefined });
    recovery.back(5_000);
    recovery.subscribed({ channel: "rooms/5", recovered: true });
    recovery.message("rooms/5", 6);
    expect(recovery.report?.channels[0]).toMatchObject({ count: 2, first: 5, last: 6 });
  });

  it("restarts with the next loss, and forgets channels no longer wanted", () => {
    const recovery = begun();
    recovery.left("stories/5");
    recovery.subscribed({ channel: "rooms/5", recovered: true });
    recovery.newest("rooms/5", 4);
    recovery.lost(9_000, []);
    expect(recovery.report).toEqual({ lostAt: 9_000, backAt: undefined, channels: [] });
    recovery.end();
    expect(recovery.report).toBeUndefined();
  });
});
