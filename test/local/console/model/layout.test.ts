import { jsonBytes, layOut, layOutText, preview } from "../../../../local/console/model/layout.js";

/** A list in a list in a list, deeper than any stack. */
const deep = (): unknown => {
  let value: unknown = [];
  for (let level = 0; level < 100_000; level++) value = [value];
  return value;
};

describe("layOut", () => {
  it("keeps on one line what fits it", () => {
    expect(layOut({ tags: ["a", "b"], n: 1 })).toBe('{ "tags": ["a", "b"], "n": 1 }');
    expect([layOut([]), layOut({}), layOut(null), layOut("a")]).toEqual(["[]", "{}", "null", '"a"']);
  });

  it("breaks what does not, as deep as needed", () => {
    const text = "x".repeat(40);
    expect(layOut({ a: [text, text], b: 1 })).toBe(`{\n  "a": [\n    "${text}",\n    "${text}"\n  ],\n  "b": 1\n}`);
  });

  it("is JSON of the same value", () => {
    const value = { 'quo"te': "li\nne", nested: [{ x: [1, [2, ["three".repeat(30)]]] }], n: null };
    expect(JSON.parse(layOut(value))).toEqual(value);
  });

  it("survives nesting that no stack does", () => {
    expect(layOut(deep())).toBe("(nested too deeply to be shown)");
    expect(preview(deep(), 10)).toBe("(nested too deeply to be shown)");
    expect(jsonBytes(deep())).toBeUndefined();
  });
});

describe("layOutText", () => {
  it("leaves text that is not JSON unchanged", () => {
    expect(layOutText("<b>no</b>")).toBe("<b>no</b>");
    expect(layOutText('{"a":1}')).toBe('{ "a": 1 }');
  });
});

describe("preview", () => {
  it("cuts", () => {
    expect(preview({ a: 1 }, 10)).toBe('{"a":1}');
    expect(preview("x".repeat(20), 4)).toBe('"xxx…');
  });
});

it("counts bytes of JSON", () => {
  expect(jsonBytes({ a: "ë" })).toBe(10);
});
