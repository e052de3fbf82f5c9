import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Claims, makeToken, readToken } from "../../examples/chat/token.js";
import { CLI, Dev, ROOT, run, temporaryFolder } from "./processes.js";

const KEY = "for-this-machine-only";
const claims: Claims = { name: "Ada", rooms: ["lobby"], moderator: false, expires: Date.now() / 1_000 + 60 };

describe("the chat example", () => {
  const { folder, remove } = temporaryFolder();
  afterAll(remove);

  test("synthesizes, and runs: tokens, rooms, moderation, and what only moderators see", async () => {
    const outdir = join(folder, "cdk.out");
    const context = JSON.stringify({ "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true });
    run("npx", ["tsx", "examples/chat/app.ts"], { env: { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: context } });

    const secrets = ["--secrets", "examples/chat/secrets.json"];
    const dev = await Dev.start(process.execPath, [CLI, "dev", "--app", outdir, ...secrets]);
    try {
      const tokens = [makeToken(claims, KEY), makeToken({ ...claims, name: "Grace", moderator: true }, KEY)];
      const script = join(__dirname, "fixtures/chat.mjs");
      const said = run(process.execPath, [script, dev.ready.websocketUrl, ...tokens]);
      expect(JSON.parse(said)).toEqual({
        seen: [
          { person: 0, channel: "rooms/lobby", data: { from: "Ada", text: "What the ***" } },
          { person: 1, channel: "rooms/lobby", data: { from: "Ada", text: "What the ***", flagged: ["heck"] } },
        ],
        refused: "You are not invited to this room.",
        denied: "Please sign in again.",
      });
    } finally {
      await dev.stop();
    }
  });

  test("runs with the secret that its file holds", () => {
    const secrets = JSON.parse(readFileSync(join(ROOT, "examples/chat/secrets.json"), "utf8")) as object;
    expect(secrets).toEqual({ SIGNING_KEY: KEY });
  });
});

describe("a token", () => {
  test("gives back its claims", () => {
    expect(readToken(makeToken(claims, KEY), KEY)).toEqual(claims);
  });

  test.each([
    ["signed with another key", makeToken(claims, "another")],
    ["expired", makeToken({ ...claims, expires: 1 }, KEY)],
    ["changed", makeToken(claims, KEY).replace(/^./, "X")],
    ["cut", makeToken(claims, KEY).slice(0, -1)],
    ["without a signature", makeToken(claims, KEY).split(".")[0]],
    ["empty", ""],
    ["no text at all", { token: "x" }],
  ])("is not taken when it is %s", (_what, token) => {
    expect(readToken(token, KEY)).toBeUndefined();
  });
});

test("the smallest example synthesizes", () => {
  const { folder, remove } = temporaryFolder();
  const context = JSON.stringify({ guards: "examples/guards.ts" });
  run("npx", ["tsx", "infra/app.ts"], { env: { CDK_OUTDIR: folder, CDK_CONTEXT_JSON: context } });
  expect(readFileSync(join(folder, "PushIt.template.json"), "utf8")).toContain("examples/guards.ts");
  remove();
});
