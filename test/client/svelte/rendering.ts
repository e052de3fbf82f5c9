import { type Component, flushSync, hydrate, mount, unmount } from "svelte";
import { actions, quiet, until, useBench } from "../bindings/framework.js";
import { replay } from "../support/recorded.js";
import { compiled } from "./compiled.js";
import { rendered, svelte } from "./framework.js";
import { SERVER_HTML } from "./server-html.js";

/** Tests of rendering and of reactivity that only Svelte has. */
export const renderingTests = (): void => {
  const { bench, pages, begin } = useBench(svelte);

  /** Mounts a component, and gives its element. */
  const mounted = (component: Component<Record<string, unknown>>, props: Record<string, unknown>, html?: string) => {
    const target = document.createElement("div");
    // Svelte listens at the element for the events of all of its buttons.
    document.body.append(target);
    target.innerHTML = html ?? "";
    const instance = (html === undefined ? mount : hydrate)(component, { target, props });
    pages.push({ unmount: () => void unmount(instance) });
    return target;
  };

  it("takes over what a server rendered, without a warning", async () => {
    const { pushIt } = await begin();
    const target = mounted(compiled("Provided.svelte"), { client: pushIt }, SERVER_HTML);
    await until(() => target.textContent.startsWith("connected subscribed"));
    expect(target.querySelector("b")).not.toBeNull();
  });

  it("follows names, options and states that are runes", async () => {
    const { pushIt, peer } = await begin({ automatic: false });
    const seen: string[] = [];
    const target = mounted(compiled("RoomPage.svelte"), { client: pushIt, seen });
    const press = (id: string): void => flushSync(() => target.querySelector<HTMLElement>(`#${id}`)!.click());
    await quiet();
    expect([seen, actions(peer)]).toEqual([["a idle 0"], []]);

    press("enable");
    replay(peer, await peer.frames.take(), { presenceIntervalMs: 1e9 });
    const first = await peer.frames.take();
    peer.answer(first);
    press("move");
    bench.platform.advance(250);
    const second = await peer.frames.take();
    peer.answer(second);
    expect([first, second].map(({ data }) => data!.state)).toEqual([{ x: 1 }, { x: 2 }]);
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    await until(() => seen.at(-1) === "a subscribed 1");

    press("leave");
    await rendered();
    expect(seen.at(-1)).toBe("b subscribing 0");
    expect(seen.length).toBeLessThan(12);
    expect((await peer.frames.take()).data!.channels).toEqual(["b"]);
  });

  it("says what is missing without a client", () => {
    const component = compiled("Without.svelte");
    const target = document.createElement("div");
    expect(() => mount(component, { target, props: {} })).toThrow("No client: call providePushIt(pushIt)");
  });
};
