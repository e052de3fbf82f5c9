import { MemberTracker } from "../../../../local/console/model/presence.js";

const came = (agent: string, at = 1) => ({ came: true, member: { agent }, at });
const left = (agent: string, at = 1) => ({ came: false, member: { agent }, at });

describe("MemberTracker", () => {
  const agents = (tracker: MemberTracker): string[] | undefined =>
    tracker.of("rooms/5")?.members.map(({ agent }) => agent);

  it("knows nothing of channels without a request", () => {
    const tracker = new MemberTracker();
    tracker.changed("rooms/5", came("a"));
    tracker.answered("rooms/5", [{ agent: "a" }]);
    expect(tracker.of("rooms/5")).toBeUndefined();
  });

  it("applies joins and leaves to the members of the response", () => {
    const tracker = new MemberTracker();
    tracker.asked("rooms/5");
    tracker.answered("rooms/5", [{ agent: "a" }, { agent: "b", userId: "ann" }]);
    tracker.changed("rooms/5", came("c"));
    tracker.changed("rooms/5", left("a", 7));
    expect(tracker.of("rooms/5")).toEqual({
      members: [{ agent: "b", userId: "ann" }, { agent: "c" }],
      last: left("a", 7),
    });
  });

  it("trusts joins and leaves during a request more than its response", () => {
    const tracker = new MemberTracker();
    tracker.asked("rooms/5");
    tracker.changed("rooms/5", came("late"));
    tracker.changed("rooms/5", left("gone"));
    tracker.answered("rooms/5", [{ agent: "a" }, { agent: "gone" }]);
    expect(agents(tracker)).toEqual(["a", "late"]);
  });

  it("removes missed leaves with the next response, and keeps members until then", () => {
    const tracker = new MemberTracker();
    tracker.asked("rooms/5");
    tracker.answered("rooms/5", [{ agent: "a" }, { agent: "b" }]);
    tracker.asked("rooms/5");
    expect(agents(tracker)).toEqual(["a", "b"]);
    tracker.answered("rooms/5", [{ agent: "a" }]);
    expect(agents(tracker)).toEqual(["a"]);
    tracker.left("rooms/5");
    expect(agents(tracker)).toBeUndefined();
  });
});
