import { deepEqual, equal } from "node:assert/strict";
import type { Channel, Json, Member } from "push-it-client";
import { type Behaviour, eventually, listen, refusal, until, user, type World } from "../world.js";

type Event = [kind: "join" | "leave" | "change", who: string | undefined, state?: Json];

/** Collects the events of a channel's members. */
const watch = (channel: Channel): Event[] => {
  const events: Event[] = [];
  channel.on("join", ({ userId }) => events.push(["join", userId]));
  channel.on("leave", ({ userId }) => events.push(["leave", userId]));
  channel.on("change", ({ userId, state }) =>
    events.push(state === undefined ? ["change", userId] : ["change", userId, state]),
  );
  return events;
};

const expectEvents = async (world: World, events: Event[], ...expected: Event[]): Promise<void> => {
  await until(world, () => events.length >= expected.length, `${JSON.stringify(expected)}: ${JSON.stringify(events)}`);
  deepEqual(events, expected);
};

const membersOf = async (world: World, channel: Channel): Promise<Member[]> => {
  const { count, members } = await eventually(world, channel.presence());
  equal(count, members.length);
  return members.sort((one, other) => (String(one.userId) < String(other.userId) ? -1 : 1));
};

export const PRESENCE: Behaviour[] = [
  {
    name: "lists the members of a channel by user",
    async run(world) {
      const [ada, again, bob] = [user(world, "ada"), user(world, "ada"), user(world, "bob")];
      for (const client of [ada, again, bob]) await listen(world, client, "lobby/list");
      const members = await membersOf(world, bob.channel("lobby/list"));
      deepEqual(
        members.map(({ userId, info }) => [userId, info]),
        [
          ["ada", { name: "ada" }],
          ["bob", { name: "bob" }],
        ],
      );
      deepEqual(members[0]!.connections!.sort(), [ada.me!.agent, again.me!.agent].sort());
      equal(members[1]!.agent, bob.me!.agent);
    },
  },
  {
    name: "notifies members of joins and leaves",
    async run(world) {
      const [ada, bob] = [user(world, "ada"), user(world, "bob")];
      const events = watch(ada.channel("lobby/events"));
      const { channel } = await listen(world, ada, "lobby/events");
      await expectEvents(world, events, ["join", "ada"]);
      const other = await listen(world, bob, "lobby/events");
      await expectEvents(world, events, ["join", "ada"], ["join", "bob"]);
      await eventually(world, other.channel.unsubscribe());
      await expectEvents(world, events, ["join", "ada"], ["join", "bob"], ["leave", "bob"]);
      equal((await membersOf(world, channel)).length, 1);
    },
  },
  {
    name: "lets a user leave with the last connection only",
    async run(world) {
      const [ada, one, two] = [user(world, "ada"), user(world, "bob"), user(world, "bob")];
      const events = watch(ada.channel("lobby/connections"));
      await listen(world, ada, "lobby/connections");
      await listen(world, one, "lobby/connections");
      await listen(world, two, "lobby/connections");
      await expectEvents(world, events, ["join", "ada"], ["join", "bob"]);
      one.disconnect();
      await until(world, () => one.state === "disconnected", "the end");
      await world.program.publish("lobby/connections", "marker");
      two.disconnect();
      await expectEvents(world, events, ["join", "ada"], ["join", "bob"], ["leave", "bob"]);
    },
  },
  {
    name: "causes no event when a connection is replaced",
    async run(world) {
      const [ada, bob, cyd] = [user(world, "ada"), user(world, "bob"), user(world, "cyd")];
      const events = watch(ada.channel("lobby/replaced"));
      await listen(world, ada, "lobby/replaced");
      const other = await listen(world, bob, "lobby/replaced");
      await expectEvents(world, events, ["join", "ada"], ["join", "bob"]);
      let isBack = false;
      other.channel.on("subscribed", () => (isBack = true));
      world.cut(bob);
      await until(world, () => isBack, "the subscription");
      await listen(world, cyd, "lobby/replaced");
      await expectEvents(world, events, ["join", "ada"], ["join", "bob"], ["join", "cyd"]);
    },
  },
  {
    name: "does not list observers",
    async run(world) {
      const [ada, bob] = [user(world, "ada"), user(world, "bob")];
      const events = watch(ada.channel("lobby/observed"));
      const observer = await listen(world, ada, "lobby/observed", { present: false });
      await listen(world, bob, "lobby/observed");
      await expectEvents(world, events, ["join", "bob"]);
      deepEqual(
        (await membersOf(world, observer.channel)).map(({ userId }) => userId),
        ["bob"],
      );
      await world.program.publish("lobby/observed", "for all");
      await observer.expect("for all");
    },
  },
  {
    name: "shows the states of members",
    async run(world) {
      const [ada, bob] = [user(world, "ada"), user(world, "bob")];
      const events = watch(ada.channel("rooms/states"));
      const { channel } = await listen(world, ada, "rooms/states");
      const other = await listen(world, bob, "rooms/states");
      await until(world, () => events.length === 2, "the joins");
      await eventually(world, other.channel.presence.set({ typing: true }));
      await until(world, () => events.length === 3, "the change");
      deepEqual(events.at(-1), ["change", "bob", { typing: true }]);
      const members = await membersOf(world, channel);
      deepEqual(
        members.map(({ state }) => state),
        [undefined, { typing: true }],
      );
      await eventually(world, other.channel.presence.set(null));
      await until(world, () => events.length === 4, "the removal");
      deepEqual(events.at(-1), ["change", "bob"]);
    },
  },
  {
    name: "sets a state again after a lost connection",
    async run(world) {
      const [ada, bob] = [user(world, "ada"), user(world, "bob")];
      const { channel } = await listen(world, ada, "rooms/again");
      const other = await listen(world, bob, "rooms/again");
      await eventually(world, other.channel.presence.set({ mood: "calm" }));
      const before = bob.me!.agent;
      world.cut(bob);
      await until(world, () => bob.me && bob.me.agent !== before, "the next connection");
      let bobs: Member | undefined;
      for (let tries = 0; !bobs?.state && tries < world.moments; tries += 1) {
        await world.pass();
        bobs = (await membersOf(world, channel)).find(({ connections }) => connections?.includes(bob.me!.agent));
      }
      deepEqual(bobs!.state, { mood: "calm" });
    },
  },
  {
    name: "lets guards decide about states",
    async run(world) {
      const ada = user(world, "ada");
      const room = await listen(world, ada, "rooms/guarded");
      deepEqual(await refusal(world, room.channel.presence.set("rude")), ["denied", "Be nice."]);
      const moods = await listen(world, ada, "moods/1");
      deepEqual(await refusal(world, moods.channel.presence.set({ mood: "angry" })), ["denied", "Calm down."]);
      await eventually(world, moods.channel.presence.set({ mood: "calm" }));
      deepEqual((await membersOf(world, moods.channel))[0]!.state, { mood: "calm" });
      const typed = await listen(world, ada, "typed/states");
      equal((await refusal(world, typed.channel.presence.set({ mood: 5 })))[0], "bad_data");
    },
  },
  {
    name: "refuses states of members that cannot have one",
    async run(world) {
      const ada = user(world, "ada");
      const lobby = await listen(world, ada, "lobby/stateless");
      equal((await refusal(world, lobby.channel.presence.set("any")))[0], "no_presence");
      const room = await listen(world, ada, "rooms/large");
      equal((await refusal(world, room.channel.presence.set("x".repeat(511))))[0], "too_large");
      equal((await refusal(world, ada.channel("rooms/absent").presence.set("any")))[0], "no_presence");
    },
  },
  {
    name: "lists members only if the subscription guard permits it",
    async run(world) {
      const ada = user(world, "ada");
      deepEqual(await refusal(world, ada.channel("plain/1").presence()), [
        "no_presence",
        "Presence is not enabled on this channel.",
      ]);
      deepEqual(await refusal(world, ada.channel("closed/1").presence()), ["denied", "You are not invited."]);
      deepEqual(await membersOf(world, ada.channel("lobby/empty")), []);
    },
  },
];
