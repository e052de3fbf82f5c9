import * as lambda from "aws-cdk-lib/aws-lambda";
import { Template } from "aws-cdk-lib/assertions";
import { type ChannelGuardFunctions, Guards, type GuardFunctions } from "../../../infra/index.js";
import { makePushIt, makeStack, only, readable, resourcesOf } from "../synth.js";
import { granted, warningsOf, withGuards } from "./guard-functions-system.js";

const MODULE = "test/infra/fixtures/guards.ts";

/** The guard functions in the environment of each function of the construct. */
const known = (template: Template): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(resourcesOf(template, "AWS::Lambda::Function")).flatMap(([id, { Properties }]) => {
      const { Variables } = (readable(Properties["Environment"]) ?? {}) as { Variables?: Record<string, string> };
      const json = Variables?.["PUSH_IT_GUARD_FUNCTIONS"];
      return json === undefined ? [] : [[id.replace(/^PushIt(\w+?)Function.*/, "$1"), JSON.parse(json) as unknown]];
    }),
  );

const invoke = (...functions: string[]) => [
  [["lambda:InvokeFunction"], functions.map((name) => `<${name}.Arn>`).sort()],
];

describe("guard functions", () => {
  const { stack, template } = withGuards((fn) =>
    Guards.fromLambda({
      onConnectionRequest: fn("Connection"),
      onSubscriptionRequest: fn("Subscription"),
      onUnsubscriptionRequest: fn("Unsubscription"),
      onPresenceRequest: fn("Presence"),
      onPublicationRequest: fn("Publication"),
      onMessageReceived: fn("Delivery"),
      onDisconnect: fn("Departure"),
      channels: {
        "private/*": {
          onSubscriptionRequest: fn("PrivateSubscription"),
          onPublicationRequest: fn("PrivatePublication"),
        },
      },
    }),
  );

  test("are in the environment of exactly those functions that invoke them", () => {
    const departure = { onDisconnect: "<Departure.Arn>" };
    const publishing = {
      "": { onPublicationRequest: "<Publication.Arn>", onMessageReceived: "<Delivery.Arn>", ...departure },
      "private/*": { onPublicationRequest: "<PrivatePublication.Arn>" },
    };
    expect(known(template)).toEqual({
      Connect: { "": { onConnectionRequest: "<Connection.Arn>" } },
      Subscribe: {
        "": { onSubscriptionRequest: "<Subscription.Arn>" },
        "private/*": { onSubscriptionRequest: "<PrivateSubscription.Arn>" },
      },
      Unsubscribe: { "": { onUnsubscriptionRequest: "<Unsubscription.Arn>" } },
      Publish: publishing,
      Send: publishing,
      Refresh: { "": { onConnectionRequest: "<Connection.Arn>", ...departure } },
      Disconnect: { "": departure },
      Sweep: { "": departure },
      Publisher: { "": { onMessageReceived: "<Delivery.Arn>", ...departure } },
      Deliver: { "": { onMessageReceived: "<Delivery.Arn>", ...departure } },
    });
  });

  test("can be invoked by exactly those, without versions or aliases", () => {
    const publishing = invoke("Publication", "Delivery", "Departure", "PrivatePublication");
    expect(granted(template)).toEqual({
      Connect: invoke("Connection"),
      Subscribe: invoke("Subscription", "PrivateSubscription"),
      Unsubscribe: invoke("Unsubscription"),
      Publish: publishing,
      Send: publishing,
      Refresh: invoke("Connection", "Departure"),
      Disconnect: invoke("Departure"),
      Sweep: invoke("Departure"),
      Publisher: invoke("Delivery", "Departure"),
      Deliver: invoke("Delivery", "Departure"),
    });
  });

  test("count as guards: there is no warning and no module", () => {
    expect(warningsOf(stack)).toEqual([]);
    expect(only(template, "AWS::ApiGatewayV2::Api").Metadata!["push-it:construct"]).toEqual({
      version: 1,
      path: "Test/PushIt",
    });
    for (const { Properties } of Object.values(resourcesOf(template, "AWS::Lambda::Function"))) {
      expect(JSON.stringify(Properties["Environment"] ?? {})).not.toContain("PUSH_IT_GUARDS");
    }
  });

  test("that few functions invoke do not affect the others", () => {
    const { template: small } = withGuards((fn) =>
      Guards.fromLambda({ channels: { "a/*": { onSubscriptionRequest: fn("Only") } } }),
    );
    expect(known(small)).toEqual({ Subscribe: { "a/*": { onSubscriptionRequest: "<Only.Arn>" } } });
    expect(granted(small)).toEqual({ Subscribe: invoke("Only") });
  });

  test("that are the same function are granted once", () => {
    const { template: same } = withGuards((fn) => {
      const one = fn("One");
      return Guards.fromLambda({ onPublicationRequest: one, onMessageReceived: one, onDisconnect: one });
    });
    expect(granted(same)["Publish"]).toEqual(invoke("One"));
  });

  test("may belong to another stack, by their ARNs", () => {
    const stack = makeStack();
    const arn = "arn:aws:lambda:eu-west-1:123456789012:function:guard:live";
    makePushIt(
      { guards: Guards.fromLambda({ onConnectionRequest: lambda.Function.fromFunctionArn(stack, "Foreign", arn) }) },
      stack,
    );
    const foreign = Template.fromStack(stack);
    expect(known(foreign)).toEqual({
      Connect: { "": { onConnectionRequest: arn } },
      Refresh: { "": { onConnectionRequest: arn } },
    });
    expect(granted(foreign)).toEqual({
      Connect: [[["lambda:InvokeFunction"], [arn]]],
      Refresh: [[["lambda:InvokeFunction"], [arn]]],
    });
  });
});

