import type { PushIt } from "push-it-client";
import { Journal } from "../../../tools/chaos/journal.js";
import { ChaosPage } from "../../../tools/chaos/page.js";
import { INSIDER } from "./scene.js";

type Listener = (value: object) => void;

/** A client that answers every call at once, and writes down which handle made it. */
class FakeSdk {
  static calls: string[] = [];
  static made: FakeSdk[] = [];
  readonly listeners: [string, string | undefined, Listener][] = [];
  handles = 0;
  isDisconnected = false;

  constructor(readonly options: { since?: unknown }) {
    FakeSdk.made.push(this);
  }

  channel(name: string) {
    const handle = (this.handles += 1);
    const call = (what: string) => (options?: object) => {
      FakeSdk.calls.push(
        `${what} ${name} by ${handle}${Object.keys(options ?? {}).length > 0 ? ` ${JSON.stringify(options)}` : ""}`,
      );
      return Promise.resolve();
    };
    return {
      subscribe: call("subscribe"),
      unsubscribe: call("unsubscribe"),
      on: (event: string, listener: Listener) => this.#add(event, name, listener),
      position: { epoch: "e", offset: 7 },
    };
  }

  subscribe(name: string, _: unknown, onSuccess: () => void): void {
    FakeSdk.calls.push(`subscribe ${name} by callbacks`);
    onSuccess();
  }

  unsubscribe(name: string, _: unknown, onSuccess: () => void): void {
    FakeSdk.calls.push(`unsubscribe ${name} by callbacks`);
    onSuccess();
  }

  on(event: string, listener: Listener): () => void {
    return this.#add(event, undefined, listener);
  }

  emit(event: string, value: { channel: string }): void {
    for (const [is, name, listener] of [...this.listeners])
      if (is === event && (name === undefined || name === value.channel)) listener(value);
  }

  disconnect(): void {
    this.isDisconnected = true;
  }

  #add(...listener: [string, string | undefined, Listener]): () => void {
    this.listeners.push(listener);
    return () => void this.listeners.splice(this.listeners.indexOf(listener), 1);
  }
}

describe("a page", () => {
  const journal = new Journal(() => 0);
  const begin = (since = {}, sinceBy: "option" | "subscribe" = "option"): [ChaosPage, FakeSdk] => {
    FakeSdk.calls = [];
    const nothing = (): void => undefined;
    const listener = { message: nothing, state: nothing, refused: nothing, error: nothing };
    const page = new ChaosPage({
      Sdk: FakeSdk as unknown as typeof PushIt,
      options: { url: "" },
      journal,
      who: INSIDER,
      since,
      sinceBy,
      listener,
    });
    return [page, FakeSdk.made.at(-1)!];
  };
  const noted = ({ page }: ChaosPage): string[] => page.entries.map(({ is }) => is);

  it("gives each component its own handle, even if one replaces another", async () => {
    const [page] = begin();
    const first = page.mount("log/a");
    const turn = journal.turn();
    page.unmount(first, turn);
    page.mount("log/a", "handle", turn);
    expect(FakeSdk.calls).toEqual(["subscribe log/a by 1", "unsubscribe log/a by 1", "subscribe log/a by 2"]);
    await Promise.resolve();
    expect(noted(page)).toEqual([
      "subscribe",
      "unsubscribe",
      "listened",
      "subscribe",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    const turns = page.page.entries.flatMap((entry) => ("turn" in entry ? [entry.turn === turn] : []));
    expect(turns).toEqual([false, true, true]);
  });

  it("unsubscribes by callbacks when the last component that uses them goes", () => {
    const [page] = begin();
    const [first, second] = [page.mount("log/a", "callbacks"), page.mount("log/a", "callbacks")];
    page.unmount(first);
    expect(FakeSdk.calls).toEqual(["subscribe log/a by callbacks", "subscribe log/a by callbacks"]);
    page.unmount(second);
    expect(FakeSdk.calls.at(-1)).toBe("unsubscribe log/a by callbacks");
  });

  it("counts the messages of a component's own listener and of the client", () => {
    const [page, sdk] = begin();
    sdk.emit("message", { channel: "log/a" });
    const component = page.mount("log/a");
    sdk.emit("message", { channel: "log/a" });
    sdk.emit("message", { channel: "log/b" });
    page.unmount(component);
    expect(page.page.entries.find(({ is }) => is === "listened")).toMatchObject({ byComponent: 1, byClient: 1 });
    expect(sdk.listeners.filter(([, name]) => name !== undefined)).toEqual([]);
  });

  it("begins at the last page's positions, by option or by subscription", () => {
    const since = { "log/a": { epoch: "e", offset: 3 } };
    const [, sdk] = begin(since);
    expect(sdk.options.since).toEqual(since);
    const [page, other] = begin(since, "subscribe");
    page.mount("log/a");
    page.mount("log/b");
    expect(other.options.since).toBeUndefined();
    expect(FakeSdk.calls).toEqual([`subscribe log/a by 1 {"since":{"epoch":"e","offset":3}}`, "subscribe log/b by 2"]);
  });

  it("reports its positions when it is left, and receives nothing after that", () => {
    const [page, sdk] = begin();
    page.mount("log/a");
    page.mount("log/*");
    expect(page.leave()).toEqual({ "log/a": { epoch: "e", offset: 7 } });
    expect(sdk.isDisconnected).toBe(true);
    const before = noted(page).length;
    sdk.emit("message", { channel: "log/a" });
    expect(noted(page)).toHaveLength(before);
  });
});
