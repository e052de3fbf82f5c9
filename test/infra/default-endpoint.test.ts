import type { CfnApi } from "aws-cdk-lib/aws-apigatewayv2";
import { Template } from "aws-cdk-lib/assertions";
import { makePushIt, makeStack } from "./synth.js";

/** Synthesizes a Push-It after a change of its API. */
const synthesizing = (change: (api: CfnApi) => void) => () => {
  const stack = makeStack();
  change(makePushIt({}, stack).api.node.defaultChild as CfnApi);
  return Template.fromStack(stack);
};

describe("an API without a default endpoint", () => {
  test.each<[string, (api: CfnApi) => void]>([
    ["the property", (api) => (api.disableExecuteApiEndpoint = true)],
    ["an override", (api) => api.addPropertyOverride("DisableExecuteApiEndpoint", true)],
    ["an override as text", (api) => api.addPropertyOverride("DisableExecuteApiEndpoint", "true")],
  ])("is refused, because the functions post through it: %s", (_, change) => {
    expect(synthesizing(change)).toThrow(
      /Test\/PushIt.*default endpoint is disabled \(disableExecuteApiEndpoint\).*Leave it enabled/,
    );
  });

  test.each<[string, (api: CfnApi) => void]>([
    ["unchanged", () => undefined],
    ["false", (api) => (api.disableExecuteApiEndpoint = false)],
    [
      "overridden again",
      (api) => ((api.disableExecuteApiEndpoint = true), api.addPropertyOverride("DisableExecuteApiEndpoint", false)),
    ],
  ])("is accepted if its endpoint is enabled: %s", (_, change) => {
    expect(synthesizing(change)).not.toThrow();
  });
});
