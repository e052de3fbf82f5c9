import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LocalWorld, localWorld } from "./support/local-world.js";
import { SUITE } from "../client/testing/conformance/suite.js";

const GUARDS = readFileSync(join(__dirname, "../client/testing/conformance/guards.ts"), "utf8");

let local: LocalWorld;
beforeAll(async () => {
  local = await localWorld(GUARDS);
});
afterEach(() => local.disconnectAll());
afterAll(() => local.close());

describe("the local system, in the conformance suite of the fake", () => {
  it.each(SUITE)("$name", ({ run }) => run(local));
});
