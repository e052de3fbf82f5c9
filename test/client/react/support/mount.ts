import { createElement, type FunctionComponent, type PropsWithChildren, StrictMode, useEffect } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import type { PushIt } from "push-it-client";
import * as hooks from "push-it-client/react";
import type { Framework, Page as AnyPage, Probe } from "../../bindings/framework.js";
import { settled } from "../../support/setup.js";
import { appOf } from "./app.js";

export const probe = <Value>(use: () => Value): Probe<Value, FunctionComponent> => {
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
export class Page implements AnyPage {
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

/** React as the suites see it. */
export const react: Framework = {
  hooks,
  probe,
  page: (client) => new Page(client),
  reads: (get) => get(),
};
