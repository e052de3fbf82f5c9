import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tokenFor, userOf } from "../../../examples/next/lib/token.js";
import { ROOT } from "../processes.js";

const token = tokenFor("Ada", "key", 60);

describe("a token of the example for Next.js", () => {
  it("names its user", () => {
    expect(userOf(token, "key")).toBe("Ada");
  });

  it.each([
    ["signed with another key", tokenFor("Ada", "other", 60)],
    ["expired", tokenFor("Ada", "key", -1)],
    ["changed", token.replace(/^./, "X")],
    ["cut", token.slice(0, -1)],
    ["longer in bytes than in characters", token.replace(/.$/, "ä")],
    ["without a signature", token.split(".")[0]],
    ["empty", ""],
    ["not a string", { token }],
  ])("is refused if it is %s", (_what, given) => {
    expect(userOf(given, "key")).toBeUndefined();
  });

  it("is signed and checked with the same key on a developer's machine", () => {
    const textOf = (path: string) => readFileSync(join(ROOT, "examples/next", path), "utf8");
    const { SIGNING_KEY } = JSON.parse(textOf("server/secrets.json")) as { SIGNING_KEY: string };
    expect(textOf(".env.development")).toBe(`SIGNING_KEY=${SIGNING_KEY}\n`);
  });
});
