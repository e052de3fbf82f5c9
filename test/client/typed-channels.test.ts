import type { PushItError } from "push-it-client";
import { channel, defineChannels } from "push-it-client/channels";
import { z } from "zod";
import { Mailbox } from "./support/mailbox.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

const types = defineChannels({
  "rooms/*": channel({
    message: z.object({ text: z.string() }),
    presence: z.object({ typing: z.boolean() }),
  }),
});

/** A client with types, and the errors that it reports. */
const typed = async () => {
  const { pushIt, peer } = await bench.connected({ types });
  const errors = new Mailbox<PushItError>();
  pushIt.on("error", errors.put);
  return { pushIt, peer, errors };
};

describe("a client with types", () => {
  it("sends what fits, and refuses the rest before it is sent", async () => {
    const { pushIt, peer } = await typed();
    const room = pushIt.channel<unknown>("rooms/5");
    await expect(room.publish({ text: 5 })).rejects.toMatchObject({
      code: "bad_data",
      channel: "rooms/5",
      retryable: false,
      message: expect.stringMatching(/^data\.text: /),
    });
    await room.publish({ text: "hello" });
    expect(peer.frames.all.map(({ data }) => data)).toEqual([{ text: "hello" }]);
  });

  it("checks data as JSON carries it", async () => {
    const dates = defineChannels({ events: channel({ message: z.object({ at: z.iso.datetime() }) }) });
    const { pushIt, peer } = await bench.connected({ types: dates });
    await pushIt.channel<unknown>("events").publish({ at: new Date(0) });
    expect(peer.frames.all.map(({ data }) => data)).toEqual([{ at: "1970-01-01T00:00:00.000Z" }]);
  });

  it("reports a message that does not fit, and delivers the next one", async () => {
    const { pushIt, peer, errors } = await typed();
    const messages = new Mailbox<unknown>();
    const room = pushIt.channel("rooms/5");
    room.on("message", ({ data }) => messages.put(data));
    await room.subscribe();
    peer.send({ channel: "rooms/5", uuid: "m1", data: { text: 1 } });
    peer.send({ channel: "rooms/5", uuid: "m2", data: { text: "fits" } });
    expect(await messages.take()).toEqual({ text: "fits" });
    expect(await errors.take()).toMatchObject({ code: "bad_data", channel: "rooms/5", uuid: "m1" });
    expect([messages.all.length, errors.all.length]).toEqual([1, 1]);
  });

  it("leaves messages that do not fit out of a history", async () => {
    bench.server.automatic = false;
    const { pushIt, peer, errors } = await typed();
    const page = pushIt.channel("rooms/5").history();
    const messages = [
      { uuid: "m1", data: "old shape", offset: 1 },
      { uuid: "m2", data: { text: "new" }, offset: 2 },
    ];
    peer.answer(await peer.frames.take(), {
      successful: true,
      data: { channel: "rooms/5", messages, position: { epoch: "e", offset: 2 } },
    });
    expect((await page).messages.map(({ uuid }) => uuid)).toEqual(["m2"]);
    expect(await errors.take()).toMatchObject({ code: "bad_data", channel: "rooms/5", uuid: "m1" });
  });

  it("refuses a state that does not fit, and can always remove it", async () => {
    const { pushIt, peer } = await typed();
    const room = pushIt.channel<unknown>("rooms/5");
    await room.subscribe();
    const sent = peer.frames.all.length;
    await expect(room.presence.set({ typing: "yes" })).rejects.toMatchObject({
      code: "bad_data",
      message: expect.stringMatching(/^state\.typing: /),
    });
    await settled();
    expect(peer.frames.all.length).toBe(sent);
    void room.presence.set(null).catch(() => {});
  });

  it("drops states of members that do not fit, and keeps the members", async () => {
    const { pushIt, peer, errors } = await typed();
    const changes = new Mailbox<unknown>();
    const room = pushIt.channel("rooms/5");
    room.on("change", changes.put);
    await room.subscribe();
    const change = (state: unknown, at: number): void =>
      peer.send({
        channel: "/meta/presence",
        uuid: `p${at}`,
        data: { channel: "rooms/5", changed: { agent: "a", state }, at },
      });
    change({ typing: 1 }, 1);
    change({ typing: true }, 2);
    expect(await changes.take()).toEqual({ agent: "a", channel: "rooms/5" });
    expect(await changes.take()).toEqual({ agent: "a", channel: "rooms/5", state: { typing: true } });
    expect(errors.all).toHaveLength(1);
    expect(errors.all[0]).toMatchObject({ code: "bad_data", channel: "rooms/5" });
  });
});
