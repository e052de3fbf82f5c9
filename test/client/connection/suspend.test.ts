import { arrived, at, subscribed, targets } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;
const QUIET = { checkInterval: 1e9, pingInterval: 1e9 };

const show = (hidden: boolean): void => {
  bench.platform.document.hidden = hidden;
  bench.platform.dispatch("visibilitychange");
};

describe("a page that is hidden", () => {
  it("closes its connection, and continues from its positions", async () => {
    const { pushIt, peer, states } = await subscribed(bench, { suspendWhenHidden: MINUTE / 2, ...QUIET });
    show(true);
    bench.platform.advance(MINUTE / 2);
    expect(await states.find(({ code }) => code === "suspended")).toMatchObject({ state: "connecting" });
    await peer.closed;
    bench.platform.advance(24 * 60 * MINUTE);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
    show(false);
    const next = await bench.server.peers.take();
    expect(targets(await next.frames.take())).toEqual([{ channel: "a", since: at(10) }]);
    expect(pushIt.state).toBe("connected");
  });

  it("keeps its connection when it is visible again in time", async () => {
    const { pushIt, peer, states } = await subscribed(bench, { suspendWhenHidden: MINUTE, ...QUIET });
    show(true);
    bench.platform.advance(MINUTE / 3);
    show(false);
    await arrived(pushIt, peer);
    bench.platform.advance(MINUTE);
    expect(pushIt.state).toBe("connected");
    expect(states.all.some(({ code }) => code === "suspended")).toBe(false);
  });

  it("keeps its connection by default", async () => {
    const { pushIt } = await subscribed(bench, QUIET);
    show(true);
    bench.platform.advance(10 * MINUTE);
    expect(pushIt.state).toBe("connected");
  });

  it("stays disconnected when the application has disconnected", async () => {
    const { pushIt, states } = await subscribed(bench, { suspendWhenHidden: MINUTE, ...QUIET });
    show(true);
    pushIt.disconnect();
    bench.platform.advance(2 * MINUTE);
    show(false);
    await settled();
    expect(pushIt.state).toBe("disconnected");
    expect(states.all.some(({ code }) => code === "suspended")).toBe(false);
    expect(bench.server.peers.waiting).toBe(0);
  });
});
