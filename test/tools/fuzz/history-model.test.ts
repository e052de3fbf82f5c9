import { UuidOwnership } from "../../../tools/fuzz/uuid-ownership.js";
import { checkReplay } from "../../../tools/fuzz/replay-checker.js";
import { HistoryModel } from "../../../tools/fuzz/history-model.js";

const reader = { get: (_uuid: string, data: unknown) => data as string, may: () => true };
const message = (offset: number) => ({ uuid: `u${offset}`, data: offset, at: 1_000 + offset, offset });

describe("a replay of three messages that were known before", () => {
  const shelves = new HistoryModel();
  for (const offset of [1, 2, 3]) {
    shelves.expectPublication("kept/a", 0, { answered: true });
    shelves.record("kept/a", { epoch: "e", offset }, 0, message(offset));
  }
  const at = (offset: number, epoch = "e") => ({ epoch, offset });
  const fault = (query: object, told: object) =>
    checkReplay(
      shelves.of("kept/a"),
      { limit: 100, reverse: false, ...query },
      { position: at(3), ...told },
      reader,
      1,
    );

  it("is right where it gives all that was asked for", () => {
    expect(fault({}, { messages: [1, 2, 3].map(message) })).toBeUndefined();
    expect(fault({ since: at(1) }, { messages: [2, 3].map(message), recovered: true })).toBeUndefined();
    expect(fault({ limit: 1 }, { position: at(1), messages: [message(1)], more: true })).toBeUndefined();
    expect(fault({ reverse: true }, { position: at(1), messages: [3, 2, 1].map(message) })).toBeUndefined();
    expect(fault({ since: at(1, "f") }, { recovered: false, code: "epoch_changed" })).toBeUndefined();
  });

  it.each<[string, object, object]>([
    ["leaves one out", {}, { messages: [1, 3].map(message) }],
    ["leaves one out, newest first", { reverse: true }, { position: at(1), messages: [3, 1].map(message) }],
    ["ends too early", {}, { position: at(2), messages: [1, 2].map(message) }],
    ["gives too many", { limit: 1 }, { position: at(2), messages: [1, 2].map(message), more: true }],
    ["gives what is before the position", { since: at(2) }, { messages: [2, 3].map(message), recovered: true }],
    ["has another order", {}, { messages: [2, 1, 3].map(message) }],
    ["says more where there is none", {}, { messages: [1, 2, 3].map(message), more: true }],
    ["says nothing of what it recovers", { since: at(1) }, { messages: [2, 3].map(message) }],
    ["refuses a good position", { since: at(1) }, { recovered: false, code: "epoch_changed" }],
    ["takes another epoch's position", { since: at(1, "f") }, { messages: [2, 3].map(message), recovered: true }],
  ])("is wrong where it %s", (_what, query, told) => {
    expect(fault(query, told)).toBeDefined();
  });

  it("never has a wrong message, another epoch or an impossible offset", () => {
    expect(shelves.checkMessage("kept/a", at(2), message(2))).toBeUndefined();
    expect(shelves.checkMessage("kept/a", at(2), { ...message(3), at: 1_002 })).toMatch(/another message/);
    expect(shelves.checkMessage("kept/a", at(2), { ...message(2), at: 5 })).toMatch(/another time/);
    expect(shelves.checkPosition("kept/a", at(2, "f"))).toMatch(/another epoch/);
    expect(shelves.checkPosition("kept/a", at(4))).toMatch(/offset that is too large/);
  });
});

test("a uuid names the acknowledged message; of two, either may fail", () => {
  const uuids = new UuidOwnership();
  const of = (fingerprint: string) => ({ channel: "kept/a", uuid: "u", data: fingerprint, echo: true, fingerprint });
  uuids.open([of("1"), of("2")]);
  expect(uuids.possibleOutcomes(of("1"))).toEqual({ succeeds: true, reused: true, fresh: false });
  uuids.acknowledge(of("1"));
  uuids.close(true);
  uuids.open([of("1"), of("2")]);
  expect([uuids.possibleOutcomes(of("1")), uuids.possibleOutcomes(of("2"))]).toEqual([
    { succeeds: true, reused: false, fresh: false },
    { succeeds: false, reused: true, fresh: false },
  ]);
});

test("a message published twice at once may take more than two offsets", () => {
  const shelves = new HistoryModel();
  shelves.expectPublication("kept/a", 0, { answered: true, moves: true });
  expect(shelves.checkPosition("kept/a", { epoch: "e", offset: 7 })).toBeUndefined();
  expect(shelves.checkPosition("kept/a", { epoch: "e", offset: 8 })).toMatch(/offset that is too large/);
});

test("a publication is repeated if its uuid is pending or maybe stored", () => {
  const uuids = new UuidOwnership();
  const one = { channel: "kept/a", uuid: "u", data: "1", echo: true, fingerprint: "1" };
  uuids.open([one]);
  expect(uuids.isRepeated(one)).toBe(false);
  uuids.open([one, one]);
  expect(uuids.isRepeated(one)).toBe(true);
  uuids.close(true);
  uuids.open([one]);
  expect(uuids.isRepeated(one)).toBe(true);
});
