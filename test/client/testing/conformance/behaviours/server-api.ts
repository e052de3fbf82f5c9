import { deepEqual, equal } from "node:assert/strict";
import { type Behaviour, collect, eventually, listen, until, user } from "../world.js";

export const SERVER_API: Behaviour[] = [
  {
    name: "delivers to all connections of a user",
    async run(world) {
      const clients = [user(world, "uma"), user(world, "uma"), user(world, "bob")];
      const listener = clients.map((client) => collect(world, client, "/meta/user"));
      for (const client of clients) await until(world, () => client.me, "a connection");
      await world.program.publishToUser("uma", "for you");
      await world.program.publishToUser("bob", "for bob");
      for (const each of listener.slice(0, 2)) await each.expect("for you");
      await listener[2]!.expect("for bob");
    },
  },
  {
    name: "ends the agents of a user with a reason",
    async run(world) {
      const [ivy, bob] = [user(world, "ivy"), user(world, "bob")];
      let end: unknown;
      ivy.on("state", ({ state, code, reason }) => {
        if (state === "denied") end = [code, reason];
      });
      for (const client of [ivy, bob]) await until(world, () => client.me, "a connection");
      equal(await world.program.disconnect({ userId: "ivy" }, "Enough."), 1);
      await until(world, () => end, "the end");
      deepEqual([end, ivy.state, bob.state], [["revoked", "Enough."], "denied", "connected"]);
    },
  },
  {
    name: "ends a subscription with a reason",
    async run(world) {
      const tom = user(world, "tom");
      const [revoked, kept] = [await listen(world, tom, "plain/revoked"), await listen(world, tom, "plain/unrevoked")];
      let end: unknown;
      revoked.channel.on("unsubscribed", ({ error }) => (end = [error!.code, error!.message]));
      equal(await world.program.unsubscribe({ userId: "tom" }, "plain/revoked", "Not any more."), 1);
      await until(world, () => end, "the notice");
      deepEqual(end, ["revoked", "Not any more."]);
      await world.program.publish("plain/revoked", "unheard");
      await world.program.publish("plain/unrevoked", "received");
      await kept.expect("received");
      deepEqual(revoked.data, []);
    },
  },
  {
    name: "refuses what a server program cannot publish",
    async run(world) {
      const codeOf = (promise: Promise<unknown>): Promise<string> =>
        eventually(
          world,
          promise.then(
            () => "accepted",
            ({ code }: { code: string }) => code,
          ),
        );
      const codes = [];
      for (const name of ["news/*", "/meta/x", "a b"]) codes.push(await codeOf(world.program.publish(name, 1)));
      codes.push(await codeOf(world.program.publish("plain/large", "x".repeat(33_000))));
      deepEqual(codes, ["wildcard", "reserved_channel", "bad_channel", "too_large"]);
    },
  },
  {
    name: "keeps nothing of a server program's ephemeral message",
    async run(world) {
      const listener = await listen(world, user(world, "ada"), "kept/program");
      await world.program.publish("kept/program", "now", { ephemeral: true });
      await listener.expect("now");
      const { messages } = await eventually(world, listener.channel.history());
      deepEqual(messages, []);
    },
  },
];
