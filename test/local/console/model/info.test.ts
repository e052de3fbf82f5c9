import { chooseUrl, fetchInfo, guardsText, isOpen } from "../../../../local/console/model/info.js";

const answering =
  (body: string, status = 200): typeof fetch =>
  () =>
    Promise.resolve(new Response(body, { status }));

describe("fetchInfo", () => {
  it("returns the information that push-it-cli dev serves", async () => {
    expect(await fetchInfo(answering('{"websocketUrl":"ws://127.0.0.1:1/live"}'))).toEqual({
      websocketUrl: "ws://127.0.0.1:1/live",
    });
  });

  it.each([
    ["a server that does not know", answering("Not Found", 404)],
    ["a page for everything", answering("<!doctype html>")],
    ["something else", answering('{"hello":1}')],
    ["null", answering("null")],
    ["nobody", () => Promise.reject(new TypeError("Failed to fetch"))],
  ])("gives nothing for %s", async (_, get: typeof fetch) => {
    expect(await fetchInfo(get)).toBeUndefined();
  });
});

describe("chooseUrl", () => {
  const local = "ws://127.0.0.1:8787/live";
  const deployed = "wss://abc.execute-api.eu-central-1.amazonaws.com/live";

  it.each([
    [{ parameter: "wss://p/live", remembered: deployed, local }, "wss://p/live"],
    [{ parameter: null, remembered: deployed, local }, deployed],
    [{ parameter: null, remembered: "ws://127.0.0.1:4000/live", local }, local],
    [{ parameter: null, remembered: "ws://localhost:4000/live", local: undefined }, "ws://localhost:4000/live"],
    [{ parameter: null, remembered: null, local }, local],
    [{ parameter: null, remembered: null, local: undefined }, ""],
  ])("of %j takes %j", (sources, url) => {
    expect(chooseUrl(sources)).toBe(url);
  });
});

describe("guardsText", () => {
  it.each([
    [{ source: "none" as const }, "none: open to everyone"],
    [{ source: "file" as const, file: "guards.ts" }, "guards.ts"],
    [{ source: "app" as const }, "the app's own"],
    [{ source: "functions" as const, functions: 2 }, "2 guard functions"],
    [{ source: "app" as const, functions: 1 }, "the app's own and 1 guard function"],
    [{ source: "file" as const, file: "guards.ts", functions: 3 }, "guards.ts and 3 guard functions"],
  ])("describes %j", (guards, told) => {
    expect(guardsText({ websocketUrl: "", guards })).toBe(told);
  });

  it("is empty without information", () => {
    expect(guardsText({ websocketUrl: "" })).toBeUndefined();
  });
});

test("only a system without any guard is open", () => {
  const sources = ["none", "app", "file", "functions"] as const;
  expect(sources.filter((source) => isOpen({ websocketUrl: "", guards: { source } }))).toEqual(["none"]);
  expect(isOpen({ websocketUrl: "" })).toBe(false);
});
