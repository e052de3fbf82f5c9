import { DEFAULTS, resolveOptions } from "../../client/src/options.js";

const url = "wss://abc.execute-api.eu-central-1.amazonaws.com/live";

describe("options", () => {
  it("have defaults, in milliseconds", () => {
    expect(DEFAULTS).toEqual({
      timeout: 30_000,
      pingInterval: 540_000,
      pingTimeout: 10_000,
      suspectAfter: 4_000,
      retryBase: 1_000,
      retryCap: 30_000,
      queueLimit: 1_000,
    });
    expect(resolveOptions({ url })).toMatchObject({ ...DEFAULTS, url });
  });

  it("that are undefined get their defaults", () => {
    expect(resolveOptions({ url, timeout: undefined as unknown as number }).timeout).toBe(30_000);
  });

  it.each([url, "ws://127.0.0.1:3000/live", "WSS://example.com"])("accept %s", (valid) => {
    expect(resolveOptions({ url: valid }).url).toBe(valid);
  });

  it.each([undefined, null, "", "wss://", "wss:///live", "https://example.com", "example.com", "ws:example.com", 5])(
    "refuse %p as url, and show it",
    (invalid) => {
      const resolve = (): unknown => resolveOptions({ url: invalid as string });
      expect(resolve).toThrow(TypeError);
      expect(resolve).toThrow(`it is ${JSON.stringify(invalid)}.`);
    },
  );

  it("are required", () => {
    expect(() => resolveOptions(undefined as never)).toThrow(TypeError);
  });
});
