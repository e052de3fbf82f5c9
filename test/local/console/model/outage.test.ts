import { Outage } from "../../../../local/console/model/outage.js";

describe("Outage", () => {
  beforeEach(() => void jest.useFakeTimers({ now: 1_000 }));
  afterEach(() => void jest.useRealTimers());

  const begin = () => {
    const told: (number | undefined)[] = [];
    const closed: string[] = [];
    const connection = (name: string) => ({
      close: (code: number, reason: string) => closed.push(`${name} ${code} ${reason}`),
    });
    return { outage: new Outage((until) => told.push(until)), told, closed, connection };
  };

  it("closes open sockets, and admits none until its time is over", () => {
    const { outage, told, closed, connection } = begin();
    const gone = connection("gone");
    outage.opened(gone);
    outage.opened(connection("open"));
    outage.closed(gone);
    expect(outage.admit).not.toThrow();
    outage.cut(500);
    expect(closed).toEqual(["open 4000 cut by this page"]);
    expect(outage.admit).toThrow("The network is cut, by this page.");
    jest.advanceTimersByTime(500);
    expect(outage.admit).not.toThrow();
    expect(told).toEqual([1_500, undefined]);
  });

  it("ends when it is mended, once", () => {
    const { outage, told } = begin();
    outage.cut(500);
    outage.mend();
    outage.mend();
    jest.advanceTimersByTime(1_000);
    expect([outage.on, told]).toEqual([false, [1_500, undefined]]);
  });
});
