import type { Json } from "../../../protocol/index.js";
import { replay } from "../support/recorded.js";
import type { ClientFrame, Peer } from "../support/scripted-server.js";
import { actions, type Framework, quiet, until, useBench } from "./framework.js";

/** Notifies a client of a change of a member. */
const notify = (peer: Peer, change: object): void =>
  peer.send({ channel: "/meta/presence", data: { channel: "a", at: (time += 1), ...change } });
let time = 0;

/** Answers a subscription on a channel with presence: an observer gets no interval. */
const answer = (peer: Peer, frame: ClientFrame): void => {
  const [target] = frame.data!.channels as unknown as [{ present?: false }];
  replay(peer, frame, target.present === false ? {} : { presenceIntervalMs: 1e9 });
};

/** Answers a request for the members. */
const members = (peer: Peer, frame: ClientFrame, ...agents: string[]): void =>
  peer.send({
    channel: "/meta/presence",
    uuid: frame.uuid,
    successful: true,
    data: { channel: "a", count: agents.length, members: agents.map((agent) => ({ agent, connections: [agent] })) },
  });

/** Tests of members, whatever the framework. */
export const presenceTests = (framework: Framework): void => {
  const { bench, begin } = useBench(framework);
  const { probe, reads } = framework;
  const { useChannel, useMembers, useMessages, usePresence, useTyping } = framework.hooks;

  /** The states that this client has set, answered. */
  const states = async (peer: Peer, count: number): Promise<(Json | undefined)[]> => {
    for (let at = 0; at < count; at += 1) peer.answer(await peer.frames.find(({ action }) => action === "state"));
    return peer.frames.all.filter(({ action }) => action === "state").map(({ data }) => data!.state);
  };

  describe("useMembers", () => {
    it("observes, reads the members, and follows their events", async () => {
      const { peer, page, pushIt } = await begin({ automatic: false });
      const one = probe(() => useMembers("a"));
      await page.show(one.Component);
      answer(peer, await peer.frames.take());
      const reading = await peer.frames.take();
      // Events that race the reading count more than it.
      notify(peer, { joined: { agent: "new", info: { name: "Grace" } } });
      notify(peer, { left: { agent: "old" } });
      await quiet();
      members(peer, reading, "old", pushIt.me!.agent);
      await until(() => one.value.members.length === 2);
      const own = pushIt.me!.agent;
      expect(one.value.members.map(({ agent, own }) => [agent, own])).toEqual([
        [own, true],
        ["new", false],
      ]);
      notify(peer, { changed: { agent: "new", state: { hand: "up" } } });
      await until(() => one.value.members[1]!.state);
      expect(one.value.members[1]).toMatchObject({ info: { name: "Grace" }, state: { hand: "up" } });
      notify(peer, { left: { agent: "new" } });
      await until(() => one.value.members.length === 1);
      expect(actions(peer)).toEqual(["subscribe [{channel:a,present:false}]", "presence a"]);
    });

    it("reads the members again after an error that may pass", async () => {
      const { peer, page } = await begin({ automatic: false });
      const one = probe(() => useMembers("a"));
      await page.show(one.Component);
      answer(peer, await peer.frames.take());
      const code = "rate_limited";
      peer.answer(await peer.frames.take(), { successful: false, code, error: "Slow down." });
      await until(() => one.value.error?.code === code);
      bench.platform.advance(2_000);
      members(peer, await peer.frames.take(), "x");
      await until(() => one.value.members.length === 1);
      expect(one.value.status).toBe("subscribed");
    });

    it("says why there are none, on a channel without presence", async () => {
      const { peer, page } = await begin({ automatic: false });
      const one = probe(() => useMembers("a"));
      await page.show(one.Component);
      answer(peer, await peer.frames.take());
      peer.answer(await peer.frames.take(), { successful: false, code: "no_presence", error: "No." });
      await until(() => one.value.error?.code === "no_presence");
      expect(one.value.status).toBe("subscribed");
    });
  });

  describe("usePresence", () => {
    it("enters with one subscription, next to components that look", async () => {
      const { peer, page } = await begin({ automatic: false });
      const [list, enters] = [
        probe(() => useMessages("a", { last: 0 })),
        probe(() => usePresence("a", { at: "desk" })),
      ];
      await page.show(list.Component, enters.Component);
      answer(peer, await peer.frames.take());
      expect(await states(peer, 1)).toEqual([{ at: "desk" }]);
      expect(actions(peer)[0]).toBe("subscribe [a]");
    });

    it("enters after another component has looked, and leaves before it", async () => {
      const { peer, page } = await begin({ automatic: false });
      const [looks, enters] = [probe(() => useChannel("a")), probe(() => usePresence("a", 1))];
      await page.show(looks.Component);
      answer(peer, await peer.frames.take());
      await until(() => looks.value.status === "subscribed");
      await page.show(looks.Component, enters.Component);
      answer(peer, await peer.frames.take());
      expect(await states(peer, 1)).toEqual([1]);
      await page.show(looks.Component);
      bench.platform.advance(1_000);
      answer(peer, await peer.frames.find(({ action }) => action === "subscribe"));
      expect(actions(peer).filter((each) => each.startsWith("subscribe"))).toEqual([
        "subscribe [{channel:a,present:false}]",
        "subscribe [a]",
        "subscribe [{channel:a,present:false}]",
      ]);
    });

    it("sets a state that changes, at most four times a second", async () => {
      const { peer, page } = await begin({ automatic: false });
      let state = 0;
      const enters = probe(() =>
        usePresence(
          "a",
          reads(() => state),
        ),
      );
      await page.show(enters.Component);
      answer(peer, await peer.frames.take());
      await states(peer, 1);
      for (state = 1; state < 5; state += 1) await page.show(enters.Component);
      state = 4;
      bench.platform.advance(250);
      expect(await states(peer, 1)).toEqual([0, 4]);
    });

    it("says why the state was refused", async () => {
      const { peer, page } = await begin({ automatic: false });
      const enters = probe(() => usePresence("a", "rude"));
      await page.show(enters.Component);
      answer(peer, await peer.frames.take());
      peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Be nice." });
      await until(() => enters.value.error?.message === "Be nice.");
      expect(enters.value.status).toBe("subscribed");
    });
  });

  describe("useTyping", () => {
    it("is seen while keys are pressed, and for three seconds", async () => {
      const { peer, page } = await begin({ automatic: false });
      const [one, enters] = [probe(() => useTyping("a")), probe(() => usePresence("a", { at: "desk" }))];
      await page.show(one.Component, enters.Component);
      answer(peer, await peer.frames.take());
      await states(peer, 1);
      bench.platform.advance(250);
      for (let key = 0; key < 20; key += 1) one.value.keystroke();
      expect(await states(peer, 1)).toEqual([{ at: "desk" }, { at: "desk", typing: 1 }]);
      bench.platform.advance(3_000);
      expect((await states(peer, 1)).at(-1)).toEqual({ at: "desk" });
    });

    it("enters with the first key, and stops when the message is sent", async () => {
      const { peer, page } = await begin({ automatic: false });
      const one = probe(() => useTyping("a"));
      await page.show(one.Component);
      answer(peer, await peer.frames.take());
      await until(() => one.value.status === "subscribed");
      one.value.keystroke();
      answer(peer, await peer.frames.take());
      expect(await states(peer, 1)).toEqual([{ typing: 1 }]);
      one.value.stop();
      await quiet();
      bench.platform.advance(250);
      expect(await states(peer, 1)).toEqual([{ typing: 1 }, null]);
    });

    it("shows others until they stop, leave or fall silent", async () => {
      const { peer, page } = await begin({ automatic: false });
      const one = probe(() => useTyping("a"));
      const typing = (): string[] => one.value.typing.map(({ agent }) => agent);
      await page.show(one.Component);
      answer(peer, await peer.frames.take());
      for (const agent of ["x", "y", "z"]) notify(peer, { changed: { agent, state: { typing: 1 } } });
      await until(() => typing().length === 3);
      notify(peer, { changed: { agent: "x" } });
      notify(peer, { left: { agent: "y" } });
      await until(() => typing().length === 1);
      expect(typing()).toEqual(["z"]);
      bench.platform.advance(12_000);
      await until(() => typing().length === 0);
    });
  });
};
