import { PatternError } from "../../../../local/services/events/pattern/operators.js";
import { readPattern } from "../../../../local/services/events/pattern/pattern.js";

type Case = [what: string, elements: unknown[], matching: unknown[], others: unknown[]];

/** `undefined` among values: the field is not there. */
const CASES: Case[] = [
  ["a text", ["a"], ["a", ["b", "a"]], ["A", "ab", "", 1, null, undefined, [], {}]],
  ["the empty text", [""], ["", [""]], [" ", null, undefined, []]],
  ["null", [null], [null, [1, null]], ["", 0, false, undefined, []]],
  ["a number", [5], [5, [5]], ["5", 6]],
  ["a boolean", [true], [true], ["true", 1, false]],
  ["several values", ["a", 5, null], ["a", 5, null], ["b", 6, undefined]],
  ["exists", [{ exists: true }], ["", null, 0, false, ["x"]], [undefined, {}, [], { x: 1 }]],
  ["exists not", [{ exists: false }], [undefined, {}, [], { x: 1 }], ["", null, 0]],
  ["exists not, or a value", [{ exists: false }, "a"], [undefined, "a"], ["b"]],
  ["prefix", [{ prefix: "us-" }], ["us-east-1", "us-", ["x", "us-1"]], ["US-east-1", "eu", 1, null, undefined]],
  ["an empty prefix", [{ prefix: "" }], ["", "a"], [1, null, undefined]],
  ["prefix in any case", [{ prefix: { "equals-ignore-case": "EventB" } }], ["eventbridge", "EVENTB"], ["event", 1]],
  ["suffix", [{ suffix: ".png" }], ["a.png", ".png"], ["a.PNG", "png", 1]],
  ["suffix in any case", [{ suffix: { "equals-ignore-case": ".Png" } }], ["a.PNG", "a.png"], ["a.jpg"]],
  ["equals-ignore-case", [{ "equals-ignore-case": "alice" }], ["Alice", "ALICE"], ["alicia", 1, null]],
  ["wildcard", [{ wildcard: "dir/*.png" }], ["dir/.png", "dir/a/b.png"], ["dir/a.jpg", "x/dir/a.png", "dir/a.pngx"]],
  ["wildcards", [{ wildcard: "a*b*a" }], ["aba", "aXbXa", "abba"], ["ab", "aba!", "aa", "aaa"]],
  ["wildcard alone", [{ wildcard: "*" }], ["", "x"], [1, null]],
  ["escaped wildcards", [{ wildcard: String.raw`a\*\\*` }], ["a*\\", "a*\\x"], ["ax\\", "a*"]],
  ["no overlap", [{ wildcard: "ab*ba" }], ["abba", "abXba"], ["aba"]],
  ["numeric =", [{ numeric: ["=", 3.018e2] }], [301.8], ["301.8", 301]],
  ["numeric <", [{ numeric: ["<", 10] }], [9.99, -5e9], [10, "9", 1e12, -5.1e9]],
  ["a range", [{ numeric: [">", 0, "<=", 5] }], [0.1, 5, [9, 3]], [0, 5.1, null]],
  ["cidr", [{ cidr: "10.0.0.0/24" }], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", 10, "::1", "10.0.0.0/24"]],
  ["cidr of version 6", [{ cidr: "2001:db8::/120" }], ["2001:db8::ff"], ["2001:db8::100", "10.0.0.1"]],
  ["anything-but a text", [{ "anything-but": "a" }], ["b", "", null, 1, ["a", "b"]], ["a", ["a"], undefined]],
  ["anything-but texts", [{ "anything-but": ["a", "b"] }], ["c", null], ["a", "b", undefined]],
  ["anything-but a number", [{ "anything-but": 0 }], [1, "0", null], [0, undefined]],
  ["anything-but numbers", [{ "anything-but": [1, 2] }], [3, "1"], [1, 2]],
  ["anything-but a prefix", [{ "anything-but": { prefix: "us-" } }], ["eu-1", 1, null], ["us-1", undefined]],
  ["anything-but prefixes", [{ "anything-but": { prefix: ["us-", "eu-"] } }], ["ap-1"], ["us-1", "eu-1"]],
  ["anything-but a suffix", [{ "anything-but": { suffix: ".png" } }], ["a.jpg"], ["a.png", undefined]],
  ["anything-but suffixes", [{ "anything-but": { suffix: [".png", ".gif"] } }], ["a.jpg"], ["a.gif"]],
  [
    "anything-but in any case",
    [{ "anything-but": { "equals-ignore-case": ["a", "B"] } }],
    ["c", null],
    ["A", "b", undefined],
  ],
  ["anything-but a wildcard", [{ "anything-but": { wildcard: "*/lib/*" } }], ["/x/", 5, null], ["/a/lib/b", undefined]],
  ["anything-but wildcards", [{ "anything-but": { wildcard: ["*a*", "*b*"] } }], ["c"], ["xax", "b"]],
];

describe("a field", () => {
  it.each(CASES)("of %s", (_, elements, matching, others) => {
    const matches = readPattern({ detail: { field: elements } });
    const outcome = (value: unknown) => matches({ detail: value === undefined ? {} : { field: value } });
    expect(matching.filter((value) => !outcome(value))).toEqual([]);
    expect(others.filter(outcome)).toEqual([]);
  });
});

describe("a pattern", () => {
  it.each<[string, object, unknown, boolean]>([
    ["wants every field", { a: ["1"], b: ["2"] }, { a: "1", b: "2", c: "3" }, true],
    ["misses one", { a: ["1"], b: ["2"] }, { a: "1" }, false],
    ["goes into objects", { a: { b: { c: ["x"] } } }, { a: { b: { c: "x" } } }, true],
    ["finds no object", { a: { b: ["x"] } }, { a: "x" }, false],
    ["finds no object at all", { a: { b: ["x"] } }, null, false],
    ["goes into lists", { a: { b: ["x"] } }, { a: [{ b: "y" }, { b: "x" }] }, true],
    ["wants one element to match", { a: { b: ["x"], c: ["y"] } }, { a: [{ b: "x" }, { c: "y" }] }, false],
    ["goes into lists of lists", { a: ["x"] }, { a: [["y"], ["x"]] }, true],
    ["takes what is not there for missing", { a: { b: [{ exists: false }] } }, {}, true],
    ["looks at own fields only", { constructor: [{ exists: true }] }, {}, false],
    ["$or", { a: ["1"], $or: [{ b: ["2"] }, { c: ["3"] }] }, { a: "1", c: "3" }, true],
    ["$or of none", { a: ["1"], $or: [{ b: ["2"] }, { c: ["3"] }] }, { a: "1" }, false],
    ["$or but not the rest", { a: ["1"], $or: [{ b: ["2"] }, { c: ["3"] }] }, { c: "3" }, false],
    [
      "$or within $or",
      { $or: [{ a: ["1"] }, { b: ["2"], $or: [{ c: ["3"] }, { d: ["4"] }] }] },
      { b: "2", d: "4" },
      true,
    ],
    ["$or below a field", { x: { $or: [{ a: [1] }, { b: [2] }] } }, { x: { b: 2 } }, true],
    ["$or as a field's name", { $or: { a: ["1"] } }, { $or: { a: "1" } }, true],
    ["$or of operators as a field's name", { $or: [{ prefix: "a" }, { prefix: "b" }] }, { $or: "abc" }, true],
  ])("%s", (_, pattern, event, expected) => {
    expect(readPattern(pattern)(event)).toBe(expected);
    expect(readPattern(JSON.stringify(pattern))(event)).toBe(expected);
  });
});

describe("refused, with the reason:", () => {
  it.each<[unknown, string]>([
    [5, "it is not an object"],
    ["{", "it is not JSON"],
    [{}, "it is empty"],
    [{ a: {} }, "a is empty"],
    [{ a: "x" }, "a must be an object or an array"],
    [{ a: { b: 5 } }, "a.b must be an object or an array"],
    [{ a: [] }, "a is an empty array"],
    [{ a: [["x"]] }, "a has an array within its array"],
    [{ a: [{}] }, "a takes one operator in each object"],
    [{ a: [{ prefix: "x", suffix: "y" }] }, "a takes one operator in each object"],
    [{ a: [{ contains: "x" }] }, "a has the operator contains, which is not known here"],
    [{ a: [{ constructor: "x" }] }, "a has the operator constructor, which is not known here"],
    [{ a: [{ prefix: 5 }] }, "a: prefix takes a text"],
    [{ a: [{ suffix: ["x"] }] }, "a: suffix takes a text"],
    [{ a: [{ "equals-ignore-case": ["x"] }] }, "a: equals-ignore-case takes a text"],
    [{ a: [{ wildcard: "a**b" }] }, "a: wildcard has two wildcards in a row"],
    [{ a: [{ wildcard: String.raw`a\b` }] }, "a: wildcard has a backslash that escapes nothing"],
    [{ a: [{ exists: "yes" }] }, "a: exists takes true or false"],
    [{ a: [{ numeric: 5 }] }, "a: numeric takes an array"],
    [{ a: [{ numeric: ["<"] }] }, "a: numeric takes numbers within ±5,000,000,000"],
    [{ a: [{ numeric: ["!=", 5] }] }, "a: numeric compares with =, <, <=, > or >="],
    [{ a: [{ numeric: ["<", 1e10] }] }, "a: numeric takes numbers within ±5,000,000,000"],
    [{ a: [{ numeric: ["<", 5, ">", 0] }] }, "a: numeric takes one comparison, or a lower and then an upper bound"],
    [{ a: [{ numeric: [">", 5, "<", 5] }] }, "a: numeric has a lower bound that is not below the upper one"],
    [{ a: [{ cidr: "10.0.0.0/33" }] }, "a: cidr takes a range of addresses such as 10.0.0.0/24"],
    [{ a: [{ cidr: "10.0.0/8" }] }, "a: cidr takes a range of addresses such as 10.0.0.0/24"],
    [{ a: [{ cidr: 5 }] }, "a: cidr takes a range of addresses such as 10.0.0.0/24"],
    [{ a: [{ "anything-but": null }] }, "a: anything-but takes texts only, or numbers only"],
    [{ a: [{ "anything-but": ["x", 1] }] }, "a: anything-but takes texts only, or numbers only"],
    [{ a: [{ "anything-but": [] }] }, "a: anything-but takes texts only, or numbers only"],
    [
      { a: [{ "anything-but": { numeric: ["<", 5] } }] },
      "a: anything-but has the operator numeric, which is not known here",
    ],
    [{ a: [{ "anything-but": { prefix: "" } }] }, "a: anything-but: prefix takes a text or a list of texts"],
    [
      { a: [{ "anything-but": { prefix: { "equals-ignore-case": "x" } } }] },
      "a: anything-but: prefix takes a text or a list of texts",
    ],
    [{ $or: [{ a: ["x"] }] }, "$or has the operator a, which is not known here"],
  ])("%j: %s", (pattern, reason) => {
    const read = () => readPattern(pattern);
    expect(read).toThrow(PatternError);
    expect(read).toThrow(new PatternError(reason));
  });
});

test("a pattern of many wildcards takes no time", () => {
  const matches = readPattern({ a: [{ wildcard: `${"*a".repeat(200)}*b` }] });
  const started = performance.now();
  expect(matches({ a: "a".repeat(20_000) })).toBe(false);
  expect(performance.now() - started).toBeLessThan(20_000);
});
