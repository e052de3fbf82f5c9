import { agentOf } from "../support/fakes.js";
import { GRACE, MINUTE, setUp } from "./presence-notifier-system.js";

describe("an entry without a liveness row", () => {
  /** Two members; a function wrote the entry of `c2` while another function removed its agent. */
  const leftBehind = async () => {
    const system = await setUp();
    await system.join("c1");
    await system.join("c2");
    await system.minute();
    await system.liveness.end("c2");
    return system;
  };

  it("ends with the schedule's next run, and subscribers get the leave", async () => {
    const { clock, minute, presentMembers, members } = await leftBehind();
    expect(presentMembers().sort()).toEqual(["uuid-of-c1", "uuid-of-c2"]);
    clock.advance(MINUTE);
    await minute();
    clock.advance(GRACE);
    await minute();
    expect(presentMembers().sort()).toEqual(["uuid-of-c1"]);
    expect(members.rows.size).toBe(1);
  });

  it("stays while it is new", async () => {
    const { clock, minute, presentMembers } = await leftBehind();
    clock.advance(5_000);
    await minute();
    clock.advance(GRACE - 1);
    await minute();
    expect(presentMembers().sort()).toEqual(["uuid-of-c1", "uuid-of-c2"]);
  });

  it("stays if its agent joins again meanwhile", async () => {
    const { clock, minute, presentMembers, members, recorder } = await leftBehind();
    clock.advance(MINUTE);
    const again = agentOf("c2", { userId: "c2", info: { name: "new" } });
    members.before = (step) => {
      if (step !== "leave") return undefined;
      members.before = () => undefined;
      return recorder.join(again, ["rooms/1"]);
    };
    await minute();
    clock.advance(GRACE);
    await minute();
    expect(presentMembers().sort()).toEqual(["uuid-of-c1", "uuid-of-c2"]);
  });
});