describe("a guard module together with guard functions", () => {
  const { template } = withGuards((fn) =>
    Guards.combine(
      Guards.fromModule(MODULE),
      Guards.fromLambda({ onDisconnect: fn("Departure") }),
      Guards.fromLambda({ channels: { a: { onSubscriptionRequest: fn("A") } } }),
    ),
  );

  test("is in the environment of each function that needs it", () => {
    expect(only(template, "AWS::ApiGatewayV2::Api").Metadata!["push-it:construct"]).toMatchObject({ guards: MODULE });
    expect(Object.keys(known(template)).sort()).toEqual([
      "Deliver",
      "Disconnect",
      "Publish",
      "Publisher",
      "Refresh",
      "Send",
      "Subscribe",
      "Sweep",
    ]);
    const modules = Object.values(resourcesOf(template, "AWS::Lambda::Function")).filter(({ Properties }) =>
      JSON.stringify(Properties).includes('"PUSH_IT_GUARDS":"guards.mjs"'),
    );
    expect(modules).toHaveLength(10);
  });

  test.each<[string, (fn: (id: string) => lambda.Function) => Guards, string]>([
    [
      "two modules",
      () => Guards.combine(Guards.fromModule(MODULE), Guards.fromModule(MODULE)),
      "there can be one guard module",
    ],
    [
      "two functions for one guard",
      (fn) =>
        Guards.combine(Guards.fromLambda({ onDisconnect: fn("A") }), Guards.fromLambda({ onDisconnect: fn("B") })),
      "two functions are given for onDisconnect",
    ],
    [
      "two functions for one guard of a channel",
      (fn) =>
        Guards.combine(
          ...["A", "B"].map((id) => Guards.fromLambda({ channels: { "a/*": { onMessageReceived: fn(id) } } })),
        ),
      'two functions are given for channels["a/*"].onMessageReceived',
    ],
    ["nothing", () => Guards.combine(), "needs something to combine"],
  ])("cannot have %s", (_, guards, message) => {
    expect(() => withGuards(guards)).toThrow(message);
  });
});

describe("guard functions cannot be", () => {
  test.each<[string, (fn: lambda.Function) => GuardFunctions, string]>([
    ["none", () => ({}), "Guards.fromLambda names no function"],
    ["none for a channel", () => ({ channels: { "a/*": {} } }), 'channels["a/*"] names no function'],
    [
      "for a guard that does not exist",
      (fn) => ({ onSubscribtionRequest: fn }) as GuardFunctions,
      'guards.onSubscribtionRequest is not a prop. Did you mean "onSubscriptionRequest"?',
    ],
    [
      "for a channel's guard that does not exist",
      (fn) => ({ channels: { a: { onPublish: fn } as ChannelGuardFunctions } }),
      'guards.channels["a"].onPublish is not a prop. The props here are onSubscriptionRequest, ',
    ],
    [
      "for a channel's guard that would never run",
      (fn) => ({ channels: { a: { onDisconnect: fn } as ChannelGuardFunctions } }),
      '"a" has onDisconnect, which would never run',
    ],
    [
      "for an invalid pattern",
      (fn) => ({ channels: { "a*": { onSubscriptionRequest: fn } } }),
      '"a*" is neither a channel name nor a pattern',
    ],
    [
      "for an empty channel name",
      (fn) => ({ channels: { "": { onSubscriptionRequest: fn } } }),
      'the key "" is not a valid channel pattern',
    ],
  ])("%s", (_, guards, message) => {
    expect(() => withGuards((fn) => Guards.fromLambda(guards(fn("Guard"))))).toThrow(message);
  });

  test("more than the environment of a function holds", () => {
    expect(() =>
      withGuards((fn) => {
        const one = fn("One");
        const channels = Object.fromEntries(
          Array.from({ length: 25 }, (_, at) => [`channel-${at}/*`, { onSubscriptionRequest: one }]),
        );
        return Guards.fromLambda({ channels });
      }),
    ).toThrow(/PushIt\/Subscribe: the environment would have \d+ bytes as JSON, but Lambda allows 4096/);
  });
});
