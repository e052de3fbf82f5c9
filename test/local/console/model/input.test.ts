import {
  readCredentials,
  readData,
  readPublication,
  readSubscription,
  readUrl,
} from "../../../../local/console/model/input.js";

const problem = (read: { ok: boolean; problem?: string }): string => (read.ok ? "" : (read.problem ?? ""));

describe("readUrl", () => {
  it("takes wss: and ws:, trimmed", () => {
    expect(readUrl(" wss://abc.execute-api.eu-central-1.amazonaws.com/live ")).toEqual({
      ok: true,
      value: "wss://abc.execute-api.eu-central-1.amazonaws.com/live",
    });
    expect(readUrl("ws://127.0.0.1:8787/live").ok).toBe(true);
  });

  it.each([
    ["", /begins with wss:/],
    ["abc.example/live", /not a URL/],
    ["https://abc.example/live", /not https:/],
    ["wss://abc.example/live#top", /no # part/],
  ])("says what is wrong with %j", (text, told) => {
    expect(problem(readUrl(text))).toMatch(told);
  });
});

describe("readCredentials", () => {
  it("takes nothing at all", () => {
    expect(readCredentials(" \n")).toEqual({ ok: true, value: { value: undefined, bytes: 0 } });
  });

  it("counts the bytes of the compact JSON, in UTF-8", () => {
    expect(readCredentials('{ "name": "Zoë" }')).toEqual({ ok: true, value: { value: { name: "Zoë" }, bytes: 15 } });
  });

  it("takes 4,096 bytes and no more", () => {
    expect(readCredentials(JSON.stringify("x".repeat(4094))).ok).toBe(true);
    expect(problem(readCredentials(JSON.stringify("x".repeat(4095))))).toBe(
      "Credentials are at most 4,096 bytes of JSON; these are 4,097.",
    );
  });

  it("says that it is not JSON, and where", () => {
    expect(problem(readCredentials("{token}"))).toMatch(/^This is not JSON: .+/);
  });
});

describe("readData", () => {
  it("takes any JSON value, also null", () => {
    expect(readData("null", "json")).toEqual({ ok: true, value: null });
    expect(readData(" [1, 2] ", "json")).toEqual({ ok: true, value: [1, 2] });
  });

  it("sends text as it is, as a JSON string", () => {
    expect(readData(' {"a": 1} ', "text")).toEqual({ ok: true, value: ' {"a": 1} ' });
    expect(readData("", "text")).toEqual({ ok: true, value: "" });
  });

  it("asks for a missing value, and reports invalid JSON", () => {
    expect(problem(readData(" ", "json"))).toMatch(/choose Text/);
    expect(problem(readData("hello", "json"))).toMatch(/not JSON/);
  });
});

describe("channels", () => {
  it.each(["stories/5", " stories/5 ", "/stories", "a.b:c@d=e+f,g~h!i-j_k", "x".repeat(128)])("takes %j", (name) => {
    expect(readSubscription(name)).toEqual({ ok: true, value: name.trim() });
    expect(readPublication(name)).toEqual({ ok: true, value: name.trim() });
  });

  it("subscribes to a wildcard, and does not publish on one", () => {
    expect(readSubscription("stories/*")).toEqual({ ok: true, value: "stories/*" });
    expect(problem(readPublication("stories/*"))).toBe("Nothing can be published on a wildcard.");
  });

  it.each([
    ["", /Which channel/],
    ["/meta/subscribe", /reserved/],
    ["/meta/*", /reserved/],
    ["x".repeat(129), /at most 128 characters; this has 129/],
    [`${"x".repeat(127)}/*`, /at most 128 characters; this has 129/],
    ["a/b/c/d/e/f/g/h/i", /at most 8 segments; this has 9/],
    ["stories//5", /segments/],
    ["stories 5", /letters, digits/],
    ["*", /letters, digits/],
  ])("says what is wrong with %j", (name, told) => {
    expect(problem(readSubscription(name))).toMatch(told);
  });
});
