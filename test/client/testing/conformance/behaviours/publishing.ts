import { deepEqual, equal, ok } from "node:assert/strict";
import { type Behaviour, eventually, listen, refusal, user } from "../world.js";

export const PUBLISHING: Behaviour[] = [
  {
    name: "delivers a message to all subscribers, the publisher included",
    async run(world) {
      const [ada, bob] = [user(world, "ada"), user(world, "bob")];
      const listener = [await listen(world, ada, "plain/all"), await listen(world, bob, "plain/all")];
      const { uuid } = await eventually(world, ada.channel("plain/all").publish({ text: "größe" }));
      for (const each of listener) {
        await each.expect({ text: "größe" });
        const [message] = each.messages;
        equal(message!.uuid, uuid);
        equal(message!.channel, "plain/all");
        ok(message!.at! > 1e12);
        ok(!("from" in message!) && !("offset" in message!));
      }
      equal(listener[0]!.messages[0]!.at, listener[1]!.messages[0]!.at);
    },
  },
  {
    name: "spares the publisher its own message with echo: false",
    async run(world) {
      const [ada, bob] = [user(world, "ada"), user(world, "bob")];
      const [own, other] = [await listen(world, ada, "plain/echo"), await listen(world, bob, "plain/echo")];
      await eventually(world, own.channel.publish("quiet", { echo: false }));
      await eventually(world, own.channel.publish("loud"));
      await own.expect("loud");
      await other.expect("quiet", "loud");
    },
  },
  {
    name: "keeps the order of one publisher",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, user(world, "bob"), "plain/order");
      const numbers = Array.from({ length: 60 }, (_, number) => number);
      await eventually(world, Promise.all(numbers.map((number) => ada.channel("plain/order").publish(number))));
      await listener.expect(...numbers);
    },
  },
  {
    name: "refuses a publication with the guard's reason",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, ada, "plain/rude");
      deepEqual(await refusal(world, listener.channel.publish("rude")), ["denied", "Be nice."]);
      deepEqual(await refusal(world, listener.channel.publish("odd")), ["bad_data", "Odd shape."]);
      deepEqual(await refusal(world, listener.channel.publish("crash")), [
        "guard_failed",
        "The guard of the publication failed.",
      ]);
      await eventually(world, listener.channel.publish("fine"));
      await listener.expect("fine");
    },
  },
  {
    name: "delivers the guard's message, and returns its result",
    async run(world) {
      const listener = await listen(world, user(world, "ada"), "upper/1");
      const { result } = await eventually(world, listener.channel.publish("hello"));
      deepEqual(result, { length: 5 });
      await listener.expect("HELLO");
    },
  },
  {
    name: "lets a guard read a history and publish on another channel",
    async run(world) {
      const ada = user(world, "ada");
      const counted = await listen(world, ada, "lists/counted");
      await eventually(world, ada.channel("count/1").publish("one"));
      await eventually(world, ada.channel("count/1").publish("two"));
      await counted.expect(1, 2);
    },
  },
  {
    name: "gives several messages of one guard call different ids",
    async run(world) {
      const listener = await listen(world, user(world, "ada"), "twice/1");
      await eventually(world, listener.channel.publish("once"));
      await listener.expect(["once", "again"], "once");
    },
  },
  {
    name: "accepts a message that the guard does not publish",
    async run(world) {
      const listener = await listen(world, user(world, "ada"), "swallow/1");
      await eventually(world, listener.channel.publish("gone"));
      await world.program.publish("swallow/1", "marker");
      await listener.expect("marker");
    },
  },
  {
    name: "refuses names that nothing can be published on",
    async run(world) {
      const ada = user(world, "ada");
      const codes = [];
      for (const name of ["news/*", "/meta/x", "not a name"])
        codes.push(await refusal(world, ada.channel(name).publish("x")));
      deepEqual(codes, [
        ["wildcard", "Wildcards are not enabled here."],
        ["reserved_channel", "Channels below /meta are reserved."],
        ["bad_channel", "This is not a valid channel name."],
      ]);
    },
  },
  {
    name: "refuses a message that a history could not replay",
    async run(world) {
      const ada = user(world, "ada");
      const [code] = await refusal(world, ada.channel("kept/large").publish("x".repeat(32_000)));
      equal(code, "too_large");
      await eventually(world, ada.channel("plain/large").publish("x".repeat(32_000)));
    },
  },
  {
    name: "says on some channels who has published",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, user(world, "bob"), "rooms/from");
      await eventually(world, ada.channel("rooms/from").publish("Hi"));
      await world.program.publish("rooms/from", "System");
      await listener.expect("Hi", "System");
      deepEqual(
        listener.messages.map(({ from }) => from),
        [{ connection: ada.me!.agent, userId: "ada", info: { name: "ada" } }, undefined],
      );
    },
  },
  {
    name: "keeps nothing of an ephemeral message",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, user(world, "bob"), "kept/ephemeral");
      await eventually(world, ada.channel("kept/ephemeral").publish("typing", { ephemeral: true }));
      await eventually(world, ada.channel("kept/ephemeral").publish("text"));
      await listener.expect("typing", "text");
      deepEqual(
        listener.messages.map(({ offset }) => offset),
        [undefined, 1],
      );
      const { messages } = await eventually(world, listener.channel.history());
      deepEqual(
        messages.map(({ data }) => data),
        ["text"],
      );
    },
  },
  {
    name: "keeps the latest value for all but ephemeral messages",
    async run(world) {
      const ada = user(world, "ada");
      await eventually(world, ada.channel("values/kept").publish("kept"));
      await eventually(world, ada.channel("values/kept").publish("passing", { ephemeral: true }));
      const received = await listen(world, user(world, "bob"), "values/kept");
      await received.expect("kept");
    },
  },
  {
    name: "publishes without a reply",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, user(world, "bob"), "plain/send");
      await listen(world, ada, "plain/other");
      ada.channel("plain/send").send("sent");
      await listener.expect("sent");
    },
  },
  {
    name: "refuses data that does not fit the channel's type",
    async run(world) {
      const ada = user(world, "ada");
      const [code, message] = await refusal(world, ada.channel("typed/1").publish({ text: 5 }));
      equal(code, "bad_data");
      ok(message.includes("data.text"), message);
      await eventually(world, ada.channel("typed/1").publish({ text: "five" }));
    },
  },
  {
    name: "lets delivery guards withhold and change messages",
    async run(world) {
      const [ada, bob] = [
        await listen(world, user(world, "ada"), "secret/1"),
        await listen(world, user(world, "bob"), "secret/1"),
      ];
      for (const to of ["ada", "bob", "all"]) await world.program.publish("secret/1", { to, text: `to ${to}` });
      await ada.expect("to ada", "to all");
      await bob.expect("to bob", "to all");
    },
  },
];
