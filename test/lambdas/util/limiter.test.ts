import { limiter } from "../../../lambdas/util/limiter.js";

/** Work that ends when the test resolves it. */
const gates = (count: number) => {
  const opens: (() => void)[] = [];
  const gate = Array.from({ length: count }, () => new Promise<void>((open) => opens.push(open)));
  return { gate, open: (at: number) => opens[at]?.() };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a limiter", () => {
  test("runs as many as its limit at once, the rest in order", async () => {
    const { gate, open } = gates(5);
    const limited = limiter(2);
    const started: number[] = [];
    const all = gate.map((wait, at) =>
      limited(() => {
        started.push(at);
        return wait;
      }),
    );
    await settled();
    expect(started).toEqual([0, 1]);
    open(1);
    await settled();
    expect(started).toEqual([0, 1, 2]);
    for (const at of [0, 2, 3, 4]) open(at);
    await Promise.all(all);
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  test("gives a free slot to the work that waits longest", async () => {
    const { gate, open } = gates(2);
    const limited = limiter(1);
    const started: string[] = [];
    const first = limited(() => gate[0] as Promise<void>);
    const waiting = limited(async () => void started.push("waiting"));
    const late = first.then(() => limited(async () => void started.push("late")));
    open(0);
    await Promise.all([first, waiting, late]);
    expect(started).toEqual(["waiting", "late"]);
  });

  test("stays within its limit while work keeps arriving", async () => {
    const limited = limiter(2);
    let running = 0;
    let most = 0;
    const work = () =>
      limited(async () => {
        most = Math.max(most, (running += 1));
        await settled();
        running -= 1;
      });
    const all: Promise<void>[] = [];
    for (let round = 0; round < 20; round += 1) {
      all.push(work(), work(), work());
      await settled();
    }
    await Promise.all(all);
    expect(most).toBe(2);
  });

  test("follows a limit that changes while work runs", async () => {
    let limit = 3;
    const { gate, open } = gates(8);
    const limited = limiter(() => limit);
    const started: number[] = [];
    const all = gate.map((wait, at) => limited(() => (started.push(at), wait)));
    limit = 1;
    for (const at of [0, 1]) open(at);
    await settled();
    expect(started).toEqual([0, 1, 2]);
    open(2);
    await settled();
    expect(started).toEqual([0, 1, 2, 3]);
    limit = 4;
    open(3);
    await settled();
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const at of [4, 5, 6, 7]) open(at);
    await Promise.all(all);
  });

  test("returns the result of the work and continues after a failure", async () => {
    const limited = limiter(1);
    await expect(limited(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(limited(() => Promise.resolve(7))).resolves.toBe(7);
  });

  test("frees a slot if the work throws before it returns a promise", async () => {
    const limited = limiter(1);
    await expect(
      limited(() => {
        throw new Error("at once");
      }),
    ).rejects.toThrow("at once");
    await expect(limited(() => Promise.resolve("next"))).resolves.toBe("next");
  });
});
