import { at, numbered, replay, replayed, reconnected } from "../support/recorded.js";
import type { ClientFrame, Peer } from "../support/scripted-server.js";
import { actions, type Framework, type Probe, quiet, until, useBench } from "./framework.js";

type List = Probe<ReturnType<Framework["hooks"]["useMessages"]>>;

const shown = ({ value }: List): unknown[] => value.messages.map(({ data }) => data);
const statuses = ({ value }: List): string[] => value.messages.map(({ status, data }) => `${data as string} ${status}`);

/** Answers a subscription with the newest messages, the first of them the oldest. */
const newest = (peer: Peer, frame: ClientFrame, ...offsets: number[]): void =>
  replay(peer, frame, { position: at(offsets.at(-1)!), messages: replayed(...offsets), older: true });

/** Answers a request for older messages, which come newest first. */
const older = (peer: Peer, frame: ClientFrame, offsets: number[], more: object): void =>
  replay(peer, frame, { position: at(offsets[0]!), messages: replayed(...offsets), ...more });

/** Tests of lists of messages, whatever the framework. */
export const messagesTests = (framework: Framework): void => {
  const { bench, begin } = useBench(framework);
  const { probe } = framework;
  const { useChannel, useLatest, useMessages } = framework.hooks;

  /** A component with the newest 2 messages, 9 and 10. */
  const listed = async (options: Parameters<Framework["hooks"]["useMessages"]>[1] = { last: 2 }) => {
    const begun = await begin({ automatic: false });
    const list = probe(() => useMessages("a", options));
    await begun.page.show(list.Component);
    const frame = await begun.peer.frames.take();
    newest(begun.peer, frame, 9, 10);
    await until(() => list.value.messages.length === 2);
    return { ...begun, list, frame };
  };

  describe("useMessages", () => {
    it("begins with the history, and grows live", async () => {
      const { peer, list, frame } = await listed();
      expect(frame.data!.channels).toEqual([{ channel: "a", last: 2, present: false }]);
      expect(list.value).toMatchObject({ status: "subscribed", hasOlder: true });
      // One render for the whole page.
      expect(list.renders).toBeLessThanOrEqual(6);
      peer.send(numbered(11), numbered(12), numbered(11));
      await until(() => list.value.messages.length === 4);
      expect([shown(list), actions(peer)]).toEqual([[9, 10, 11, 12], ["subscribe [{channel:a,present:false,last:2}]"]]);
    });

    it("shares the list among components", async () => {
      const { page, peer, list } = await listed();
      const other = probe(() => useMessages("a", { last: 2 }));
      await page.show(list.Component, other.Component);
      expect(shown(other)).toEqual([9, 10]);
      expect(other.value.messages).toBe(list.value.messages);
      expect(peer.frames.all).toHaveLength(1);
    });

    it("loads older messages, once at a time", async () => {
      const { peer, list } = await listed();
      const loading = [list.value.loadOlder(), list.value.loadOlder()];
      const frame = await peer.frames.take();
      expect(frame.data).toEqual({ channel: "a", reverse: true, limit: 2, since: at(9) });
      older(peer, frame, [8, 7], { more: true });
      await Promise.all(loading);
      await until(() => list.value.messages.length === 4);
      expect([shown(list), list.value.hasOlder]).toEqual([[7, 8, 9, 10], true]);
      const last = list.value.loadOlder();
      older(peer, await peer.frames.take(), [6], {});
      await last;
      await until(() => !list.value.hasOlder);
      await list.value.loadOlder();
      expect([shown(list), peer.frames.waiting]).toEqual([[6, 7, 8, 9, 10], 0]);
    });

    it("heals over a reconnection", async () => {
      const { pushIt, peer, list } = await listed();
      const next = await reconnected(bench, pushIt, peer);
      const frame = await next.frames.take();
      expect(frame.data!.channels).toEqual([{ channel: "a", since: at(10), present: false }]);
      replay(next, frame, { position: at(12), messages: replayed(11, 12), recovered: true });
      await until(() => list.value.messages.length === 4);
      expect([shown(list), list.value.recovered]).toEqual([[9, 10, 11, 12], true]);
    });

    it.each([
      ["a gap", [98, 99], [98, 99]],
      ["messages that continue the list", [10, 11], [9, 10, 11]],
    ])("reads the newest after a loss: %s", async (_, page, expected) => {
      const { pushIt, peer, list } = await listed();
      const next = await reconnected(bench, pushIt, peer);
      const position = at(page.at(-1)!);
      replay(next, await next.frames.take(), { position, recovered: false, code: "too_far_behind" });
      const asked = await next.frames.find(({ action }) => action === "history");
      older(next, asked, [...page].reverse(), { more: true });
      await until(() => shown(list).includes(page[1]));
      expect([shown(list), list.value.recovered, list.value.hasOlder]).toEqual([expected, false, true]);
    });

    it("shows own messages at once, and each once", async () => {
      const { peer, list } = await listed();
      const uuid = list.value.publish("Hello");
      await until(() => list.value.messages.length === 3);
      expect(list.value.messages[2]).toMatchObject({ uuid, data: "Hello", status: "pending", own: true });
      peer.answer(await peer.frames.take());
      await until(() => list.value.messages[2]!.status === "sent");
      peer.send(numbered(11), { ...numbered(12), uuid, data: "Hello" }, numbered(13));
      await until(() => list.value.messages.length === 5);
      expect(statuses(list)).toEqual(["9 sent", "10 sent", "11 sent", "Hello sent", "13 sent"]);
      expect(list.value.messages.map(({ own }) => own)).toEqual([false, false, false, true, false]);
    });

    it("settles an own message that arrives before its reply", async () => {
      const { peer, list } = await listed();
      const uuid = list.value.publish("Hello");
      const frame = await peer.frames.take();
      peer.send({ ...numbered(11), uuid, data: "Changed by the guard" });
      await until(() => list.value.messages[2]?.status === "sent");
      peer.answer(frame);
      await quiet();
      expect(statuses(list)).toEqual(["9 sent", "10 sent", "Changed by the guard sent"]);
    });

    it("keeps a failed message, to publish it again with the same uuid", async () => {
      const { peer, list } = await listed();
      list.value.publish("Hello");
      const failed = await peer.frames.take();
      peer.answer(failed, { successful: false, code: "denied", error: "Too loud." });
      await until(() => list.value.messages[2]?.status === "failed");
      const { uuid, error } = list.value.messages[2]!;
      expect(error).toMatchObject({ code: "denied", message: "Too loud." });
      list.value.retry(uuid);
      const again = await peer.frames.take();
      expect([again.uuid, again.data]).toEqual([failed.uuid, "Hello"]);
      await until(() => list.value.messages[2]!.status === "pending");
      peer.answer(again);
      await until(() => list.value.messages[2]!.status === "sent");
      list.value.discard(uuid);
      await quiet();
      expect(list.value.messages).toHaveLength(3);
    });

    it("discards a failed message", async () => {
      const { peer, list } = await listed();
      const uuid = list.value.publish("Hello");
      peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
      await until(() => list.value.messages[2]?.status === "failed");
      list.value.discard(uuid!);
      await until(() => list.value.messages.length === 2);
    });

    it("keeps a bounded number, and the older messages that were loaded", async () => {
      const { peer, list } = await listed({ last: 2, max: 3 });
      const loading = list.value.loadOlder();
      older(peer, await peer.frames.take(), [8, 7], {});
      await loading;
      peer.send(numbered(11), numbered(12));
      await until(() => shown(list).includes(12));
      expect([shown(list), list.value.hasOlder]).toEqual([[8, 9, 10, 11, 12], true]);
    });

    it("removes messages that the back end has deleted", async () => {
      const { peer, list } = await listed();
      const deleted = { channel: "a", messages: [{ ...at(9), uuid: "ae19" }] };
      peer.send({ channel: "/meta/history", data: deleted });
      await until(() => list.value.messages.length === 1);
      expect(shown(list)).toEqual([10]);
      peer.send({ channel: "/meta/history", data: { channel: "a" } });
      await until(() => list.value.messages.length === 0);
    });

    it("has live messages alone on a channel without history", async () => {
      const { peer, page } = await begin({ automatic: false });
      const list = probe(() => useMessages("a"));
      await page.show(list.Component);
      peer.answer(await peer.frames.take());
      const asked = await peer.frames.take();
      peer.answer(asked, { successful: false, code: "no_history", error: "None." });
      await quiet();
      peer.send({ channel: "a", uuid: "m1", data: 1 });
      await until(() => list.value.messages.length === 1);
      expect(list.value).toMatchObject({ status: "subscribed", hasOlder: false, error: undefined });
      expect(actions(peer)).toEqual(["subscribe [{channel:a,present:false,last:50}]", "history a"]);
    });

    it("has live messages of a wildcard", async () => {
      const { peer, page } = await begin();
      const list = probe(() => useMessages("a/*"));
      await page.show(list.Component);
      await until(() => list.value.status === "subscribed");
      peer.send({ channel: "a/5", uuid: "m1", data: 1 });
      await until(() => list.value.messages.length === 1);
    });

    it("forgets the messages when the client is reset", async () => {
      const { pushIt, list } = await listed();
      pushIt.reset();
      await until(() => list.value.messages.length === 0);
      pushIt.connect();
      const peer = await bench.server.peers.take();
      newest(peer, await peer.frames.take(), 9, 10);
      await until(() => list.value.messages.length === 2);
    });

    it("begins anew after the server has ended the subscription", async () => {
      const { pushIt, peer, list } = await listed();
      const code = "revoked";
      peer.send({ channel: "/meta/unsubscribe", successful: true, code, error: "Left.", data: { channel: "a" } });
      await until(() => list.value.status === "denied");
      expect(shown(list)).toEqual([9, 10]);
      pushIt.connect({ credentials: "invited again" });
      const next = await bench.server.peers.take();
      newest(next, await next.frames.take(), 98, 99);
      await until(() => shown(list).includes(99));
      expect([shown(list), list.value.status]).toEqual([[98, 99], "subscribed"]);
    });

    it("knows own messages of other connections by their user", async () => {
      bench.server.introduces = false;
      const { peer, page, pushIt } = await begin({ automatic: false });
      const list = probe(() => useMessages("a"));
      await page.show(list.Component);
      const from = { connection: "other", userId: "ann" };
      replay(peer, await peer.frames.take(), {
        position: at(2),
        messages: [{ ...replayed(1)[0]!, from }, replayed(2)[0]!],
      });
      await until(() => list.value.messages.length === 2);
      expect([pushIt.me, list.value.messages[0]!.own]).toEqual([undefined, false]);
      peer.answer(peer.first!, { successful: true, data: { agent: "mine", userId: "ann" } });
      await until(() => list.value.messages[0]!.own);
      expect(list.value.messages[1]!.own).toBe(false);
    });
  });

  describe("useLatest", () => {
    it("has the channel's last message, also when it mounts again", async () => {
      const { peer, page } = await begin({ automatic: false });
      const [one, other] = [probe(() => useLatest("a")), probe(() => useChannel("b"))];
      await page.show(one.Component);
      const latest = { uuid: "l1", data: 20, offset: 5 };
      replay(peer, await peer.frames.take(), { latest } as object);
      await until(() => one.value.message?.data === 20);
      peer.send({ channel: "a", uuid: "l2", data: 21, offset: 6 });
      await until(() => one.value.message?.data === 21);
      await page.show(other.Component);
      bench.platform.advance(1_000);
      await quiet();
      await page.show(one.Component);
      expect(one.value.message?.data).toBe(21);
    });
  });
};
