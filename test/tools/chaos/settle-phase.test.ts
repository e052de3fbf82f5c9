import { staleRows } from "../../../tools/chaos/settle-phase.js";
import { type Item, storedMessages } from "../../../tools/chaos/table.js";

const row = (pk: string, sk: string, more: Item = {}): Item => ({ pk: { S: pk }, sk: { S: sk }, ...more });
const number = (value: number) => ({ N: String(value) });

describe("rows of the dead", () => {
  const dead = [
    row("a#gone", "agent"),
    row("a#gone", "s#log/a"),
    row("c#log/a", "gone"),
    row("c#log/a#1", "gone"),
    row("r#3", "1795736000#gone"),
    row("p#present/a", "place", { c: { S: "gone" } }),
  ];

  it("are found, whatever they are about", () => {
    expect(staleRows(dead, ["here"])).toEqual(dead);
  });

  it("are not those of connections that are open, or of no connection", () => {
    const living = [
      row("a#here", "agent"),
      row("c#log/a", "here"),
      row("r#3", "1795736000#here"),
      row("p#present/a", "place", { c: { S: "here" } }),
      row("b#3", "here", { h: number(1) }),
    ];
    expect(staleRows([...living, row("m#log/a#e", "0000000000001"), row("h#log/a", "head")], ["here"])).toEqual([]);
  });

  it("exclude members that are known to have gone", () => {
    const over = [row("p#present/a", "place", { c: { S: "gone" }, g: number(1) })];
    expect(staleRows(over, [])).toEqual([]);
  });
});

describe("the stored data of a channel", () => {
  it("is its messages and their order; a sealed gap is none", () => {
    const message = { m: { S: JSON.stringify({ uuid: "u1", data: 1 }) } };
    const items = [
      row("m#log/a#e1", "0000000000007", message),
      row("m#log/a#e1", "0000000000008"),
      row("h#log/a", "head"),
    ];
    expect(storedMessages(items)).toEqual([{ channel: "log/a", epoch: "e1", offset: 7, uuid: "u1" }]);
  });
});
