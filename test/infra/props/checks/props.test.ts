import { Duration, Lazy, Stack, Token } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { Template } from "aws-cdk-lib/assertions";
import { AccessLogs, Guards, type PushItProps, PushItStack } from "../../../../infra/index.js";
import { makePushIt, makeStack } from "../../synth.js";

/** Values that JavaScript, or a cast, lets pass. */
const untyped = (props: unknown): PushItProps => props as PushItProps;

const GUARDS = "test/infra/fixtures/guards.ts";
const withModule = (props: unknown): unknown => ({ guards: Guards.fromModule(GUARDS, props as object) });

class Box {}

const WRONG: [unknown, string][] = [
  // Names.
  [{ wildcard: ["a/*"] }, 'wildcard is not a prop. Did you mean "wildcards"?'],
  [{ Guards: 1 }, 'Guards is not a prop. Did you mean "guards"?'],
  [{ zebra: 1 }, "zebra is not a prop. The props here are guards, timeouts, "],
  [
    { timeouts: { onConnectRequest: Duration.seconds(1) } },
    'timeouts.onConnectRequest is not a prop. Did you mean "onConnectionRequest"?',
  ],
  [{ channels: { "rooms/*": { histroy: {} } } }, 'channels["rooms/*"].histroy is not a prop. Did you mean "history"?'],
  [
    { channels: { "rooms/*": { history: { length: 5 } } } },
    'channels["rooms/*"].history.length is not a prop. The props here are size, ttl',
  ],
  [
    { channels: { "rooms/*": { presence: "yes" } } },
    'channels["rooms/*"].presence is "yes", but must be true, false, or an object such as { state: true }',
  ],
  [
    { channels: { "rooms/*": { presence: { states: true } } } },
    'channels["rooms/*"].presence.states is not a prop. Did you mean "state"?',
  ],
  [
    { throttling: { connect: { rateLimits: 5 } } },
    'throttling.connect.rateLimits is not a prop. Did you mean "rateLimit"?',
  ],
  [{ limits: { messageByte: 5 } }, 'limits.messageByte is not a prop. Did you mean "messageBytes"?'],
  [{ reservedConcurrency: { "publish ": 5 } }, 'reservedConcurrency.publish  is not a prop. Did you mean "publish"?'],
  [withModule({ bundling: { minifi: true } }), 'guards.bundling.minifi is not a prop. Did you mean "minify"?'],
  // Types.
  ["guards.ts", 'props is "guards.ts", but must be an object with props'],
  [
    { guards: "guards.ts" },
    'guards is "guards.ts", but must be made by Guards, such as Guards.fromModule("guards.ts")',
  ],
  [{ guards: null }, "guards is null, but must be made by Guards"],
  [
    { guards: Guards.fromModule(undefined as unknown as string) },
    "guards: the path of the guard module is null, but must be a string",
  ],
  [{ sweepInterval: 15 }, "sweepInterval is 15, but must be a Duration, such as Duration.seconds(10)"],
  [{ timeouts: Duration.seconds(1) }, "timeouts is an object of the class Duration, but must be an object with props"],
  [{ timeouts: { onDisconnect: "1s" } }, 'timeouts.onDisconnect is "1s", but must be a Duration'],
  [{ fanOutThreshold: "2000" }, 'fanOutThreshold is "2000", but must be a number'],
  [{ keepCredentials: "no" }, 'keepCredentials is "no", but must be true or false'],
  [{ wildcards: "stories/*" }, 'wildcards is "stories/*", but must be a list of strings'],
  [{ wildcards: [5] }, "wildcards[0] is 5, but must be a string"],
  [
    { allowedOrigins: ["https://example.com", undefined] },
    "allowedOrigins[1] is undefined: give it a value, or leave it out",
  ],
  [{ channels: ["rooms/*"] }, "channels is a list, but must be an object with options by pattern"],
  [{ channels: { "rooms/*": true } }, 'channels["rooms/*"] is true, but must be an object with props'],
  [{ channels: { "rooms/*": undefined } }, 'channels["rooms/*"] is undefined: give it a value, or leave it out'],
  [{ channels: { "rooms/*": { linger: 250 } } }, 'channels["rooms/*"].linger is 250, but must be a Duration'],
  [{ denials: "silent" }, 'denials is "silent", but must be one of Denials.EXPLAIN, Denials.REFUSE'],
  [
    { removalPolicy: "DESTROY" },
    'removalPolicy is "DESTROY", but must be one of RemovalPolicy.DESTROY, RemovalPolicy.RETAIN, ',
  ],
  [
    { logRetention: "ONE_WEEK" },
    'logRetention is "ONE_WEEK", but must be one of logs.RetentionDays, such as logs.RetentionDays.ONE_DAY, ',
  ],
  [
    { architecture: "arm64" },
    'architecture is "arm64", but must be a lambda.Architecture, such as lambda.Architecture.ARM_64',
  ],
  [{ encryptionKey: new Box() }, "encryptionKey is an object of the class Box, but must be a KMS key"],
  [{ eventBus: Box }, "eventBus is the function Box, but must be an EventBridge bus"],
  [{ accessLogs: true }, "accessLogs is true, but must be made by AccessLogs, such as AccessLogs.existingRole()"],
  [
    { accessLogs: AccessLogs.existingRole({ retention: 5.5 as never }) },
    "accessLogs.retention is 5.5, but must be one of logs.RetentionDays",
  ],
  [withModule({ environment: { PORT: 80 } }), 'guards.environment["PORT"] is 80, but must be a string'],
  [withModule({ secrets: { KEY: "abc" } }), 'guards.secrets["KEY"] is "abc", but must be a secret of Secrets Manager'],
  [withModule({ initialPolicy: [{}] }), "guards.initialPolicy[0] is an object, but must be an iam.PolicyStatement"],
  [
    { guards: Guards.fromLambda({ onDisconnect: "arn" } as never) },
    'guards.onDisconnect is "arn", but must be a Lambda function',
  ],
];

