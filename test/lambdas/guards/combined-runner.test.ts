import { CombinedRunner } from "../../../lambdas/guards/combined-runner.js";
import { DeveloperGuards } from "../../../lambdas/guards/developer-guards.js";
import type { GuardFunctions } from "../../../lambdas/guards/function-runner.js";
import type { Manifest } from "../../../protocol/guard-manifest.js";
import type { GuardRunner } from "../../../lambdas/guards/runner.js";
import { DEFAULT_TIMEOUTS } from "../../../protocol/deployment-defaults.js";
import { messageOf } from "../support/fakes.js";
import { agent, message, PRIVATE, setUp } from "./function-fixture.js";

describe("a guard module next to guard functions", () => {
  const moduleOf = (manifest: Manifest | "timeout" | undefined) => {
    const asked: string[] = [];
    const runner: GuardRunner = {
      manifest: () => Promise.resolve(manifest),
      run: async (call) => {
        asked.push(`${call.entry} ${call.handler}`);
        return { kind: "decided", decision: { permitted: true, subscribe: ["module"], publish: [] } };
      },
    };
    return { asked, runner };
  };
  const combine = (
    manifest: Manifest | "timeout" | undefined,
    functions: GuardFunctions = { "private/*": { onSubscriptionRequest: PRIVATE } },
  ) => {
    const { log, runner, asked } = setUp(
      ({ request }) => ({ verdict: "subscribe", channel: request.channel }),
      functions,
    );
    const module = moduleOf(manifest);
    const combined = new CombinedRunner(module.runner, runner, log);
    return { log, asked, module, guards: new DeveloperGuards(combined, DEFAULT_TIMEOUTS, log) };
  };

  test("each decides the guards that it defines", async () => {
    const { guards, asked, module } = combine({ "": ["onSubscriptionRequest"], "private/*": ["onPublicationRequest"] });
    expect(await guards.subscription(agent, "private/1")).toMatchObject({ subscribe: ["private/1"] });
    expect(await guards.subscription(agent, "public/1")).toMatchObject({ subscribe: ["module"] });
    await guards.publication(agent, messageOf("private/1"));
    expect(asked.map(({ arn }) => arn)).toEqual([PRIVATE]);
    expect(module.asked).toEqual([" onSubscriptionRequest", "private/* onPublicationRequest"]);
  });

  test("both have to permit a wildcard", async () => {
    const { guards, asked, module } = combine({ "private/5": ["onSubscriptionRequest"] });
    await guards.subscription(agent, "private/*");
    expect([asked.length, module.asked]).toEqual([1, ["private/5 onSubscriptionRequest"]]);
  });

  // The log states the reason once.
  test("nothing is permitted if both define the same guard", async () => {
    const { guards, asked, module, log } = combine({
      "private/*": ["onSubscriptionRequest"],
      "": ["onSubscriptionRequest"],
    });
    for (const channel of ["private/1", "public/1"]) {
      expect(await guards.subscription(agent, channel)).toMatchObject({ permitted: false, code: "guard_failed" });
    }
    expect(await guards.connection(agent)).toMatchObject({ permitted: false });
    expect(await guards.delivery(agent, message, 1_000)).toBeUndefined();
    expect([asked, module.asked]).toEqual([[], []]);
    expect(log.of("guards_not_loaded")).toEqual([
      {
        detail:
          'onSubscriptionRequest of "private/*" is defined by the guard module and by a guard function: leave it out of one of them',
      },
    ]);
  });

  test.each([
    ["timeout", "guard_timeout"],
    [undefined, "guard_failed"],
  ] as const)("guard functions deny too if the module is not loaded (%s)", async (manifest, code) => {
    const { guards, asked } = combine(manifest);
    expect(await guards.subscription(agent, "private/1")).toMatchObject({ permitted: false, code });
    expect(asked).toEqual([]);
  });
});
