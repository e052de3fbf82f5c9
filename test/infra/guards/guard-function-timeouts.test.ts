import { Duration, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Template } from "aws-cdk-lib/assertions";
import { Guards } from "../../../infra/index.js";
import { makePushIt, makeStack, resourcesOf } from "../synth.js";
import { granted, makeFunction, warningsOf, withGuards } from "./guard-functions-system.js";

const timeoutsOf = (template: Template): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(resourcesOf(template, "AWS::Lambda::Function")).map(([id, { Properties }]) => [
      id.replace(/[0-9A-F]{8}$/, ""),
      Properties["Timeout"],
    ]),
  );

describe("a guard function's timeout", () => {
  test("is its guard's, in whole seconds, by default", () => {
    const { template } = withGuards(
      (fn) =>
        Guards.fromLambda({
          onConnectionRequest: fn("Slow"),
          onSubscriptionRequest: fn("Quick"),
          onDisconnect: fn("Last"),
        }),
      { timeouts: { onSubscriptionRequest: Duration.millis(300), onDisconnect: Duration.millis(2_500) } },
    );
    expect(timeoutsOf(template)).toMatchObject({ Slow: 10, Quick: 1, Last: 3 });
  });

  test("is the longest of its guards', across all Push-Its", () => {
    const stack = makeStack();
    const shared = makeFunction(stack, "Shared");
    makePushIt({ guards: Guards.fromLambda({ onConnectionRequest: shared, onDisconnect: shared }) }, stack);
    const other = new Stack(stack, "Other");
    makePushIt(
      {
        guards: Guards.fromLambda({ onSubscriptionRequest: shared }),
        timeouts: { onSubscriptionRequest: Duration.seconds(4) },
      },
      other,
    );
    expect(timeoutsOf(Template.fromStack(stack))).toMatchObject({ Shared: 10 });
    expect([warningsOf(stack), warningsOf(other)]).toEqual([[], []]);
  });

  test("is set through an alias, too", () => {
    const stack = makeStack();
    const target = makeFunction(stack, "Target");
    const alias = new lambda.Alias(stack, "Live", { aliasName: "live", version: target.currentVersion });
    makePushIt({ guards: Guards.fromLambda({ onConnectionRequest: alias }) }, stack);
    const template = Template.fromStack(stack);
    expect(timeoutsOf(template)).toMatchObject({ Target: 10 });
    expect(granted(template)["Connect"]).toEqual([[["lambda:InvokeFunction"], ["<Live>"]]]);
  });

  test("stays if the user set it, with a warning if too long", () => {
    const { stack, template } = withGuards((fn) =>
      Guards.fromLambda({
        onConnectionRequest: fn("Same", Duration.seconds(10)),
        onSubscriptionRequest: fn("Longer", Duration.seconds(2)),
        onPublicationRequest: fn("Shorter", Duration.seconds(1)),
        onDisconnect: fn("Asynchronous", Duration.minutes(5)),
      }),
    );
    expect(timeoutsOf(template)).toMatchObject({ Same: 10, Longer: 2, Shorter: 1, Asynchronous: 300 });
    expect(warningsOf(stack)).toEqual([
      expect.stringMatching(
        /^The guard function Test\/Longer may run longer than the 1 s .* \(onSubscriptionRequest\).*\[ack: push-it-aws:guardTimeout\]$/,
      ),
    ]);
  });
});
