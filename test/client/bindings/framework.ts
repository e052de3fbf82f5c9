import type { PushIt } from "push-it-client";
import type * as Hooks from "push-it-client/react";
import { clock } from "../../../client/src/stores/clock.js";
import { QUIET } from "../support/recorded.js";
import type { Peer } from "../support/scripted-server.js";
import { Bench, settled } from "../support/setup.js";

/** A component that uses a hook, and the fields that the hook had when it was last rendered. */
export interface Probe<Value, Component = unknown> {
  Component: Component;
  readonly value: Value;
  /** How often it was rendered. */
  readonly renders: number;
}

/** Mounted components of one client. */
export interface Page {
  /** Renders these components and no others, and waits until their effects have run. */
  show(...components: unknown[]): Promise<void>;
  unmount(): void;
}

/** A framework with a binding. The suites see the hooks of each as React's: they are called alike, and return the same. */
export interface Framework {
  hooks: Omit<typeof Hooks, "PushItProvider">;
  probe<Value>(use: () => Value): Probe<Value>;
  page(client: PushIt): Page;
  /** An argument of a hook that is read again whenever the page is shown. */
  reads<Value>(get: () => Value): Value;
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

/** Fails tests that write to the console. */
export const useSilentConsole = (): void => {
  let spies: jest.SpyInstance[] = [];
  beforeEach(() => {
    spies = (["error", "warn"] as const).map((method) => jest.spyOn(console, method));
  });
  afterEach(() => {
    const written = spies.flatMap((spy) => spy.mock.calls as unknown[][]);
    for (const spy of spies) spy.mockRestore();
    expect(written).toEqual([]);
  });
};

/** A bench with the stores on its clock, whose tests fail if anything is written to the console. */
export const useBench = <Mounted extends Page>(framework: { page(client: PushIt): Mounted }) => {
  useSilentConsole();
  const bench = Bench.use();
  const pages: Pick<Page, "unmount">[] = [];
  const { after } = clock;
  beforeEach(() => {
    clock.after = (milliseconds, callback) => {
      const timer = bench.platform.setTimeout(callback, milliseconds);
      return () => bench.platform.clearTimeout(timer);
    };
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) page.unmount();
    await settled();
    clock.after = after;
  });
  /** A connected client with a page, and the server's end of its connection. */
  const begin = async ({ automatic = true } = {}) => {
    bench.server.automatic = automatic;
    const connected = await bench.connected(QUIET);
    const page = framework.page(connected.pushIt);
    pages.push(page);
    return { ...connected, page };
  };
  return { bench, pages, begin };
};
