import { MemberTracker } from "../../../../local/console/model/presence.js";

const came = (agent: string, at = 1) => ({ came: true, member: { agent }, at });
const left = (agent: string, at = 1) => ({ came: false, member: { agent }, at });

describe("Attendance", () => {
  const agents = (attendance: MemberTracker): string[] | undefined =>
    attendance.of("rooms/5")?.members.map(({ agent }) => agent);

  it("knows nothing of channels that nobody asked about", () => {
    const attendance = new MemberTracker();
    attendance.changed("rooms/5", came("a"));
    attendance.answered("rooms/5", [{ agent: "a" }]);
    expect(attendance.of("rooms/5")).toBeUndefined();
  });

  it("has who was there, with who came and without who left since", () => {
    const attendance = new MemberTracker();
    attendance.asked("rooms/5");
    attendance.answered("rooms/5", [{ agent: "a" }, { agent: "b", userId: "ann" }]);
    attendance.changed("rooms/5", came("c"));
    attendance.changed("rooms/5", left("a", 7));
    expect(attendance.of("rooms/5")).toEqual({
      members: [{ agent: "b", userId: "ann" }, { agent: "c" }],
      last: left("a", 7),
    });
  });

  it("believes what was told while it asked more than the answer", () => {
    const attendance = new MemberTracker();
    attendance.asked("rooms/5");
    attendance.changed("rooms/5", came("late"));
    attendance.changed("rooms/5", left("gone"));
    attendance.answered("rooms/5", [{ agent: "a" }, { agent: "gone" }]);
    expect(agents(attendance)).toEqual(["a", "late"]);
  });

  it("drops with the next answer who left unheard, and keeps who is there while it asks", () => {
    const attendance = new MemberTracker();
    attendance.asked("rooms/5");
    attendance.answered("rooms/5", [{ agent: "a" }, { agent: "b" }]);
    attendance.asked("rooms/5");
    expect(agents(attendance)).toEqual(["a", "b"]);
    attendance.answered("rooms/5", [{ agent: "a" }]);
    expect(agents(attendance)).toEqual(["a"]);
    attendance.left("rooms/5");
    expect(agents(attendance)).toBeUndefined();
  });
});
