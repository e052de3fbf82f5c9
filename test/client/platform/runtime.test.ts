import WebSocket from "ws";
import { PushIt } from "push-it-client";
import { FakePlatform } from "../support/fake-platform.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

const url = "wss://push-it.test/live";

/** Runs with globals changed: `undefined` takes one away. */
const withGlobals = async (changed: Record<string, unknown>, run: () => unknown): Promise<void> => {
  const world = globalThis as unknown as Record<string, unknown>;
  const before = Object.keys(changed).map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const [name, value] of Object.entries(changed))
    if (value === undefined) delete world[name];
    else Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    await run();
  } finally {
    for (const [index, name] of Object.keys(changed).entries())
      if (before[index]) Object.defineProperty(globalThis, name, before[index]);
      else delete world[name];
  }
};

describe("a runtime that lacks something", () => {
  it.each([
    ["crypto", "react-native-get-random-values"],
    ["btoa", "base-64"],
  ])("%s: the error names the polyfill", async (name, polyfill) => {
    await withGlobals({ [name]: undefined }, () => {
      const make = (): unknown => new PushIt({ url, WebSocket, platform: new FakePlatform() });
      expect(make).toThrow(`This runtime has no ${name}.`);
      expect(make).toThrow(`"${polyfill}"`);
    });
  });

  it("crypto without getRandomValues: the same error", async () => {
    await withGlobals({ crypto: {} }, () => {
      expect(() => new PushIt({ url, WebSocket, platform: new FakePlatform() })).toThrow(
        "react-native-get-random-values",
      );
    });
  });

  it("the parts of a URL, as in React Native: works", async () => {
    class Incomplete {
      get host(): never {
        throw new Error("URL.host is not implemented");
      }
      get origin(): never {
        throw new Error("URL.origin is not implemented");
      }
    }
    await withGlobals({ URL: Incomplete }, () => {
      expect(() => new PushIt({ url, WebSocket, platform: new FakePlatform(), autoConnect: false })).not.toThrow();
    });
  });

  it("a document, as React Native: connects and notices a freeze", async () => {
    Object.assign(bench.platform, { document: undefined, addEventListener: undefined, removeEventListener: undefined });
    const { states } = await bench.connected();
    bench.platform.sleep(300_000);
    expect(await states.find(({ code }) => code === "frozen")).toMatchObject({ state: "connecting" });
    await states.find(({ code }) => code === "verified");
  });
});

describe("React Native's AppState", () => {
  it("in front again leads to a ping at once", async () => {
    const listeners: ((state: string) => void)[] = [];
    const appState = {
      currentState: "active",
      addEventListener: (_type: "change", listener: (state: string) => void) => {
        listeners.push(listener);
        return { remove: () => void listeners.splice(listeners.indexOf(listener), 1) };
      },
    };
    Object.assign(bench.platform, { document: undefined });
    const { pushIt, states, peer } = await bench.connected({ appState });
    for (const listener of [...listeners]) listener("background");
    // The system stops the app, and no timer fires.
    bench.platform.now += 300_000;
    for (const listener of [...listeners]) listener("active");
    expect(await states.find(({ code }) => code === "frozen")).toMatchObject({ state: "connecting" });
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
    await states.find(({ code }) => code === "verified");
    pushIt.disconnect();
    expect(listeners).toEqual([]);
  });
});

describe("autoConnect", () => {
  /** A platform with a WebSocket of its own, which counts. */
  const counting = () => {
    const made = jest.fn();
    class Counted extends WebSocket {
      constructor(url: string, protocols: string[]) {
        made();
        super(url, protocols);
      }
    }
    return { made, platform: Object.assign(bench.platform, { WebSocket: Counted }) };
  };

  it("is off on a server that renders pages: no window", async () => {
    const { made, platform } = counting();
    const pushIt = new PushIt({ url: bench.server.url, platform, channels: ["a"] });
    await settled();
    expect([pushIt.state, made.mock.calls.length, platform.timers]).toEqual(["disconnected", 0, 0]);
    pushIt.connect();
    expect(pushIt.state).toBe("connecting");
    pushIt.disconnect();
  });

  it.each([
    ["in a page", { window: {} }],
    ["in a worker", { WorkerGlobalScope: class {} }],
    ["in React Native", { navigator: { product: "ReactNative" } }],
  ])("is on %s", async (_where, globals) => {
    const { made, platform } = counting();
    await withGlobals(globals, async () => {
      const pushIt = new PushIt({ url: bench.server.url, platform });
      expect(pushIt.state).toBe("connecting");
      await settled();
      expect(made).toHaveBeenCalledTimes(1);
      pushIt.disconnect();
    });
  });

  it("is on when a WebSocket class is given", () => {
    const { pushIt } = bench.client();
    expect(pushIt.state).toBe("connecting");
  });
});

describe("an error is thrown at once for", () => {
  it.each([["https://example.com/live"], ["not a url"], [""], [undefined]])(
    "a url that is not a WebSocket URL: %p",
    (wrong) => {
      expect(() => new PushIt({ url: wrong as string, WebSocket })).toThrow(TypeError);
      expect(() => new PushIt({ url: wrong as string, WebSocket })).toThrow(/must be a WebSocket URL such as "wss:/);
    },
  );

  it("connect() without a WebSocket class", async () => {
    const pushIt = new PushIt({ url, platform: new FakePlatform() });
    expect(() => pushIt.connect()).toThrow('This runtime has no WebSocket. Pass a class as the option "WebSocket"');
    expect(pushIt.state).toBe("disconnected");
  });

  it("a page without a WebSocket class", async () => {
    await withGlobals({ window: {} }, () => {
      expect(() => new PushIt({ url, platform: new FakePlatform() })).toThrow("This runtime has no WebSocket.");
    });
  });
});

describe("a service worker of a browser extension", () => {
  it("keeps its connection and itself alive with frequent pings", async () => {
    Object.assign(bench.platform, { document: undefined });
    const { pushIt, states, peer } = await bench.connected({ pingInterval: 20_000 });
    for (let n = 0; n < 5; n++) {
      bench.platform.advance(20_000);
      expect(await peer.frames.take()).toMatchObject({ action: "ping" });
      // The reply has been handled when the next one has.
      await pushIt.channel("a").publish(n);
      await peer.frames.take();
    }
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });
});
