import { runInNewContext } from "node:vm";
import { errorReport, loadErrorReport } from "../../../lambdas/guards/error-report.js";

const thrownBy = (code: () => unknown): unknown => {
  try {
    return code();
  } catch (error) {
    return error;
  }
};

const HERE = /\n {4}at .*error-report\.test\.ts:\d+:\d+\)?(\n|$)/;

describe("errorReport has the kind and place, but not the message, of", () => {
  const withChanged = (message: string): Error => Object.assign(new Error("secret\n    before"), { message });

  test.each<[string, unknown, RegExp]>([
    [
      "the SyntaxError of JSON.parse of a token",
      thrownBy(() => JSON.parse("secret-token")),
      /^SyntaxError\n {4}at JSON\.parse \(<anonymous>\)\n/,
    ],
    [
      "a message of several lines that looks like a stack",
      new TypeError("no\n    at secret (file:///secret.mjs:1:1)\n    at secret:1:1"),
      /^TypeError\n/,
    ],
    ["an error without a message", new Error(""), /^Error\n/],
    ["an error whose message was changed", withChanged("another secret"), /^Error\n/],
    [
      "an error with a system code",
      Object.assign(new Error("connect secret"), { code: "ECONNREFUSED" }),
      /^Error \[ECONNREFUSED\]\n/,
    ],
    ["an error with an invalid code", Object.assign(new Error("secret"), { code: "the secret" }), /^Error\n/],
    ["an error with a name of its own", Object.assign(new Error("secret"), { name: "AuthError" }), /^AuthError\n/],
    ["an error with an invalid name", Object.assign(new Error("secret"), { name: "the secret" }), /^Error\n/],
    ["an error with a cause", new Error("secret", { cause: new Error("secret") }), /^Error\n/],
  ])("%s", (_, error, kind) => {
    const { detail, said } = errorReport(error);
    expect(detail).toMatch(kind);
    expect(detail).toMatch(HERE);
    expect(detail).not.toContain("secret");
    expect(said).toBe((error as Error).stack);
  });

  test.each<[string, unknown, string]>([
    ["a string", "secret", "string"],
    ["null", null, "null"],
    ["an object", { toString: () => "secret" }, "object"],
  ])("errorReport has only the type of %s that was thrown", (_, thrown, type) => {
    expect(errorReport(thrown)).toEqual({
      detail: `it threw a value of type ${type} instead of an error`,
      said: String(thrown),
    });
  });

  test("an error without a stack", () => {
    const error = new Error("secret");
    delete error.stack;
    expect(errorReport(error)).toEqual({ detail: "Error", said: "secret" });
  });

  test("an error of another realm", () => {
    const { detail, said } = errorReport(runInNewContext('new RangeError("secret")'));
    expect(detail).toMatch(/^RangeError\n {4}at evalmachine/);
    expect(detail).not.toContain("secret");
    expect(said).toContain("secret");
  });
});

test("loadErrorReport has the whole error, as no clients are connected yet", () => {
  const error = new Error("no database");
  expect(loadErrorReport(error)).toEqual({ detail: error.stack });
  expect(loadErrorReport("no database")).toEqual({ detail: "no database" });
});
