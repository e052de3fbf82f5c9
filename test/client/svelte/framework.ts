import { mount, tick, unmount } from "svelte";
import { fromStore, writable } from "svelte/store";
import type { PushIt } from "push-it-client";
import * as hooks from "push-it-client/svelte";
import type { Framework, Page, Probe } from "../bindings/framework.js";
import { settled } from "../support/setup.js";
import { compiled } from "./compiled.js";

/** How often a page was shown: the arguments of hooks depend on it. */
const shown = fromStore(writable(0));

/** The property of the component Probe.svelte. */
interface Used {
  use(): unknown;
  render(result: object): string;
}

/** The fields now, also of several hooks. */
const plain = (result: object): object =>
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(result)).map(([key, { get, value }]) => [
      key,
      get ? (get() as unknown) : typeof value === "object" && value ? plain(value as object) : (value as unknown),
    ]),
  );

const probe = <Value>(use: () => Value): Probe<Value> => {
  let value: Value;
  let renders = 0;
  const Component: Used = {
    use,
    render(result) {
      value = plain(result) as Value;
      renders += 1;
      return "";
    },
  };
  return {
    Component,
    get value() {
      return value;
    },
    get renders() {
      return renders;
    },
  };
};

/** Waits until effects have run, and what they have sent has arrived. */
export const rendered = async (): Promise<void> => {
  await tick();
  for (let turn = 0; turn < 5; turn += 1) await settled();
};

const page = (client: PushIt): Page => {
  const components = fromStore(writable<unknown[]>([]));
  const mounted = mount(compiled("Page.svelte"), {
    target: document.createElement("div"),
    props: { client, components },
  });
  return {
    async show(...next) {
      shown.current += 1;
      components.current = next;
      await rendered();
    },
    unmount: () => void unmount(mounted),
  };
};

/** Svelte as the suites see it. */
export const svelte: Framework = {
  hooks: hooks,
  probe,
  page,
  reads: (get) => (() => [shown.current, get()][1]) as unknown as ReturnType<typeof get>,
};
