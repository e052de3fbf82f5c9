import { arrived, at, subscribed, targets } from "./support/recorded.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

const show = (hidden: boolean): void => {
  bench.platform.document.hidden = hidden;
  bench.platform.dispatch("visibilitychange");
};

describe("a page that is hidden", () => {
  it("gives up its connection after a while, and goes on where it was when it is seen again", async () => {
    const { pushIt, peer, states } = await subscribed(bench, { suspendWhenHidden: MINUTE / 2, checkInterval: 1e9 });
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

  it("keeps it where it is seen again in time, where it says nothing else, and where the application has disconnected", async () => {
    const { pushIt, states } = await subscribed(bench, { suspendWhenHidden: MINUTE, checkInterval: 1e9 });
    show(true);
    bench.platform.advance(MINUTE / 2);
    show(false);
    bench.platform.advance(MINUTE);
    expect(pushIt.state).toBe("connected");
    const other = await subscribed(bench, { checkInterval: 1e9 });
    show(true);
    pushIt.disconnect();
    bench.platform.advance(2 * MINUTE);
    await arrived(other.pushIt, other.peer);
    expect([pushIt.state, other.pushIt.state]).toEqual(["disconnected", "connected"]);
    expect(states.all.some(({ code }) => code === "suspended")).toBe(false);
  });
});
