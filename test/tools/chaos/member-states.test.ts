import type { EntryOf } from "../../../tools/chaos/journal.js";
import { NO_STATE, possibleStates, stateKey, viewOf } from "../../../tools/chaos/member-states.js";
import { type MemberState, STATE_CHANNEL } from "../../../tools/chaos/policy.js";
import { type Actor, INSIDER, OUTSIDER, Scene } from "./scene.js";

const state = (n: number, more: Partial<MemberState> = {}): MemberState => ({ by: INSIDER.name, n, ...more });

describe("the states that a client may have", () => {
  let scene: Scene;
  let actor: Actor;
  beforeEach(() => {
    scene = new Scene();
    actor = scene.actor().subscribes(STATE_CHANNEL);
  });

  const set = (value: MemberState | null): number => {
    const call = scene.journal.call();
    actor.note({ is: "setState", name: STATE_CHANNEL, call, state: value });
    return call;
  };
  const rejected = (call: number, code: string, retryable: boolean): void =>
    void actor.note({ is: "rejected", call, code, retryable });
  const possible = (): string[] => [...possibleStates(actor.page, STATE_CHANNEL)];

  it("are the last acknowledged one", () => {
    expect(possible()).toEqual([NO_STATE]);
    const [first, second] = [set(state(1)), set(state(2))];
    expect(possible()).toEqual([NO_STATE]);
    actor.fulfilled(first);
    expect(possible()).toEqual([stateKey(state(1))]);
    actor.fulfilled(second);
    expect(possible()).toEqual([stateKey(state(2))]);
    actor.fulfilled(set(null));
    expect(possible()).toEqual([NO_STATE]);
  });

  it("exclude a denied one", () => {
    actor.fulfilled(set(state(1)));
    rejected(set(state(2, { do: "deny" })), "denied", false);
    expect(possible()).toEqual([stateKey(state(1))]);
  });

  it("include a state with an unknown outcome, if its guard permits it", () => {
    actor.fulfilled(set(state(1)));
    rejected(set(state(2)), "timeout", true);
    expect(possible()).toEqual([stateKey(state(1)), NO_STATE, stateKey(state(2))]);
    actor.fulfilled(set(state(3)));
    rejected(set(state(4, { do: "exit" })), "guard_failed", true);
    expect(possible()).toEqual([stateKey(state(3)), NO_STATE]);
  });

  it("are none after the client has left the channel", () => {
    actor.fulfilled(set(state(1)));
    const left = actor.leaves(STATE_CHANNEL);
    expect(possible()).toEqual([stateKey(state(1)), NO_STATE]);
    actor.fulfilled(left);
    expect(possible()).toEqual([NO_STATE]);
  });

  it("stay when a component is replaced in one turn", () => {
    actor.fulfilled(set(state(1)));
    const turn = scene.journal.turn();
    const left = actor.leaves(STATE_CHANNEL, { turn });
    actor.subscribes(STATE_CHANNEL, { turn, holder: 2 });
    rejected(left, "superseded", false);
    expect(possible()).toEqual([stateKey(state(1))]);
  });

  it("are none on another page", () => {
    actor.fulfilled(set(state(1)));
    expect([...possibleStates(actor.reloads().page, STATE_CHANNEL)]).toEqual([NO_STATE]);
  });
});

describe("the members that an application shows", () => {
  let actor: Actor;
  beforeEach(() => void (actor = new Scene().actor()));

  const asked = (request: number): Actor => actor.note({ is: "asked", channel: STATE_CHANNEL, request });
  const listed = (request: number, states: EntryOf<"members">["states"]): Actor =>
    actor.note({ is: "members", channel: STATE_CHANNEL, request, states });
  const event = (kind: EntryOf<"member">["event"], user: string, value?: MemberState): Actor =>
    actor.note({ is: "member", channel: STATE_CHANNEL, event: kind, user, state: value });
  const view = (): object => Object.fromEntries(viewOf(actor.page, STATE_CHANNEL));

  it("are those of the last list, changed by later events", () => {
    asked(1);
    listed(1, { u1: state(1), u2: undefined });
    expect(view()).toEqual({ u1: stateKey(state(1)), u2: NO_STATE });
    event("change", "u2", state(2));
    event("leave", "u1");
    event("join", "u3");
    expect(view()).toEqual({ u2: stateKey(state(2)), u3: NO_STATE });
    event("change", "u2");
    expect(view()).toEqual({ u2: NO_STATE, u3: NO_STATE });
  });

  it("include events that arrive before the list that was asked for", () => {
    event("change", "u1", state(1));
    asked(1);
    event("change", "u2", state(2));
    listed(1, { u1: undefined, u2: undefined });
    expect(view()).toEqual({ u1: NO_STATE, u2: stateKey(state(2)) });
  });
});

describe("the checker, of states", () => {
  let scene: Scene;
  let [actor, viewer]: Actor[] = [];
  beforeEach(() => {
    scene = new Scene();
    [actor, viewer] = [scene.actor(), scene.actor(OUTSIDER)];
  });

  const set = (value: MemberState): void =>
    void actor!.note({ is: "setState", name: STATE_CHANNEL, call: scene.journal.call(), state: value });
  const shows = (value: MemberState, user = INSIDER.user): void =>
    void viewer!.note({ is: "member", channel: STATE_CHANNEL, event: "change", user, state: value });
  const lists = (value: MemberState): void =>
    void viewer!.note({ is: "members", channel: STATE_CHANNEL, request: 1, states: { [INSIDER.user]: value } });

  it("permits states that were set and permitted", () => {
    set(state(1, { do: "slow" }));
    shows(state(1, { do: "slow" }));
    expect(scene.judged()).toEqual([]);
  });

  it("finds a state that no guard permitted, shown or listed", () => {
    set(state(1, { do: "deny" }));
    shows(state(1, { do: "deny" }));
    lists(state(1, { do: "deny" }));
    expect(scene.judged()).toEqual(["leaked", "leaked"]);
  });

  it("finds a state that its member had not set", () => {
    shows(state(1));
    set(state(1));
    shows(state(1), OUTSIDER.user);
    shows(state(1));
    expect(scene.judged()).toEqual(["leaked", "leaked"]);
  });
});
