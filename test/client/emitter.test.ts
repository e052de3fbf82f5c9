import { Emitter, tell } from "../../client/src/emitter.js";
import { settled } from "./support/setup.js";
import { uncaught } from "./support/uncaught.js";

interface Events {
  number: number;
}

describe("Emitter", () => {
  it("tells every listener, in order, after the turn in which it happened", async () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    emitter._on("number", (value) => heard.push(`a${value}`));
    emitter._on("number", (value) => heard.push(`b${value}`));
    emitter._emit("number", 1);
    emitter._emit("number", 2);
    expect(heard).toEqual([]);
    await settled();
    expect(heard).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("tells whoever began to listen in the same turn", async () => {
    const emitter = new Emitter<Events>();
    const listener = jest.fn();
    emitter._emit("number", 1);
    emitter._on("number", listener);
    await settled();
    expect(listener).toHaveBeenCalledWith(1);
  });

  it("never calls a listener once it is removed, also when the event had happened", async () => {
    const emitter = new Emitter<Events>();
    const listener = jest.fn();
    const remove = emitter._on("number", listener);
    emitter._emit("number", 1);
    remove();
    await settled();
    expect(listener).not.toHaveBeenCalled();
  });

  it("does not call one that another listener removes meanwhile", async () => {
    const emitter = new Emitter<Events>();
    const second = jest.fn();
    emitter._on("number", () => remove());
    const remove = emitter._on("number", second);
    emitter._emit("number", 1);
    await settled();
    expect(second).not.toHaveBeenCalled();
  });

  it("counts the same function twice when it is added twice", async () => {
    const emitter = new Emitter<Events>();
    const listener = jest.fn();
    const remove = emitter._on("number", listener);
    emitter._on("number", listener);
    remove();
    emitter._emit("number", 1);
    await settled();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("reports what a listener throws, and goes on with the others", async () => {
    const emitter = new Emitter<Events>();
    const other = jest.fn();
    emitter._on("number", () => {
      throw new Error("mine");
    });
    emitter._on("number", other);
    const errors = await uncaught(async () => {
      emitter._emit("number", 1);
      await settled();
    });
    expect(errors).toEqual([new Error("mine")]);
    expect(other).toHaveBeenCalledWith(1);
  });
});

describe("tell", () => {
  it("does nothing for a callback that was not given", async () => {
    expect(await uncaught(async () => tell(undefined))).toEqual([]);
  });
});
