import type { BusEvent } from "../../../../local/services/events/event.js";
import { InputError, readInput } from "../../../../local/services/events/input/input.js";
import type { InputProperties } from "../../../../local/assembly/model/rules.js";
import { readPath } from "../../../../local/services/events/input/path.js";

const EVENT: BusEvent = {
  version: "0",
  id: "1",
  "detail-type": "Object Created",
  source: "aws.s3",
  account: "123456789012",
  time: "2026-11-23T18:00:00Z",
  region: "eu-west-1",
  resources: ["arn:aws:s3:::bucket"],
  detail: {
    key: "a.png",
    quoted: 'say "hi"',
    size: 5,
    big: false,
    none: null,
    list: ["x", "y"],
    items: [{ name: "one" }, { name: "two", tags: ["t"] }],
    object: { a: 'b"c', n: 1 },
  },
};
const FACTS = {
  ruleArn: "arn:aws:events:eu-west-1:123456789012:rule/Rule",
  ruleName: "Rule",
  ingestionTime: "2026-11-23T18:00:01Z",
};
const make = (properties: InputProperties): unknown => readInput(properties)(EVENT, FACTS);

describe("a path", () => {
  it.each<[string, unknown]>([
    ["$", EVENT],
    ["$.detail-type", "Object Created"],
    ["$.detail.key", "a.png"],
    ["$.detail.none", null],
    ["$.resources[0]", "arn:aws:s3:::bucket"],
    ["$.detail.items[1].name", "two"],
    ["$.detail.items[1].tags[0]", "t"],
    ["$.detail.items[*].name", ["one", "two"]],
    ["$.detail.object.*", ['b"c', 1]],
    ["$.detail.items[5].name", undefined],
    ["$.detail.key.length", undefined],
    ["$.detail.key[0]", undefined],
    ["$.detail.constructor", undefined],
    ["$.nothing.at.all", undefined],
  ])("%s", (path, value) => expect(readPath(path)?.(EVENT)).toEqual(value));

  it.each([
    "detail",
    "",
    "$detail",
    "$..key",
    "$.",
    "$.a b",
    "$['detail']",
    "$.list[-1]",
    "$.list[0:1]",
    "$.a[?(@.b)]",
  ])("%j is none", (path) => expect(readPath(path)).toBeUndefined());
});

test("without anything, the input is the event", () => expect(make({})).toBe(EVENT));
test("Input is JSON of the template's own", () => expect(make({ Input: '{"a":[1]}' })).toEqual({ a: [1] }));
test("InputPath is a part of the event", () => expect(make({ InputPath: "$.detail.list" })).toEqual(["x", "y"]));

const PATHS = {
  key: "$.detail.key",
  quoted: "$.detail.quoted",
  size: "$.detail.size",
  big: "$.detail.big",
  none: "$.detail.none",
  list: "$.detail.list",
  object: "$.detail.object",
  missing: "$.detail.missing",
  constructor: "$.detail.size",
};

describe("an InputTemplate", () => {
  it.each<[string, unknown]>([
    ['"<key> is <size> bytes"', "a.png is 5 bytes"],
    ['"<key> is \\"<big>\\""', 'a.png is "false"'],
    ['{"key":<key>,"size":<size>,"big":<big>,"none":<none>}', { key: "a.png", size: 5, big: false, none: null }],
    ['{"key":"<key>","path":"s3/<key>"}', { key: "a.png", path: "s3/a.png" }],
    ["[9, <key>, true]", [9, "a.png", true]],
    ["<object>", { a: 'b"c', n: 1 }],
    ['{"list":<list>}', { list: ["x", "y"] }],
    // Quotes of a value are escaped where EventBridge adds the quotes around it.
    ['{"q":<quoted>}', { q: 'say "hi"' }],
    // Within a string, a value that is not a text loses its quotes.
    ['"Body is <list>"', "Body is [x,y]"],
    ['{"s":"at <key>","o":"<list>"}', { s: "at a.png", o: "[x,y]" }],
    // A path that is not in the event becomes an empty text.
    ['{"m":<missing>,"in":"<missing>!"}', { m: "", in: "!" }],
    ['{"n":<constructor>}', { n: 5 }],
    ['{"math":"1 < 2 > 0"}', { math: "1 < 2 > 0" }],
    ['"<aws.events.rule-name> at <aws.events.event.ingestion-time>"', "Rule at 2026-11-23T18:00:01Z"],
    ['{"arn":<aws.events.rule-arn>}', { arn: FACTS.ruleArn }],
    ['{"event":<aws.events.event.json>}', { event: EVENT }],
  ])("%s", (template, expected) => {
    expect(make({ InputTransformer: { InputPathsMap: PATHS, InputTemplate: template } })).toEqual(expected);
  });

  it("has the event without its detail, and with detailType, as aws.events.event", () => {
    const { detail: _, "detail-type": detailType, ...rest } = EVENT;
    expect(make({ InputTransformer: { InputTemplate: "<aws.events.event>" } })).toEqual({ ...rest, detailType });
  });
});

describe("an input that is not JSON runs nothing:", () => {
  it.each([
    ["a quote within a string, which EventBridge does not escape", '{"q":"<quoted>"}'],
    ["an object within a string, with what its quotes escaped", '"<object>"'],
    ["text without quotes", "hello <key>"],
    ["several lines", '"<key>"\n"<size>"'],
  ])("%s", (_, template) => {
    const input = readInput({ InputTransformer: { InputPathsMap: PATHS, InputTemplate: template } });
    expect(() => input(EVENT, FACTS)).toThrow(new InputError("what its InputTemplate makes of this event is not JSON"));
  });

  it("a path that leads to nothing", () => {
    expect(() => make({ InputPath: "$.detail.missing" })).toThrow(InputError);
  });
});

describe("refused, with the reason:", () => {
  it.each<[InputProperties, string]>([
    [{ Input: "{}", InputPath: "$.a" }, "only one of Input, InputPath and InputTransformer may be given"],
    [{ InputPath: "detail" }, "detail is not a path that EventBridge knows"],
    [{ Input: "{" }, "Input is not JSON"],
    [{ InputTransformer: { InputPathsMap: {} } }, "its InputTransformer has no InputTemplate"],
    [{ InputTransformer: { InputTemplate: "<x>" } }, "its InputTemplate has the invalid placeholder x"],
    [{ InputTransformer: { InputTemplate: "<toString>" } }, "its InputTemplate has the invalid placeholder toString"],
    [
      { InputTransformer: { InputPathsMap: { x: "y" }, InputTemplate: "<x>" } },
      "y is not a path that EventBridge knows",
    ],
  ])("%j: %s", (properties, reason) => expect(() => readInput(properties)).toThrow(new InputError(reason)));
});
