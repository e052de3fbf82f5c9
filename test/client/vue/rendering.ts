import {
  type Component,
  computed,
  createApp,
  createSSRApp,
  defineComponent,
  effectScope,
  h,
  isProxy,
  KeepAlive,
  nextTick,
  reactive,
  ref,
  Suspense,
} from "vue";
import { renderToString } from "vue/server-renderer";
import { PushIt } from "push-it-client";
import { providePushIt, useChannel, useConnection, useMessages, usePresence, usePushIt } from "push-it-client/vue";
import { actions, quiet, until, useBench } from "../bindings/framework.js";
import { QUIET, replay } from "../support/recorded.js";
import { Everything } from "./everything.js";
import { probe, rendered, vue } from "./framework.js";

/** The part of Vue that Vite's plugin calls. */
interface HotReload {
  createRecord(id: string, component: Component): boolean;
  reload(id: string, component: Component): void;
}

/** Tests of rendering and of reactivity that only Vue has. */
export const renderingTests = (): void => {
  const { bench, pages, begin } = useBench(vue);

  /** Mounts an application of its own. */
  const mount = (client: PushIt, component: Component, create = createApp, html = "") => {
    const app = create(component);
    const container = document.createElement("div");
    container.innerHTML = html;
    providePushIt(client, app);
    app.mount(container);
    pages.push(app);
    return container;
  };

  it("renders empty snapshots on a server, and a page takes them over", async () => {
    bench.server.automatic = true;
    const client = new PushIt({ url: bench.server.url, autoConnect: false });
    const app = createSSRApp(Everything);
    providePushIt(client, app);
    const html = await renderToString(app);
    expect(html).toContain("disconnected subscribing 0,0,0 undefined");
    expect([client.state, bench.server.peers.waiting]).toEqual(["disconnected", 0]);

    const { pushIt } = await bench.connected(QUIET);
    const container = mount(pushIt, Everything, createSSRApp, html);
    await until(() => container.textContent.startsWith("connected subscribed"));
  });

  it("renders a server's page alike if its client is connected", async () => {
    const { pushIt } = await bench.connected(QUIET);
    const app = createSSRApp(Everything);
    providePushIt(pushIt, app);
    expect(await renderToString(app)).toContain("disconnected subscribing");
  });

  it("has the connection's state in setup", async () => {
    const { pushIt } = await begin();
    let state: string | undefined;
    mount(pushIt, () => h(defineComponent(() => ((state = useConnection().state.value), () => null))));
    expect(state).toBe("connected");
  });

  it("leaves a channel that KeepAlive hides, and returns to it", async () => {
    const { pushIt, peer } = await begin();
    const one = probe(() => vue.hooks.useChannel("a"));
    const isShown = ref(true);
    mount(pushIt, () => h(KeepAlive, () => (isShown.value ? h(one.Component) : null)));
    await until(() => one.value.status === "subscribed");
    isShown.value = false;
    await rendered();
    bench.platform.advance(1_000);
    await until(() => actions(peer).length === 2);
    isShown.value = true;
    await until(() => actions(peer).length === 3);
    await until(() => one.value.status === "subscribed");
    expect(actions(peer).map((action) => action.split(" ")[0])).toEqual(["subscribe", "unsubscribe", "subscribe"]);
  });

  it("subscribes a component that Suspense holds back once it is shown", async () => {
    const { pushIt, peer } = await begin();
    // Vue says that Suspense is experimental.
    const info = jest.spyOn(console, "info").mockImplementation();
    let resolve = (): void => {};
    const Later = defineComponent({
      setup: () => new Promise<() => null>((done) => (resolve = () => done(() => null))),
    });
    const one = probe(() => vue.hooks.useChannel("a"));
    const content = { default: () => h("div", [h(one.Component), h(Later)]), fallback: () => "wait" };
    const container = mount(pushIt, () => h(Suspense, null, content));
    await quiet();
    expect([container.textContent, actions(peer)]).toEqual(["wait", []]);
    resolve();
    await until(() => one.value.status === "subscribed");
    expect(actions(peer)).toHaveLength(1);
    info.mockRestore();
  });

  it("keeps the subscription and the list over a hot reload", async () => {
    const { pushIt, peer } = await begin();
    const hot = (globalThis as unknown as { __VUE_HMR_RUNTIME__: HotReload }).__VUE_HMR_RUNTIME__;
    const version = (text: string): Component & { __hmrId: string } => ({
      __hmrId: "room",
      setup() {
        const { messages } = useMessages("a", { last: 0 });
        return () => h("p", `${text} ${messages.value.length}`);
      },
    });
    const first = version("old");
    hot.createRecord("room", first);
    const container = mount(pushIt, () => h(first));
    await until(() => actions(peer).length === 1);
    await quiet();
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    await until(() => container.textContent === "old 1");
    hot.reload("room", version("new"));
    await rendered();
    bench.platform.advance(2_000);
    await quiet();
    expect([container.textContent, actions(peer).length, pushIt.state]).toEqual(["new 1", 1, "connected"]);
  });

  it("sets a state again when a field of it changes", async () => {
    const { pushIt, peer } = await begin({ automatic: false });
    const state = reactive({ at: { x: 1 } });
    mount(pushIt, () => h(defineComponent(() => (usePresence("a", state), () => null))));
    replay(peer, await peer.frames.take(), { presenceIntervalMs: 1e9 });
    const first = await peer.frames.find(({ action }) => action === "state");
    peer.answer(first);
    bench.platform.advance(250);
    state.at.x = 2;
    const second = await peer.frames.find(({ action }) => action === "state");
    expect([first, second].map(({ data }) => data!.state)).toEqual([{ at: { x: 1 } }, { at: { x: 2 } }]);
  });

  it("takes refs and getters for names and options", async () => {
    const { pushIt, peer } = await begin();
    const [name, enabled] = [ref("a"), ref(false)];
    const one = probe(() => vue.hooks.useChannel(name as never, { enabled: computed(() => enabled.value) as never }));
    mount(pushIt, () => h(one.Component));
    await quiet();
    expect(one.value.status).toBe("idle");
    enabled.value = true;
    await until(() => one.value.status === "subscribed");
    name.value = "b";
    await nextTick();
    expect(one.value.status).toBe("subscribing");
    await until(() => one.value.status === "subscribed");
    expect(actions(peer)).toEqual(["subscribe [{channel:a,present:false}]", "subscribe [{channel:b,present:false}]"]);
  });

  it("ends with the scope, also outside of components", async () => {
    const { pushIt, peer } = await begin();
    const app = createApp(() => null);
    providePushIt(pushIt, app);
    const scope = effectScope();
    const { status } = app.runWithContext(() => scope.run(() => useChannel("a")))!;
    await until(() => status.value === "subscribed");
    scope.stop();
    bench.platform.advance(1_000);
    await until(() => actions(peer).length === 2);
    expect(actions(peer)[1]).toBe("unsubscribe [a]");
  });

  it("gives its objects without proxies", async () => {
    const { pushIt, peer } = await begin();
    const list = probe(() => vue.hooks.useMessages("a", { last: 0 }));
    const held = ref<unknown>();
    mount(pushIt, () => h(defineComponent(() => ((held.value = usePushIt()), () => h(list.Component)))));
    await until(() => list.value.status === "subscribed");
    peer.send({ channel: "a", uuid: "u1", data: { text: "Hello" } });
    await until(() => list.value.messages.length === 1);
    expect([held.value, list.value.messages, list.value.messages[0]].map(isProxy)).toEqual([false, false, false]);
    expect(held.value).toBe(pushIt);
  });

  it("gives the client to the components below", async () => {
    const { pushIt } = await begin();
    let client: unknown;
    const Child = defineComponent(() => ((client = usePushIt()), () => null));
    const app = createApp(defineComponent(() => (providePushIt(pushIt), () => h(Child))));
    app.mount(document.createElement("div"));
    pages.push(app);
    expect(client).toBe(pushIt);
  });

  it("says what is missing without a client", () => {
    const app = createApp(() => null);
    expect(() => app.runWithContext(usePushIt)).toThrow("No client: call providePushIt().");
  });
};
