import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { type Behaviour, collect, eventually, listen, refusal, until, user, type World } from "../world.js";

const fill = async (world: World, name: string, from: number, to: number): Promise<void> => {
  for (let number = from; number <= to; number += 1) await world.program.publish(name, number);
};

const dataOf = ({ messages }: { messages: { data: unknown }[] }): unknown[] => messages.map(({ data }) => data);

export const HISTORY: Behaviour[] = [
  {
    name: "numbers the messages of a history without gaps",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, ada, "kept/numbers");
      for (const text of ["a", "b"]) await eventually(world, listener.channel.publish(text));
      await listener.expect("a", "b");
      deepEqual(
        listener.messages.map(({ offset }) => offset),
        [1, 2],
      );
      equal(listener.channel.position!.offset, 2);
    },
  },
  {
    name: "gives a subscriber the newest messages on request",
    async run(world) {
      await fill(world, "kept/last", 1, 6);
      const listener = await listen(world, user(world, "ada"), "kept/last", { last: 3 });
      await listener.expect(4, 5, 6);
      equal(listener.channel.hasOlder, true);
      await fill(world, "kept/last", 7, 7);
      await listener.expect(4, 5, 6, 7);
      const all = await listen(world, user(world, "bob"), "kept/last", { last: 50 });
      await all.expect(1, 2, 3, 4, 5, 6, 7);
      equal(all.channel.hasOlder, false);
    },
  },
  {
    name: "refuses the newest messages of channels that keep none",
    async run(world) {
      const ada = user(world, "ada");
      deepEqual(await refusal(world, ada.channel("plain/none").subscribe({ last: 5 })), [
        "no_history",
        "History is not enabled on this channel.",
      ]);
      equal((await refusal(world, ada.channel("kept/*").subscribe({ last: 5 })))[0], "wildcard");
    },
  },
  {
    name: "reads a history in pages, in both directions",
    async run(world) {
      await fill(world, "kept/pages", 1, 5);
      const channel = user(world, "ada").channel("kept/pages");
      const first = await eventually(world, channel.history({ limit: 2 }));
      deepEqual([dataOf(first), first.more, "recovered" in first], [[1, 2], true, false]);
      const second = await eventually(world, channel.history({ since: first.position }));
      deepEqual([dataOf(second), second.more, second.recovered], [[3, 4, 5], undefined, true]);
      const newest = await eventually(world, channel.history({ reverse: true, limit: 2 }));
      deepEqual([dataOf(newest), newest.more], [[5, 4], true]);
      const older = await eventually(world, channel.history({ reverse: true, since: newest.position }));
      deepEqual([dataOf(older), older.more], [[3, 2, 1], undefined]);
    },
  },
  {
    name: "keeps as many messages as the history may have",
    async run(world) {
      await fill(world, "kept/size", 1, 13);
      const channel = user(world, "ada").channel("kept/size");
      deepEqual(dataOf(await eventually(world, channel.history())), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    },
  },
  {
    name: "recovers the messages of a lost connection",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, ada, "kept/recovered");
      await fill(world, "kept/recovered", 1, 1);
      await listener.expect(1);
      const recovered: unknown[] = [];
      listener.channel.on("subscribed", (event) => recovered.push(event.recovered));
      ada.disconnect();
      await fill(world, "kept/recovered", 2, 5);
      ada.connect();
      await listener.expect(1, 2, 3, 4, 5);
      deepEqual(recovered, [true]);
    },
  },
  {
    name: "says that a client was away for too long",
    async run(world) {
      const ada = user(world, "ada");
      const listener = await listen(world, ada, "kept/behind");
      const events: unknown[] = [];
      listener.channel.on("subscribed", ({ recovered, code }) => events.push([recovered, code]));
      ada.disconnect();
      await fill(world, "kept/behind", 1, 12);
      ada.connect();
      await until(world, () => events.length > 0, "the subscription");
      deepEqual(events, [[false, "too_far_behind"]]);
      await fill(world, "kept/behind", 13, 13);
      await listener.expect(13);
    },
  },
  {
    name: "continues from a position that an earlier page has stored",
    async run(world) {
      await fill(world, "kept/since", 1, 4);
      const earlier = user(world, "ada").channel("kept/since");
      const { position } = await eventually(world, earlier.history({ limit: 2 }));
      const listener = await listen(world, user(world, "ada"), "kept/since", { since: position });
      await listener.expect(3, 4);
    },
  },
  {
    name: "says that a position is of another history",
    async run(world) {
      await fill(world, "kept/epoch", 1, 2);
      const channel = user(world, "ada").channel("kept/epoch");
      const page = await eventually(world, channel.history({ since: { epoch: "other", offset: 1 } }));
      deepEqual([dataOf(page), page.recovered, page.code], [[], false, "epoch_changed"]);
      equal(page.position.offset, 2);
    },
  },
  {
    name: "reads a history only if the subscription guard permits it",
    async run(world) {
      const ada = user(world, "ada");
      await world.program.publish("closed/1", "private");
      deepEqual(await refusal(world, ada.channel("closed/1").history()), ["denied", "You are not invited."]);
      deepEqual(await refusal(world, ada.channel("plain/1").history()), [
        "no_history",
        "History is not enabled on this channel.",
      ]);
    },
  },
  {
    name: "leaves withheld messages out of a history",
    async run(world) {
      for (const to of ["ada", "bob", "ada"]) await world.program.publish("secret/history", { to, text: `to ${to}` });
      const ada = user(world, "ada");
      const page = await eventually(world, ada.channel("secret/history").history());
      deepEqual([dataOf(page), page.position.offset], [["to ada", "to ada"], 3]);
      const listener = await listen(world, user(world, "bob"), "secret/history", { last: 3 });
      await listener.expect("to bob");
    },
  },
  {
    name: "gives a new subscriber of a list its last message",
    async run(world) {
      await fill(world, "lists/1", 1, 3);
      const listener = await listen(world, user(world, "ada"), "lists/1");
      await listener.expect(3);
      equal(listener.messages[0]!.offset, 3);
    },
  },
  {
    name: "stores a repeated publication once, and refuses other data",
    async run(world) {
      const { program } = world;
      const reader = user(world, "ada").channel("kept/again");
      for (const data of ["first", "first"]) await program.publish("kept/again", data, { uuid: "same" });
      const error = await program.publish("kept/again", "other", { uuid: "same" }).then(
        () => undefined,
        ({ code }: { code: string }) => code,
      );
      equal(error, "uuid_reused");
      deepEqual(dataOf(await eventually(world, reader.history())), ["first"]);
    },
  },
  {
    name: "deletes a message, and notifies the subscribers",
    async run(world) {
      await fill(world, "kept/deleted", 1, 3);
      const listener = await listen(world, user(world, "ada"), "kept/deleted", { last: 3 });
      const deleted: unknown[] = [];
      listener.channel.on("deleted", ({ messages }) => deleted.push(messages!.map(({ offset }) => offset)));
      const { epoch } = listener.channel.position!;
      equal(await world.program.deleteMessage("kept/deleted", { epoch, offset: 2 }), true);
      await until(world, () => deleted.length > 0, "the notice");
      deepEqual(deleted, [[2]]);
      deepEqual(dataOf(await eventually(world, listener.channel.history())), [1, 3]);
      equal(await world.program.deleteMessage("kept/deleted", { epoch: "other", offset: 1 }), false);
    },
  },
  {
    name: "begins another history after one is deleted",
    async run(world) {
      await fill(world, "kept/restart", 1, 3);
      const listener = await listen(world, user(world, "ada"), "kept/restart");
      const { epoch } = listener.channel.position!;
      const notices: unknown[] = [];
      listener.channel.on("deleted", ({ messages }) => notices.push(messages));
      await world.program.deleteHistory("kept/restart");
      await until(world, () => notices.length > 0, "the notice");
      deepEqual(notices, [undefined]);
      await fill(world, "kept/restart", 4, 4);
      await listener.expect(4);
      notEqual(listener.channel.position!.epoch, epoch);
      deepEqual(dataOf(await eventually(world, listener.channel.history())), [4]);
    },
  },
  {
    name: "delivers to wildcards live, and recovers nothing for them",
    async run(world) {
      const ada = user(world, "ada");
      await fill(world, "kept/wild", 1, 2);
      const wild = await listen(world, ada, "kept/*");
      const own = collect(world, ada, "kept/wild");
      await fill(world, "kept/wild", 3, 3);
      await own.expect(3);
      ok(wild.data.includes(3) && !wild.data.includes(2));
    },
  },
];
