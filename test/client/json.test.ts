// The types are checked by tsc (`npm run typecheck`): a wrong one does not compile.
import { findLoss, type Received, type Sendable } from "../../client/src/json.js";

describe("data that JSON would silently change", () => {
  it.each<[unknown, string]>([
    [NaN, "data is NaN"],
    [Infinity, "data is Infinity"],
    [() => {}, "data is a function"],
    [Symbol("s"), "data is a symbol"],
    [new Map([[1, 2]]), "data is a Map"],
    [new Set([1]), "data is a Set"],
    [{ a: { b: NaN } }, "data.a.b is NaN"],
    [{ list: [1, { at: new Map() }] }, "data.list[1].at is a Map"],
    [[[-Infinity]], "data[0][0] is -Infinity"],
  ])("is found: %p", (value, found) => {
    expect(findLoss(value)).toContain(found);
  });

  it.each<[unknown]>([
    [null],
    [0],
    [""],
    [false],
    [[]],
    [{}],
    [{ a: 1, b: [true, null, "x"] }],
    [new Date()],
    [{ left: undefined }],
    [{ toJSON: () => 1 }],
  ])("is not there in %p", (value) => expect(findLoss(value)).toBeUndefined());

  it("comes with the next step", () => {
    expect(findLoss(new Map())).toContain("Send [...value] instead.");
  });
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proves = <_Claim extends true>(): void => {};

interface Story {
  title: string;
  tags: string[];
  note?: string;
  author: { name: string } | null;
}

describe("the types of data", () => {
  it("take what JSON can carry, also interfaces", () => {
    const story: Story = { title: "One", tags: [], author: null };
    const sendable: Sendable<Story> = story;
    const arrived: Received<Story> = story;
    expect([sendable, arrived]).toEqual([story, story]);
  });

  it("turn a Date into a string, and reject values that JSON loses", () => {
    proves<Equal<Received<{ at: Date }>, { at: string }>>();
    proves<Equal<Received<{ at: Date }[]>, { at: string }[]>>();
    proves<Equal<Sendable<{ at: Date }>["at"], Date>>();
    proves<Equal<Sendable<{ n: bigint }>["n"], never>>();
    proves<Equal<Sendable<{ map: Map<string, number> }>["map"], never>>();
    proves<Equal<Sendable<{ set: Set<string> }>["set"], never>>();
    proves<Equal<Sendable<{ act: () => void }>["act"], never>>();
    proves<Equal<Sendable<undefined>, never>>();
    proves<Equal<Sendable<unknown>, unknown>>();
    proves<Equal<Received<unknown>, unknown>>();
    expect(JSON.parse(JSON.stringify({ at: new Date(0) }))).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  });
});
