import { Timers } from "../../../client/src/platform/timers.js";
import { FakePlatform } from "../support/fake-platform.js";

const make = () => {
  const platform = new FakePlatform();
  return { platform, timers: new Timers(platform), expired: jest.fn() };
};

describe("a deadline", () => {
  it("expires in time", () => {
    const { platform, timers, expired } = make();
    timers.deadline(30_000, expired);
    platform.advance(29_999);
    expect(expired).not.toHaveBeenCalled();
    platform.advance(1);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it("does not expire once it is cancelled", () => {
    const { platform, timers, expired } = make();
    timers.deadline(30_000, expired)();
    platform.advance(60_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it("waits a moment for messages that arrived in a frozen tab", () => {
    const { platform, timers, expired } = make();
    const cancel = timers.deadline(30_000, expired);
    platform.sleep(600_000);
    expect(expired).not.toHaveBeenCalled();
    cancel();
    platform.advance(60_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it("expires after that moment if no message arrived", () => {
    const { platform, timers, expired } = make();
    timers.deadline(30_000, expired);
    platform.sleep(600_000);
    platform.advance(2_000);
    expect(expired).toHaveBeenCalledTimes(1);
  });
});

describe("a timer", () => {
  it.each([Infinity, 2 ** 31, 1e12, NaN])("of %d ms is not set, because it would fire at once", (milliseconds) => {
    const { platform, timers, expired } = make();
    const cancels = [timers.after(milliseconds, expired), timers.deadline(milliseconds, expired)];
    expect(platform.timers).toBe(0);
    for (const cancel of cancels) expect(cancel).not.toThrow();
  });

  it("of the longest delay is set", () => {
    const { platform, timers, expired } = make();
    timers.after(2 ** 31 - 1, expired);
    platform.advance(2 ** 31 - 2);
    expect(expired).not.toHaveBeenCalled();
    platform.advance(1);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it("that is due already fires at once", () => {
    const { platform, timers, expired } = make();
    timers.after(-5, expired);
    platform.advance(0);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it("keeps a Node process alive only if keepAlive is set", () => {
    const unref = jest.fn();
    const platform = Object.assign(new FakePlatform(), { setTimeout: () => ({ unref }) });
    const timers = new Timers(platform);
    timers.after(1, () => {});
    expect(unref).toHaveBeenCalledTimes(1);
    timers.keepAlive = true;
    timers.after(1, () => {});
    expect(unref).toHaveBeenCalledTimes(1);
  });

  it("is the platform's own one when zone.js has replaced it", () => {
    const platform = new FakePlatform();
    const patched = jest.fn();
    const own = { set: jest.fn().mockReturnValue(7), clear: jest.fn() };
    const timers = new Timers(
      Object.assign(platform, {
        setTimeout: patched,
        clearTimeout: patched,
        __zone_symbol__setTimeout: own.set,
        __zone_symbol__clearTimeout: own.clear,
      }),
    );
    timers.after(5, () => {})();
    expect(own.set).toHaveBeenCalledWith(expect.any(Function), 5);
    expect(own.clear).toHaveBeenCalledWith(7);
    expect(patched).not.toHaveBeenCalled();
  });
});

describe("chance", () => {
  it("is a share of a limit", () => {
    const { platform, timers } = make();
    platform.random = 0.25;
    expect(timers.random(1_000)).toBe(250);
  });
});
