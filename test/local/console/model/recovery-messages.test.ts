import type { ChannelRecovery } from "../../../../local/console/model/recovery.js";
import { recoveryWords } from "../../../../local/console/model/recovery-messages.js";

const words = (...channels: Partial<ChannelRecovery>[]) =>
  recoveryWords({
    lostAt: 0,
    backAt: 2_300,
    channels: channels.map((each) => ({ channel: "rooms/5", status: "recovered", count: 0, ...each })),
  });

describe("recoveryWords", () => {
  it("says that the connection is lost, as long as it is", () => {
    expect(recoveryWords({ lostAt: 0, channels: [] })).toEqual({
      tone: "warn",
      title: "The connection is lost.",
      lines: [],
    });
  });

  it("says how many messages came back, and which", () => {
    expect(words({ count: 3, first: 2, last: 4 })).toEqual({
      tone: "good",
      title: "Reconnected after 2.3 s: 3 missed messages recovered.",
      lines: [{ channel: "rooms/5", text: "#2 to #4" }],
    });
    expect(words({ count: 1, first: 2, last: 2 })).toMatchObject({
      title: "Reconnected after 2.3 s: 1 missed message recovered.",
      lines: [{ text: "#2" }],
    });
  });

  it.each<[string, string, Partial<ChannelRecovery>[]]>([
    ["Reconnected after 2.3 s.", "good", []],
    ["Reconnected after 2.3 s: nothing was missed.", "good", [{}]],
    ["Reconnected after 2.3 s, subscribing again …", "good", [{ status: "away" }]],
    [
      "Reconnected after 2.3 s: 2 missed messages recovered so far …",
      "good",
      [{ status: "recovering", count: 2, first: 1, last: 2 }],
    ],
    ["Reconnected after 2.3 s.", "warn", [{ status: "missed" }]],
    ["Reconnected after 2.3 s: nothing was missed.", "good", [{}, { channel: "stories/5", status: "missed" }]],
    ["Reconnected after 2.3 s.", "warn", [{ status: "incomplete", code: "epoch_changed" }]],
  ])("says %j, in a %s tone", (title, tone, channels) => {
    expect(words(...channels)).toMatchObject({ title, tone });
  });

  it("says why a channel recovers nothing", () => {
    const { lines } = words(
      { channel: "stories/5", status: "missed" },
      { channel: "stories/*", status: "missed" },
      { status: "incomplete", code: "epoch_changed" },
      { status: "incomplete" },
    );
    expect(lines.map(({ text }) => text)).toEqual([
      "keeps no history: what came meanwhile is missed",
      "recovers nothing: it is a wildcard",
      "not everything can be had any more (epoch_changed)",
      "not everything can be had any more (unknown)",
    ]);
  });
});
