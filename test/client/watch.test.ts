import { watch } from "../../client/src/watch.js";
import { FakePlatform } from "./support/fake-platform.js";

const MINUTE = 60_000;

const watched = (random = 0) => {
  const host = new FakePlatform();
  host.random = random;
  const pings: number[] = [];
  const wakes: boolean[] = [];
  const start = host.now;
  const stop = watch(
    host,
    () => 9 * MINUTE,
    () => pings.push(host.now - start),
    (online) => wakes.push(online),
  );
  return { host, pings, wakes, stop };
};

describe("the watch", () => {
  it("pings every interval, less up to a tenth at random", () => {
    const latest = watched(0);
    latest.host.advance(30 * MINUTE);
    expect(latest.pings).toEqual([9 * MINUTE, 18 * MINUTE, 27 * MINUTE]);

    const earliest = watched(1);
    earliest.host.advance(17 * MINUTE);
    expect(earliest.pings).toEqual([8.1 * MINUTE, 16.2 * MINUTE]);
  });

  it("takes a jump of the clock for a sleep", () => {
    const { host, wakes } = watched();
    host.advance(MINUTE);
    host.sleep(2 * MINUTE);
    expect(wakes).toEqual([false]);
  });

  it("does not take a throttled background tab, whose timers fire once a minute, for a sleep", () => {
    const { host, wakes, pings } = watched();
    for (let minute = 0; minute < 10; minute++) host.sleep(MINUTE);
    expect(wakes).toEqual([]);
    expect(pings).toHaveLength(1);
  });

  it("wakes with the page, and tells when the network came back", () => {
    const { host, wakes } = watched();
    host.dispatch("visibilitychange");
    host.dispatch("pageshow");
    host.dispatch("online");
    expect(wakes).toEqual([false, false, true]);
  });

  it("does not wake a page that was just hidden", () => {
    const { host, wakes } = watched();
    host.document.hidden = true;
    host.dispatch("visibilitychange");
    expect(wakes).toEqual([]);
  });

  it("leaves no timer and no listener behind", () => {
    const { host, wakes, pings, stop } = watched();
    stop();
    host.dispatch("online");
    host.advance(60 * MINUTE);
    expect([wakes, pings, host.timers]).toEqual([[], [], 0]);
  });
});
