import { settled } from "../support/setup.js";
import { actions, type Framework, quiet, until, useBench } from "./framework.js";

/** Tests of the subscription, whatever the framework. */
export const channelTests = (framework: Framework): void => {
  const { bench, begin } = useBench(framework);
  const { probe, reads } = framework;
  const { useChannel, useConnection } = framework.hooks;

  describe("useChannel", () => {
    it("subscribes once for several components", async () => {
      const { peer, page } = await begin();
      const [one, two] = [probe(() => useChannel("a")), probe(() => useChannel("a"))];
      await page.show(one.Component, two.Component);
      await until(() => one.value.status === "subscribed" && two.value.status === "subscribed");
      expect(actions(peer)).toEqual(["subscribe [{channel:a,present:false}]"]);
    });

    it("stays subscribed for a moment after the last component has left", async () => {
      const { peer, page } = await begin();
      const one = probe(() => useChannel("a"));
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      await page.show();
      bench.platform.advance(900);
      await page.show(one.Component);
      bench.platform.advance(2_000);
      await quiet();
      expect([one.value.status, actions(peer).length]).toEqual(["subscribed", 1]);
      await page.show();
      bench.platform.advance(1_000);
      await until(() => actions(peer).length === 2);
      expect(actions(peer)[1]).toBe("unsubscribe [a]");
    });

    it("calls onMessage with each message", async () => {
      const { peer, page } = await begin();
      const received: number[] = [];
      const one = probe(() => useChannel<number>("a", { onMessage: ({ data }) => received.push(data) }));
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      peer.send({ channel: "a", uuid: "u1", data: 1 }, { channel: "a", uuid: "u2", data: 2 });
      await until(() => received.length === 2);
      await page.show();
      peer.send({ channel: "a", uuid: "u3", data: 3 });
      await quiet();
      expect([received, actions(peer).length]).toEqual([[1, 2], 1]);
    });

    it("gives the reason of a denial, and tries again later", async () => {
      const { peer, page } = await begin({ automatic: false });
      const one = probe(() => useChannel("a"));
      await page.show(one.Component);
      peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Not today." });
      await until(() => one.value.status === "denied");
      expect(one.value.error).toMatchObject({ code: "denied", message: "Not today.", channel: "a" });
      await page.show();
      bench.platform.advance(1_000);
      await page.show(one.Component);
      peer.answer(await peer.frames.find(({ action }) => action === "subscribe"));
      await until(() => one.value.status === "subscribed");
      expect(one.value.error).toBeUndefined();
    });

    it("gives the reason why the server ended the subscription", async () => {
      const { peer, page } = await begin();
      const one = probe(() => useChannel("a"));
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      const code = "revoked";
      peer.send({ channel: "/meta/unsubscribe", successful: true, code, error: "Left.", data: { channel: "a" } });
      await until(() => one.value.status === "denied");
      expect(one.value.error).toMatchObject({ code, message: "Left." });
    });

    it("follows a name that changes, and does nothing without one", async () => {
      const { peer, page } = await begin();
      let name: string | undefined;
      let enabled = true;
      const one = probe(() =>
        useChannel(
          reads(() => name),
          { enabled: reads(() => enabled) },
        ),
      );
      await page.show(one.Component);
      expect([one.value.status, actions(peer)]).toEqual(["idle", []]);
      name = "a";
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      name = "b";
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed" && actions(peer).length === 2);
      enabled = false;
      await page.show(one.Component);
      expect(one.value.status).toBe("idle");
      bench.platform.advance(1_000);
      await until(() => actions(peer).length === 3);
      expect(actions(peer)).toEqual([
        "subscribe [{channel:a,present:false}]",
        "subscribe [{channel:b,present:false}]",
        "unsubscribe [a,b]",
      ]);
    });

    it("survives to unmount while it subscribes", async () => {
      const { peer, page } = await begin({ automatic: false });
      const one = probe(() => useChannel("a"));
      await page.show(one.Component);
      const frame = await peer.frames.take();
      await page.show();
      bench.platform.advance(1_000);
      await settled();
      peer.answer(frame);
      expect(await peer.frames.take()).toMatchObject({ action: "unsubscribe" });
      expect(one.value.status).toBe("subscribing");
    });

    it("publishes, with the same function on each render", async () => {
      const { peer, page } = await begin();
      const one = probe(() => useChannel("a"));
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      await one.value.publish({ text: "Hello" }, { echo: false });
      const { publish } = one.value;
      await page.show(one.Component);
      expect([one.value.publish === publish, peer.frames.all.at(-1)!.data]).toEqual([true, { text: "Hello" }]);
    });

    it("passes a token with each subscription", async () => {
      const { peer, page } = await begin();
      let ticket = "one";
      const one = probe(() => useChannel("a", { token: () => ticket }));
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      ticket = "two";
      peer.socket.terminate();
      await until(() => one.value.status === "subscribing");
      bench.platform.advance(1_000);
      const next = await bench.server.peers.take();
      await until(() => one.value.status === "subscribed");
      expect([peer, next].flatMap(actions)).toEqual([
        "subscribe [{channel:a,present:false,token:one}]",
        "subscribe [{channel:a,present:false,token:two}]",
      ]);
    });

    it("subscribes again for another user", async () => {
      const { pushIt, peer, page } = await begin({ automatic: false });
      const one = probe(() => useChannel("a"));
      await page.show(one.Component);
      peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Who?" });
      await until(() => one.value.status === "denied");
      bench.server.automatic = true;
      pushIt.reset();
      pushIt.connect({ credentials: "other" });
      await until(() => one.value.status === "subscribed");
    });
  });

  describe("useConnection", () => {
    it("gives the state, its reason, the retry and the identity", async () => {
      const { pushIt, peer, page } = await begin();
      const one = probe(useConnection);
      await page.show(one.Component);
      expect(one.value).toMatchObject({ state: "connected", me: { agent: pushIt.me!.agent } });
      peer.socket.terminate();
      await until(() => one.value.state === "connecting");
      expect(one.value).toMatchObject({ code: "closed", retryIn: 500, me: undefined });
      one.value.connect();
      await until(() => one.value.me);
      expect([one.value.state, one.value.retryIn]).toEqual(["connected", undefined]);
    });
  });
};
