import { FAULT_KINDS, type FaultKind, Schedule, planFaults } from "../../../tools/chaos/schedule.js";

/** Plays a run in which every kind has an opportunity for each function after each publication. */
const play = (seed: number, messages: number, opportunities = 8): { schedule: Schedule; when: string[] } => {
  const schedule = new Schedule(seed, messages);
  const when: string[] = [];
  for (let at = 0; at < messages; at += 1) {
    schedule.advance();
    for (const kind of FAULT_KINDS)
      for (let each = 0; each < opportunities; each += 1)
        for (const whom of ["publish", "subscribe"]) if (schedule.isDue(kind, whom)) when.push(`${kind} ${at} ${whom}`);
  }
  return { schedule, when };
};

describe("the schedule", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(planFaults(7, 5_000)).toEqual(planFaults(7, 5_000));
    expect(planFaults(8, 5_000)).not.toEqual(planFaults(7, 5_000));
  });

  it("is due at the same opportunities for the same seed", () => {
    expect(play(7, 500).when).toEqual(play(7, 500).when);
  });

  it("injects each fault 20 times in 5,000 messages and once in 200", () => {
    const { struck } = play(1, 5_000).schedule;
    expect(FAULT_KINDS.filter((kind) => struck[kind] < 20)).toEqual([]);
    const { struck: few } = play(1, 200).schedule;
    expect(FAULT_KINDS.filter((kind) => few[kind] < 1)).toEqual([]);
  });

  it("keeps what one kind meets from what another does", () => {
    const first = planFaults(1, 5_000);
    const same = (["lost", "duplicated"] as FaultKind[]).map((kind) => first[kind].map(({ at }) => at));
    expect(same[0]).not.toEqual(same[1]);
  });

  it("waits for the fault's function, and after a while takes any function", () => {
    const schedule = new Schedule(1, 5_000);
    const [first] = planFaults(1, 5_000).killedBefore;
    for (let at = 0; at <= first!.at; at += 1) schedule.advance();
    const tries = (whom: string): boolean =>
      Array.from({ length: 20 }, () => schedule.isDue("killedBefore", whom)).includes(true);
    expect(tries("nobody")).toBe(false);
    for (let at = 0; at < 400; at += 1) schedule.advance();
    expect(tries("nobody")).toBe(true);
  });

  it("has no fault due before it begins or after it ends", () => {
    const schedule = new Schedule(1, 5_000);
    expect(FAULT_KINDS.filter((kind) => schedule.isDue(kind))).toEqual([]);
    for (let at = 0; at < 5_000; at += 1) schedule.advance();
    schedule.end();
    expect(FAULT_KINDS.filter((kind) => schedule.isDue(kind))).toEqual([]);
  });
});
