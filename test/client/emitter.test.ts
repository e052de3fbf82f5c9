import { defer, Emitter } from "../../client/src/emitter.js";
import { settled } from "./support/setup.js";
import { uncaught } from "./support/uncaught.js";

interface Events {
  number: number;
}

describe("Emitter", () => {
  it("calls every listener, in order, after the turn of the event", async () => {
    const emitter = new Emitter<Events>();
    const received: string[] = [];
    emitter.on("number", (value) => received.push(`a${value}`));
    emitter.on("number", (value) => received.push(`b${value}`));
    emitter.emit("number", 1);
    emitter.emit("number", 2);
    expect(received).toEqual([]);
    await settled();
    expect(received).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("calls a listener that was added in the same turn", async () => {
    const emitter = new Emitter<Events>();
    const listener = jest.fn();
    emitter.emit("number", 1);
    emitter.on("number", listener);
    await settled();
    expect(listener).toHaveBeenCalledWith(1);
  });

  it("never calls a removed listener, even for an earlier event", async () => {
    const emitter = new Emitter<Events>();
    const listener = jest.fn();
    const remove = emitter.on("number", listener);
    emitter.emit("number", 1);
    remove();
    await settled();
    expect(listener).not.toHaveBeenCalled();
  });

  it("does not call a listener that another listener removes meanwhile", async () => {
    const emitter = new Emitter<Events>();
    const second = jest.fn();
    emitter.on("number", () => remove());
    const remove = emitter.on("number", second);
    emitter.emit("number", 1);
    await settled();
    expect(second).not.toHaveBeenCalled();
  });

  it("counts a function that is added twice as two listeners", async () => {
    const emitter = new Emitter<Events>();
    const listener = jest.fn();
    const remove = emitter.on("number", listener);
    emitter.on("number", listener);
    remove();
    emitter.emit("number", 1);
    await settled();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("reports a listener's exception, and calls the other listeners", async () => {
    const emitter = new Emitter<Events>();
    const other = jest.fn();
    emitter.on("number", () => {
      throw new Error("mine");
    });
    emitter.on("number", other);
    const errors = await uncaught(async () => {
      emitter.emit("number", 1);
      await settled();
    });
    expect(errors).toEqual([new Error("mine")]);
    expect(other).toHaveBeenCalledWith(1);
  });

  it("reports only events without a listener", async () => {
    const onUnhandled = jest.fn();
    const emitter = new Emitter<Events>(onUnhandled);
    const remove = emitter.on("number", () => {});
    emitter.emit("number", 1);
    await settled();
    expect(onUnhandled).not.toHaveBeenCalled();
    remove();
    emitter.emit("number", 2);
    await settled();
    expect(onUnhandled.mock.calls).toEqual([["number", 2]]);
  });
});

describe("defer", () => {
  it("does nothing without a callback", async () => {
    expect(await uncaught(async () => defer(undefined))).toEqual([]);
  });

  it("keeps the order of callbacks", async () => {
    const received: number[] = [];
    for (const n of [1, 2, 3]) defer((value: number) => void received.push(value), n);
    expect(received).toEqual([]);
    await settled();
    expect(received).toEqual([1, 2, 3]);
  });
});
