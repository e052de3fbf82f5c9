import type { ChaosClient } from "../../../tools/chaos/client.js";
import { type MemberState, STATE_CHANNEL } from "../../../tools/chaos/policy.js";
import { neverRight, stateErrors, type WrongState } from "../../../tools/chaos/state-phase.js";
import type { Item } from "../../../tools/chaos/table.js";
import { INSIDER, OUTSIDER, Scene } from "./scene.js";

const STATE: MemberState = { by: INSIDER.name, n: 1 };
const OTHER: MemberState = { by: INSIDER.name, n: 2 };

const row = (state?: MemberState, setAt = 1, more: Item = {}): Item => ({
  c: { S: "connection of s1" },
  n: { S: INSIDER.user },
  sa: { N: String(setAt) },
  ...(state && { S: { S: JSON.stringify(state) } }),
  ...more,
});

describe("the check of states at rest", () => {
  /** `INSIDER` has set a state, and `OUTSIDER` has an opinion about it. */
  const errors = async ({ rows = [row(STATE)], reads = STATE, shows = STATE } = {}): Promise<string[]> => {
    const scene = new Scene();
    const [actor, viewer] = [scene.actor().subscribes(STATE_CHANNEL), scene.actor(OUTSIDER)];
    const call = scene.journal.call();
    actor.note({ is: "setState", name: STATE_CHANNEL, call, state: STATE }).fulfilled(call);
    viewer.note({ is: "member", channel: STATE_CHANNEL, event: "change", user: INSIDER.user, state: shows });
    const isDesired = (): boolean => true;
    const readMembers = async () => [{ user: INSIDER.user, state: reads }];
    const clients = [
      { who: OUTSIDER, page: viewer.page, isDesired, readMembers },
      { who: INSIDER, page: actor.page, isDesired: () => true, readMembers },
    ] as unknown as ChaosClient[];
    const found = await stateErrors({ journal: scene.journal, clients, rows: async () => rows, shown: [INSIDER.user] });
    return found.map(({ key }) => key).filter((key) => key !== `s1 was shown ${INSIDER.user}`);
  };

  it("finds nothing if all are the same", async () => {
    expect(await errors()).toEqual([]);
  });

  it("finds a stored state that the client did not set last", async () => {
    expect(await errors({ rows: [row(OTHER)], reads: OTHER, shows: OTHER })).toContain("s1 has ");
    expect(await errors({ rows: [row(STATE, 1, { g: { N: "2" } })] })).toContain("s1 has ");
  });

  it("takes the state of the connection that set it last", async () => {
    expect(await errors({ rows: [row(OTHER), row(STATE, 2)] })).toEqual([]);
    expect(await errors({ rows: [row(STATE), row(undefined, 2)] })).toContain("s1 has ");
  });

  it("finds a state that a client reads otherwise", async () => {
    expect(await errors({ reads: OTHER })).toEqual(["s2 reads u1", "s1 reads u1"]);
  });

  it("finds a state that the events did not show", async () => {
    expect(await errors({ shows: OTHER })).toEqual(["u1 was shown ", "s2 was shown u1"]);
  });
});

describe("the wait for views that are right", () => {
  const wrong = (key: string): WrongState => ({ key, what: key, who: "s1", channel: STATE_CHANNEL });

  it("ends when each has been right once", async () => {
    const polls = [[wrong("a"), wrong("b")], [wrong("b"), wrong("c")], [wrong("a")]];
    expect(await neverRight(async () => polls.shift()!, 60_000)).toEqual([]);
    expect(polls).toEqual([]);
  });

  it("reports the views that were never right", async () => {
    expect(await neverRight(async () => [wrong("a")], 1)).toEqual([wrong("a")]);
  });
});
