import { DeadlineTimer } from "../../../../lambdas/aws/http/deadline-timer.js";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const setUp = () => {
  const deadlines = new DeadlineTimer();
  const over: string[] = [];
  const wait = (name: string, milliseconds: number) => deadlines.in(milliseconds, () => over.push(name));
  return { over, wait };
};

test("each is over when it said, whatever the order they were told in", () => {
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

test("what is taken back is never over, and keeps no other from it", () => {
  const { over, wait } = setUp();
  const back = wait("a", 100);
  wait("b", 200);
  back();
  jest.advanceTimersByTime(201);
  expect(over).toEqual(["b"]);
  back();
});

test("many have one timer, and none is left when nothing is waited for", () => {
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

test("one may wait anew from within its end", () => {
  const { over, wait } = setUp();
  const deadlines = new DeadlineTimer();
  deadlines.in(10, () => void deadlines.in(10, () => over.push("second")));
  wait("first", 15);
  jest.advanceTimersByTime(25);
  expect(over).toEqual(["first", "second"]);
});
