import { MAX_REASON_BYTES } from "../../../protocol/index.js";
import { truncateReason } from "../../../lambdas/requests/truncate-reason.js";
import { useEngine } from "../support/test-table.js";
import { NOW } from "../support/fakes.js";

const engine = useEngine();

describe("a guard's reason", () => {
  test.each([
    ["Not \ud83d here.", "Not \ufffd here."],
    ["\ude00", "\ufffd"],
    ["Not here. \ud83d\ude00", "Not here. \ud83d\ude00"],
  ])("has no half of a surrogate pair: %j", (given, reason) => expect(truncateReason(given)).toBe(reason));

  test("is cut between characters, also after a replacement", () => {
    expect(Buffer.byteLength(truncateReason("\ud83d".repeat(MAX_REASON_BYTES)))).toBe(
      Math.floor(MAX_REASON_BYTES / 3) * 3,
    );
  });

  test("is stored and read as it is sent", async () => {
    const { table } = await engine.table();
    const reason = truncateReason("Half: \ud83d, whole: \ud83d\ude00");
    await table.putDenial("c1", NOW, { code: "denied", reason });
    expect(await table.connectionRecord("c1")).toEqual({ denial: { code: "denied", reason } });
  });
});
