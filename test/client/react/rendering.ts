import { createElement, lazy, startTransition, Suspense, useState } from "react";
import { useChannel, useMessages } from "push-it-client/react";
import { actions, quiet, until, useBench } from "../bindings/framework.js";
import { QUIET } from "../support/recorded.js";
import { Everything } from "./support/everything.js";
import { Page, probe } from "./support/mount.js";
import type * as ServerPage from "./support/server-page.js";

/** A server of pages has its own copies of all modules: React complains if one process renders in both ways at once. */
const serverPage = () => {
  jest.resetModules();
  return jest.requireActual<typeof ServerPage>("./support/server-page.js");
};

/** Tests of rendering on servers and of concurrent rendering, whatever the version of React. */
export const renderingTests = (): void => {
  const { bench, pages, begin } = useBench<Page>({ page: (client) => new Page(client) });

  describe("on a server", () => {
    it("renders empty snapshots, and a page takes them over without a warning", async () => {
      bench.server.automatic = true;
      const { html, state } = await serverPage().renderOnServer(bench.server.url);
      expect(html).toContain("disconnected subscribing 0,0,0 undefined");
      expect([state, bench.server.peers.waiting]).toEqual(["disconnected", 0]);

      const { pushIt } = await bench.connected(QUIET);
      const page = new Page(pushIt, { html, components: [Everything] });
      pages.push(page);
      await until(() => page.container.textContent.startsWith("connected subscribed"));
    });
  });

  describe("functions of the last render", () => {
    it("calls the latest onMessage, and subscribes once", async () => {
      const { peer, page } = await begin();
      const received: string[] = [];
      let listener = "first";
      const one = probe(() => {
        const name = listener;
        return useChannel<number>("a", { onMessage: ({ data }) => received.push(`${name} ${data}`) });
      });
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      peer.send({ channel: "a", uuid: "u1", data: 1 });
      await until(() => received.length === 1);
      listener = "second";
      await page.show(one.Component);
      peer.send({ channel: "a", uuid: "u2", data: 2 });
      await until(() => received.length === 2);
      expect([received, actions(peer).length]).toEqual([["first 1", "second 2"], 1]);
    });

    it("passes the latest token", async () => {
      const { peer, page } = await begin();
      let ticket = "one";
      const one = probe(() => {
        const token = ticket;
        return useChannel("a", { token: () => token });
      });
      await page.show(one.Component);
      await until(() => one.value.status === "subscribed");
      ticket = "two";
      await page.show(one.Component);
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
  });

  describe("concurrent rendering", () => {
    it("shows one value in all components during a transition", async () => {
      const { peer, page } = await begin();
      let advance = (): void => {};
      const torn: string[] = [];
      const Row = ({ seen }: { seen: unknown[] }) => {
        const { messages } = useMessages("a", { last: 0 });
        // Long enough that React yields between rows.
        for (const end = performance.now() + 3; performance.now() < end;);
        seen.push(messages.length);
        return null;
      };
      const App = () => {
        const [step, setStep] = useState(0);
        advance = () => startTransition(() => setStep((before) => before + 1));
        const seen: unknown[] = [];
        const Check = () => {
          if (new Set(seen).size > 1) torn.push(seen.join());
          return null;
        };
        return [
          ...Array.from({ length: 10 }, (_, key) => createElement(Row, { key: `${step} ${key}`, seen })),
          createElement(Check, { key: "check" }),
        ];
      };
      const other = probe(() => useMessages("a", { last: 0 }));
      await page.show(App, other.Component);
      await until(() => other.value.status === "subscribed");
      for (let number = 1; number <= 5; number += 1) {
        advance();
        peer.send({ channel: "a", uuid: `m${number}`, data: number });
        await quiet();
      }
      await until(() => other.value.messages.length === 5);
      expect([torn, actions(peer).length]).toEqual([[], 1]);
    });

    it("keeps the subscription of a component that suspends", async () => {
      const { peer, page } = await begin();
      let resolve = (_module: { default: () => null }): void => {};
      const Later = lazy(() => new Promise<{ default: () => null }>((done) => (resolve = done)));
      const one = probe(() => useChannel("a"));
      const App = () =>
        createElement(Suspense, { fallback: "wait" }, createElement(one.Component), createElement(Later));
      await page.show(App);
      expect([page.container.textContent, actions(peer)]).toEqual(["wait", []]);
      resolve({ default: () => null });
      await until(() => one.value?.status === "subscribed");
      expect(actions(peer)).toHaveLength(1);
    });
  });
};
