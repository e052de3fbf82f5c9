import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import type { PushIt } from "push-it-client";
import { type Behaviour, eventually, listen, refusal, until, user, type World } from "../world.js";

const connected = (world: World, client: PushIt): Promise<void> =>
  until(world, () => client.state === "connected" && client.me, "a connection");

/** The code and reason of the state in which a client ends. */
const ended = async (world: World, client: PushIt): Promise<[code: string, reason: string]> => {
  let end: [string, string] | undefined;
  client.on("state", ({ state, code, reason }) => {
    if (state === "denied") end = [code, reason];
  });
  await until(world, () => end, "a denial");
  return end!;
};

export const CONNECTING: Behaviour[] = [
  {
    name: "connects a client, and says who it is",
    async run(world) {
      const ada = user(world, "ada");
      await connected(world, ada);
      equal(ada.me!.userId, "ada");
      const guest = world.client({ credentials: { name: "eve", isGuest: true } });
      await connected(world, guest);
      ok(!("userId" in guest.me!));
      notEqual(ada.me!.agent, guest.me!.agent);
    },
  },
  {
    name: "denies a connection with the guard's reason",
    async run(world) {
      deepEqual(await ended(world, user(world, "mallory")), ["denied", "You are banned."]);
    },
  },
  {
    name: "keeps the error of a connection guard to itself",
    async run(world) {
      deepEqual(await ended(world, user(world, "broken")), ["guard_failed", "The guard of the connection failed."]);
    },
  },
  {
    name: "passes credentials in any language to the guard",
    async run(world) {
      const zoe = user(world, "Zoë 🐝");
      await connected(world, zoe);
      equal(zoe.me!.userId, "Zoë 🐝");
    },
  },
  {
    name: "subscribes a client where its connection guard says so",
    async run(world) {
      const ada = world.client({ credentials: { name: "ada", subscribe: "plain/staged" } });
      const received: unknown[] = [];
      ada.on("message", ({ data }) => received.push(data));
      await connected(world, ada);
      await world.program.publish("plain/staged", "for all");
      await until(world, () => received.length > 0, "a message");
      deepEqual(received, ["for all"]);
    },
  },
  {
    name: "refuses more connections of a user than allowed",
    async run(world) {
      for (let count = 0; count < 3; count += 1) await connected(world, user(world, "many"));
      const [code] = await ended(world, user(world, "many"));
      equal(code, "too_many_agents");
    },
  },
  {
    name: "renews an agent before it expires",
    async run(world) {
      let calls = 0;
      const ada = world.client({
        credentials: () => {
          calls += 1;
          return { name: "ada", lifetime: 3_000 };
        },
      });
      await until(world, () => calls >= 2, "a renewal");
      equal(ada.state, "connected");
    },
  },
  {
    name: "renews an agent with other public info",
    async run(world) {
      let extra = {};
      const ada = world.client({ credentials: () => ({ name: "renewed", ...extra }) });
      const { channel } = await listen(world, ada, "rooms/renewed");
      const infos: unknown[] = [];
      channel.on("join", ({ info }) => infos.push(info));
      extra = { name: "other", becomes: "renewed" };
      await eventually(world, ada.refreshCredentials());
      await until(world, () => infos.some((info) => (info as { name: string }).name === "other"), "the new info");
    },
  },
  {
    name: "ends an agent whose renewal is denied",
    async run(world) {
      let name = "ada";
      const ada = world.client({ credentials: () => ({ name }) });
      await connected(world, ada);
      name = "mallory";
      deepEqual(await refusal(world, ada.refreshCredentials()), ["denied", "You are banned."]);
      equal(ada.state, "denied");
    },
  },
  {
    name: "refuses to make another user's agent of one",
    async run(world) {
      let name = "ada";
      const ada = world.client({ credentials: () => ({ name }) });
      await connected(world, ada);
      name = "bob";
      deepEqual(await refusal(world, ada.refreshCredentials()), ["denied", "An agent cannot become another user's."]);
    },
  },
  {
    name: "restores subscriptions after a lost connection",
    async run(world) {
      const ada = user(world, "ada");
      const plain = await listen(world, ada, "plain/lost");
      const before = ada.me!.agent;
      world.cut(ada);
      let isBack = false;
      plain.channel.on("subscribed", () => (isBack = true));
      await until(world, () => isBack, "the subscription");
      await world.program.publish("plain/lost", "back");
      await plain.expect("back");
      notEqual(ada.me!.agent, before);
    },
  },
  {
    name: "connects with other credentials on demand",
    async run(world) {
      const client = user(world, "mallory");
      await ended(world, client);
      client.connect({ credentials: { name: "ada" } });
      await connected(world, client);
      equal(client.me!.userId, "ada");
    },
  },
];
