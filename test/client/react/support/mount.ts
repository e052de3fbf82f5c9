import { createElement, type FunctionComponent, type PropsWithChildren, StrictMode, useEffect } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import type { PushIt } from "push-it-client";
import { clock } from "../../../../client/src/stores/clock.js";
import { QUIET } from "../../support/recorded.js";
import type { Peer } from "../../support/scripted-server.js";
import { Bench, settled } from "../../support/setup.js";
import { appOf } from "./app.js";

/** A component that uses a hook, and what it returned last. */
export interface Probe<Value> {
  Component: FunctionComponent;
  readonly value: Value;
  /** How often it was rendered. */
  readonly renders: number;
}

export const probe = <Value>(use: () => Value): Probe<Value> => {
  let value: Value;
  let renders = 0;
  const Component = () => {
    value = use();
    renders += 1;
    return null;
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

/** Calls a function when the effects of its children have run. */
const Committed: FunctionComponent<PropsWithChildren<{ onCommit: () => void }>> = ({ onCommit, children }) => {
  useEffect(onCommit);
  return children;
};

/** Mounted components of one client. */
export class Page {
  readonly container = document.createElement("div");
  readonly #client: PushIt;
  readonly #root: Root;

  constructor(client: PushIt, hydrated?: { html: string; components: FunctionComponent[] }) {
    this.#client = client;
    if (hydrated) this.container.innerHTML = hydrated.html;
    this.#root = hydrated
      ? hydrateRoot(this.container, appOf(client, hydrated.components))
      : createRoot(this.container);
  }

  /** Renders these components and no others, and waits until their effects have run. */
  async show(...components: FunctionComponent[]): Promise<void> {
    await new Promise<void>((onCommit) => {
      const app = createElement(Committed, { onCommit }, appOf(this.#client, components));
      this.#root.render(createElement(StrictMode, null, app));
    });
    for (let turn = 0; turn < 5; turn += 1) await settled();
  }

  unmount(): void {
    this.#root.unmount();
  }
}

/** Waits until a condition holds. */
export const until = async (condition: () => unknown): Promise<void> => {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`This never came true: ${condition}`);
    await settled();
  }
};

/** Lets everything that is under way arrive. */
export const quiet = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 30));
  await settled();
};

/** The actions of the frames that a server received, with their channels. */
export const actions = (peer: Peer): string[] =>
  peer.frames.all.map(({ action, channel, data }) =>
    action === "subscribe" || action === "unsubscribe"
      ? `${action} ${JSON.stringify(data!.channels).replace(/"/g, "")}`
      : `${action} ${data?.channel ?? channel}`,
  );

/** A bench with the stores on its clock, whose tests fail if anything is written to the console. */
export const useBench = () => {
  const bench = Bench.use();
  const pages: Page[] = [];
  const { after } = clock;
  let spies: jest.SpyInstance[] = [];
  beforeEach(() => {
    clock.after = (milliseconds, callback) => {
      const timer = bench.platform.setTimeout(callback, milliseconds);
      return () => bench.platform.clearTimeout(timer);
    };
    spies = (["error", "warn"] as const).map((method) => jest.spyOn(console, method));
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) page.unmount();
    await settled();
    clock.after = after;
    const written = spies.flatMap((spy) => spy.mock.calls as unknown[][]);
    for (const spy of spies) spy.mockRestore();
    expect(written).toEqual([]);
  });
  /** A connected client with a page, and the server's end of its connection. */
  const begin = async ({ automatic = true } = {}) => {
    bench.server.automatic = automatic;
    const connected = await bench.connected(QUIET);
    const page = new Page(connected.pushIt);
    pages.push(page);
    return { ...connected, page };
  };
  return { bench, pages, begin };
};
