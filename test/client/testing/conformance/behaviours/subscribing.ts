import { deepEqual, equal } from "node:assert/strict";
import { type Behaviour, collect, eventually, listen, refusal, until, user } from "../world.js";

export const SUBSCRIBING: Behaviour[] = [
  {
    name: "refuses a subscription with the guard's reason",
    async run(world) {
      const ada = user(world, "ada");
      const errors: unknown[] = [];
      const closed = ada.channel("closed/1");
      closed.on("unsubscribed", ({ error }) => errors.push(error!.code));
      deepEqual(await refusal(world, closed.subscribe()), ["denied", "You are not invited."]);
      deepEqual(errors, ["denied"]);
    },
  },
  {
    name: "keeps the error of a subscription guard to itself",
    async run(world) {
      const broken = user(world, "ada").channel("broken/1").subscribe();
      deepEqual(await refusal(world, broken), ["guard_failed", "The guard of the subscription failed."]);
    },
  },
  {
    name: "refuses a subscription without a verdict in time",
    async run(world) {
      const slow = user(world, "ada").channel("slow/1").subscribe();
      deepEqual(await refusal(world, slow), ["guard_timeout", "The guard did not decide the subscription in time."]);
    },
  },
  {
    name: "passes the token of a channel to its guard",
    async run(world) {
      const ada = user(world, "ada");
      const wrong = ada.channel("tokens/1").subscribe({ token: () => "expired" });
      deepEqual(await refusal(world, wrong), ["denied", "Wrong token: expired"]);
      const none = ada.channel("tokens/2").subscribe();
      deepEqual(await refusal(world, none), ["denied", "Wrong token: undefined"]);
      await eventually(world, ada.channel("tokens/3").subscribe({ token: () => "ticket" }));
    },
  },
  {
    name: "delivers to a wildcard what is below it, once",
    async run(world) {
      const ada = user(world, "ada");
      const news = await listen(world, ada, "news/*");
      const all: unknown[] = [];
      ada.on("message", ({ data }) => all.push(data));
      await eventually(world, ada.channel("news/5").subscribe());
      for (const name of ["news", "news/5", "news/5/comments", "newsletter/5"]) await world.program.publish(name, name);
      await world.program.publish("news/end", "end");
      await news.expect("news/5", "news/5/comments", "end");
      deepEqual(all, news.data);
    },
  },
  {
    name: "refuses wildcards that are not enabled, and wrong names",
    async run(world) {
      const ada = user(world, "ada");
      const codes: string[] = [];
      for (const name of ["plain/*", "/meta/user", "a b", "x".repeat(129)])
        codes.push((await refusal(world, ada.channel(name).subscribe()))[0]);
      deepEqual(codes, ["wildcard", "reserved_channel", "bad_channel", "bad_channel"]);
    },
  },
  {
    name: "needs all guards below a wildcard to agree",
    async run(world) {
      const ada = user(world, "ada");
      deepEqual(await refusal(world, ada.channel("mixed/*").subscribe()), ["denied", "Private."]);
      await eventually(world, ada.channel("mixed/public").subscribe());
    },
  },
  {
    name: "subscribes to the further channels of a guard",
    async run(world) {
      const ada = user(world, "ada");
      const extra = collect(world, ada, "plain/extra");
      await eventually(world, ada.channel("extra/1").subscribe());
      await world.program.publish("plain/extra", "staged");
      await extra.expect("staged");
    },
  },
  {
    name: "refuses more subscriptions than allowed",
    async run(world) {
      const ada = user(world, "ada");
      const names = Array.from({ length: 31 }, (_, number) => `plain/many-${number}`);
      const codes = await Promise.all(
        names.map((name) =>
          ada
            .channel(name)
            .subscribe()
            .then(
              () => "subscribed",
              ({ code }: { code: string }) => code,
            ),
        ),
      );
      equal(codes.filter((code) => code === "subscribed").length, 30);
      equal(codes.filter((code) => code === "too_many_subscriptions").length, 1);
    },
  },
  {
    name: "delivers nothing after an unsubscription",
    async run(world) {
      const ada = user(world, "ada");
      const [left, kept] = [await listen(world, ada, "plain/left"), await listen(world, ada, "plain/kept")];
      await eventually(world, left.channel.unsubscribe());
      const late = collect(world, ada, "plain/left");
      await world.program.publish("plain/left", "unheard");
      await world.program.publish("plain/kept", "received");
      await kept.expect("received");
      deepEqual([left.data, late.data], [[], []]);
    },
  },
  {
    name: "keeps a subscription that its guard does not release",
    async run(world) {
      const ada = user(world, "ada");
      const sticky = await listen(world, ada, "sticky/1");
      const all: unknown[] = [];
      ada.on("message", ({ data }) => all.push(data));
      deepEqual(await refusal(world, sticky.channel.unsubscribe()), ["denied", "Stay."]);
      await world.program.publish("sticky/1", "still here");
      await until(world, () => all.length > 0, "a message");
    },
  },
  {
    name: "gives a new subscriber the latest value",
    async run(world) {
      const ada = user(world, "ada");
      for (const value of [1, 2, 3]) await world.program.publish("values/1", value);
      const listener = await listen(world, ada, "values/1");
      await listener.expect(3);
      await world.program.publish("values/1", 4);
      await listener.expect(3, 4);
    },
  },
];