describe("a prop", () => {
  test.each(WRONG)("%j is refused", (props, message) => {
    const stack = makeStack();
    expect(() => makePushIt(untyped(props), stack)).toThrow(`Test/PushIt: ${message}`);
  });

  test("may be undefined, even if it does not exist", () => {
    expect(() =>
      makePushIt(untyped({ wildcards: undefined, wildcard: undefined, timeouts: { onDisconnect: undefined } })),
    ).not.toThrow();
  });

  test("may be a token if only the deployment needs its value", () => {
    const stack = makeStack();
    expect(() =>
      makePushIt(
        { memorySize: Token.asNumber({ Ref: "Memory" }), apiName: Lazy.string({ produce: () => "live" }) },
        stack,
      ),
    ).not.toThrow();
    Template.fromStack(stack);
  });
});

describe("a stack that is a Push-It", () => {
  const make = (props: object): PushItStack => new PushItStack(makeStack().node.root, "Alone", props);

  test("accepts the CDK's props next to the construct's, even newer ones", () => {
    const { pushIt, terminationProtection } = make({
      stackName: "a",
      description: "b",
      terminationProtection: true,
      somethingOfANewerCdk: 1,
      stageName: "beta",
    });
    expect(terminationProtection).toBe(true);
    expect(Object.values(Template.fromStack(Stack.of(pushIt)).findResources("AWS::ApiGatewayV2::Stage"))).toMatchObject(
      [{ Properties: { StageName: "beta" } }],
    );
  });

  test("refuses a misspelt prop of the construct", () => {
    expect(() => make({ wildcard: [] })).toThrow('Alone: wildcard is not a prop. Did you mean "wildcards"?');
    expect(() => make({ memorySize: "512" })).toThrow('Alone: memorySize is "512", but must be a number');
  });
});

test("the target of a rule refuses unknown props and wrong types", () => {
  const stack = makeStack();
  const pushIt = makePushIt({}, stack);
  new Rule(stack, "Rule", {
    schedule: Schedule.rate(Duration.hours(1)),
    targets: [pushIt.publishTarget({ channel: "a", data: 1, retryAttempts: 1 })],
  });
  expect(() => pushIt.publishTarget({ chanel: "a", data: 1 } as never)).toThrow(
    'publishTarget.chanel is not a prop. Did you mean "channel"?',
  );
  expect(() => pushIt.publishTarget({ channel: 5, data: 1 } as never)).toThrow(
    "publishTarget.channel is 5, but must be a string",
  );
});
