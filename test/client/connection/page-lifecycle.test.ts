import { PageLifecycle } from "../../../client/src/connection/page-lifecycle.js";
import type { AppStateLike } from "../../../client/src/platform/platform.js";
import { FakeConnection, FakeInternals, FakeTransport } from "../support/fake-internals.js";
import { Bench } from "../support/setup.js";

const MINUTE = 60_000;

const make = ({ announcesFreezes = false, appState }: { announcesFreezes?: boolean; appState?: AppStateLike } = {}) => {
  const client = new FakeInternals(appState && { appState });
  const { platform } = client;
  if (announcesFreezes) platform.document.onfreeze = null;
  const connection = new FakeConnection();
  connection.transport = new FakeTransport(platform.now);
  const lifecycle = new PageLifecycle(client, connection);
  lifecycle.onConnecting();
  connection.calls.length = 0;
  const show = (isVisible: boolean): void => {
    platform.document.hidden = !isVisible;
    platform.dispatch("visibilitychange");
  };
  return { client, platform, connection, lifecycle, calls: connection.calls, show };
};

const FROZEN = ["doubt", "frozen"];

describe("the page's life", () => {
  it("a jump of the clock is a freeze, and is checked", () => {
    const { platform, calls } = make();
    platform.advance(MINUTE);
    expect(calls).toEqual([]);
    platform.sleep(2 * MINUTE);
    expect(calls).toEqual([["reconnectNow"], FROZEN]);
  });

  it.each([16_000, MINUTE, 24 * 60 * MINUTE])("a freeze of %d ms is noticed", (milliseconds) => {
    const { platform, calls } = make();
    platform.sleep(milliseconds);
    expect(calls).toContainEqual(FROZEN);
  });

  it("a freeze is noticed as soon as the page is visible", () => {
    const { platform, calls, show } = make();
    show(false);
    // The clock jumps, and no timer has fired yet.
    platform.now += 3 * MINUTE;
    show(true);
    expect(calls).toEqual([["reconnectNow"], FROZEN]);
  });

  it("a throttled background tab, woken once a minute, is not frozen", () => {
    const { platform, calls, show } = make({ announcesFreezes: true });
    show(false);
    for (let minute = 0; minute < 10; minute++) platform.sleep(MINUTE);
    expect(calls).toEqual([]);
  });

  it("a hidden tab that sleeps longer is frozen", () => {
    const { platform, calls, show } = make({ announcesFreezes: true });
    show(false);
    platform.sleep(10_000 + 65_001);
    expect(calls).toContainEqual(FROZEN);
  });

  it.each([
    ["resume", {}],
    ["pageshow", { persisted: true }],
  ])("%s ends a freeze that the browser announced", (event, fields) => {
    const { platform, calls } = make();
    platform.dispatch(event, fields);
    expect(calls).toEqual([["reconnectNow"], FROZEN]);
  });

  it("pageshow of a page that was not cached is ignored", () => {
    const { platform, calls } = make();
    platform.dispatch("pageshow", { persisted: false });
    expect(calls).toEqual([]);
  });

  it("a visible page pings unless a frame arrived recently", () => {
    const { platform, calls, show, connection } = make();
    platform.advance(20_000);
    show(true);
    expect(calls).toEqual([["reconnectNow"]]);
    platform.advance(10_001);
    show(true);
    expect(calls.slice(1)).toEqual([["reconnectNow"], ["ping"]]);
    connection.transport!.lastReceivedAt = platform.now;
    show(true);
    expect(calls.slice(3)).toEqual([["reconnectNow"]]);
  });

  it("offline leads to a check of the connection at once", () => {
    const { platform, calls } = make();
    platform.dispatch("offline");
    expect(calls).toEqual([["doubt", "offline"]]);
  });

  it("online leads to an attempt at once", () => {
    const { platform, calls } = make();
    platform.dispatch("online");
    expect(calls[0]).toEqual(["reconnectNow"]);
  });

  it("a page that was just hidden stays connected", () => {
    const { calls, show } = make();
    show(false);
    expect(calls).toEqual([]);
  });

  it("is ignored while the client is not active", () => {
    const { client, platform, calls, lifecycle, show } = make();
    client.isActive = false;
    lifecycle.onDisconnected();
    expect([platform.timers, platform.listeners]).toEqual([0, 0]);
    platform.sleep(MINUTE);
    show(true);
    expect(calls).toEqual([]);
  });

  it("is observed while the client reconnects", () => {
    const { platform, calls, lifecycle } = make();
    lifecycle.onDisconnected();
    platform.dispatch("online");
    expect(calls[0]).toEqual(["reconnectNow"]);
  });
});

describe("a runtime without a document", () => {
  it("works, for example a service worker", () => {
    const client = new FakeInternals();
    Object.assign(client.platform, { document: undefined });
    const connection = new FakeConnection();
    new PageLifecycle(client, connection).onConnecting();
    client.platform.sleep(MINUTE);
    expect(connection.calls).toContainEqual(FROZEN);
  });
});

describe("React Native's AppState", () => {
  /** An `AppState` that a test changes. */
  const appStateOf = () => {
    const listeners: ((state: string) => void)[] = [];
    const appState: AppStateLike = {
      currentState: "active",
      addEventListener: (_type, listener) => {
        listeners.push(listener);
        return { remove: () => {} };
      },
    };
    return { appState, change: (state: string): void => listeners.forEach((listener) => listener(state)) };
  };

  it("back in front leads to a ping or reconnection at once", () => {
    const { appState, change } = appStateOf();
    const { platform, calls } = make({ appState });
    change("background");
    platform.advance(5 * MINUTE);
    expect(calls).toEqual([]);
    change("active");
    expect(calls).toEqual([["reconnectNow"], ["ping"]]);
  });

  it("after a suspension by the system is a freeze", () => {
    const { appState, change } = appStateOf();
    const { platform, calls } = make({ appState });
    change("background");
    platform.now += 5 * MINUTE;
    change("active");
    expect(calls).toEqual([["reconnectNow"], FROZEN]);
  });

  it("closes the connection in the background, if the option is set", () => {
    const { appState, change } = appStateOf();
    const client = new FakeInternals({ appState, suspendWhenHidden: MINUTE });
    const connection = new FakeConnection();
    new PageLifecycle(client, connection).onConnecting();
    connection.calls.length = 0;
    change("background");
    client.platform.advance(MINUTE);
    expect(connection.calls).toEqual([["lose", "suspended", "", expect.any(Number)]]);
  });
});

describe("clients that are gone", () => {
  const bench = Bench.use();

  it("have no listeners on the page any more", async () => {
    const before = bench.platform.listeners;
    const { pushIt, peer } = await bench.connected();
    expect(bench.platform.listeners).toBeGreaterThan(before);
    pushIt.disconnect();
    await peer.closed;
    expect(bench.platform.listeners).toBe(before);
  });
});
