import { DeadlineTimer } from "../../../../lambdas/aws/http/deadline-timer.js";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const setUp = () => {
  const deadlines = new DeadlineTimer();
  const over: string[] = [];
  const wait = (name: string, milliseconds: number) => deadlines.in(milliseconds, () => over.push(name));
  return { over, wait };
};

test("each deadline passes at its time, in any order of calls", () => {
  const { over, wait } = setUp();
  wait("c", 300);
  wait("a", 100);
  wait("b", 200);
  jest.advanceTimersByTime(99);
  expect(over).toEqual([]);
  jest.advanceTimersByTime(2);
  expect(over).toEqual(["a"]);
  jest.advanceTimersByTime(200);
  expect(over).toEqual(["a", "b", "c"]);
});

test("a cancelled deadline never passes and does not delay others", () => {
  const { over, wait } = setUp();
  const back = wait("a", 100);
  wait("b", 200);
  back();
  jest.advanceTimersByTime(201);
  expect(over).toEqual(["b"]);
  back();
});

test("many deadlines share one timer, which ends with the last one", () => {
  const { over, wait } = setUp();
  const backs = Array.from({ length: 100 }, (_, at) => wait(String(at), 3_000 + at));
  expect(jest.getTimerCount()).toBe(1);
  for (const back of backs) back();
  expect(jest.getTimerCount()).toBe(0);
  wait("again", 10);
  jest.advanceTimersByTime(11);
  expect(over).toEqual(["again"]);
  expect(jest.getTimerCount()).toBe(0);
});

test("a deadline's callback may set another deadline", () => {
  const { over, wait } = setUp();
  const deadlines = new DeadlineTimer();
  deadlines.in(10, () => void deadlines.in(10, () => over.push("second")));
  wait("first", 15);
  jest.advanceTimersByTime(25);
  expect(over).toEqual(["first", "second"]);
});
