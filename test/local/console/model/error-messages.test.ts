import { closeWords, requestWords, stateWords } from "../../../../local/console/model/error-messages.js";

describe("stateWords", () => {
  it("gives the guard's own words where it said no", () => {
    expect(stateWords({ code: "denied", reason: "Sign in again." })).toBe("Sign in again.");
    expect(stateWords({ code: "denied", reason: "" })).toBe("The connection guard said no.");
  });

  it("explains a close code", () => {
    expect(stateWords({ code: "unreachable", reason: "1006 " })).toBe(
      "The stage cannot be reached, or refused the handshake (1006, lost, or the handshake was refused).",
    );
    expect(stateWords({ code: "closed", reason: "1000 over" })).toBe("The connection was closed (1000, normal; over).");
  });

  it("falls back on the code", () => {
    expect(stateWords({ code: "guard_timeout", reason: "" })).toBe("guard_timeout");
  });
});

describe("requestWords", () => {
  it("prefers the server's words over its own", () => {
    expect(requestWords("denied", "Only editors.")).toBe("Only editors.");
    expect(requestWords("timeout", "timeout")).toMatch(/^No answer in time/);
    expect(requestWords("bad_frame", "bad_frame")).toBe("bad_frame");
  });
});

it("knows what it does not know", () => {
  expect(closeWords(4999)).toBe("4999");
});
