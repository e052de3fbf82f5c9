import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Guards, type GuardModuleProps } from "../../../infra/index.js";
import { makePushIt, makeStack, only, readable, resourcesOf, synthesize } from "../synth.js";

const ENTRY = "test/infra/fixtures/guards.ts";
const RUN_GUARDS = [
  "Connect",
  "Deliver",
  "Disconnect",
  "Publish",
  "Publisher",
  "Refresh",
  "Send",
  "Subscribe",
  "Sweep",
  "Unsubscribe",
];

const withGuards = (props?: GuardModuleProps, stack = makeStack()) =>
  synthesize({ guards: Guards.fromModule(ENTRY, props) }, stack);

/** Each function's environment. */
const environments = (template: Template): Record<string, Record<string, string>> =>
  Object.fromEntries(
    Object.entries(resourcesOf(template, "AWS::Lambda::Function")).map(([id, { Properties }]) => [
      id.replace(/^PushIt(\w+?)Function.*/, "$1"),
      (readable(Properties.Environment) as { Variables: Record<string, string> }).Variables,
    ]),
  );

/** The roles that have a statement with this action, and its resource. */
const granted = (template: Template, action: string): Record<string, unknown> => {
  const found: Record<string, unknown> = {};
  for (const { Properties } of Object.values(resourcesOf(template, "AWS::IAM::Policy"))) {
    const { Roles, PolicyDocument } = readable(Properties) as {
      Roles: string[];
      PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
    };
    const statement = PolicyDocument.Statement.find(({ Action }) => [Action].flat().includes(action));
    if (statement) for (const role of Roles) found[role.replace(/^<(\w+)Role>$/, "$1")] = statement.Resource;
  }
  return found;
};

const toEach = (names: string[], resource: unknown) => Object.fromEntries(names.map((name) => [name, resource]));

describe("a guard module", () => {
  test("is named in the template, for `push-it-cli dev`, and silences the warning", () => {
    const stack = makeStack();
    const template = withGuards({}, stack);
    expect(only(template, "AWS::ApiGatewayV2::Api").Metadata!["push-it:construct"]).toEqual({
      version: 1,
      path: "Test/PushIt",
      guards: ENTRY,
    });
    expect(stack.node.findAll().flatMap(({ node }) => node.metadata.filter(({ type }) => /warn/.test(type)))).toEqual(
      [],
    );
  });

  test("is run by exactly the functions that need it", () => {
    const actual = environments(withGuards());
    const running = Object.keys(actual).filter((name) => actual[name]!.PUSH_IT_GUARDS === "guards.mjs");
    expect(running.sort()).toEqual(RUN_GUARDS);
  });

  test("has its environment there, and only there, and lines in its errors", () => {
    const actual = environments(withGuards({ environment: { AUDIENCE: "example.com" } }));
    const knowing = Object.keys(actual).filter((name) => actual[name]!.AUDIENCE === "example.com");
    expect(knowing.sort()).toEqual(RUN_GUARDS);
    expect(actual.Connect!.NODE_OPTIONS).toBe("--enable-source-maps");
    expect(actual.Ping!.NODE_OPTIONS).toBeUndefined();
  });

  test("keeps NODE_OPTIONS of its own, and needs none without a source map", () => {
    const environment = { NODE_OPTIONS: "--max-http-header-size=16384" };
    const kept = environments(withGuards({ environment })).Connect!.NODE_OPTIONS;
    expect(kept).toBe("--enable-source-maps --max-http-header-size=16384");
    const without = environments(withGuards({ bundling: { sourceMap: false } })).Connect!.NODE_OPTIONS;
    expect(without).toBeUndefined();
  });

  test.each(["TABLE_NAME", "AWS_REGION", "PUSH_IT_SETTINGS", "LAMBDA_TASK_ROOT", "_HANDLER"])(
    "cannot set %s",
    (name) => {
      expect(() => withGuards({ environment: { [name]: "x" } })).toThrow(
        `the environment variable ${name} is reserved`,
      );
    },
  );

  test("cannot have more environment than Lambda allows", () => {
    expect(() => withGuards({ environment: { LONG: "x".repeat(4_000) } })).toThrow(
      /PushIt\/Connect: the environment would have \d+ bytes as JSON, but Lambda allows 4096/,
    );
  });

  test("may do what initialPolicy says", () => {
    const statement = new iam.PolicyStatement({ actions: ["ses:SendEmail"], resources: ["arn:aws:ses:::identity/x"] });
    const template = withGuards({ initialPolicy: [statement] });
    expect(granted(template, "ses:SendEmail")).toEqual(toEach(RUN_GUARDS, "arn:aws:ses:::identity/x"));
  });
});

describe("a secret", () => {
  test("is named in the environment and can be read, by the functions that run guards", () => {
    const stack = makeStack();
    const secret = new secretsmanager.Secret(stack, "Secret");
    const template = withGuards({ secrets: { SIGNING_KEY: secret } }, stack);
    expect(environments(template).Connect!.PUSH_IT_SECRET_SIGNING_KEY).toBe("<Secret>");
    expect(environments(template).Ping!.PUSH_IT_SECRET_SIGNING_KEY).toBeUndefined();
    expect(granted(template, "secretsmanager:GetSecretValue")).toEqual(toEach(RUN_GUARDS, "<Secret>"));
  });

  test("known by name only is found by what its ARN begins with", () => {
    const stack = makeStack();
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, "Secret", "my/secret");
    const arn = "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:my/secret-??????";
    const template = withGuards({ secrets: { X: secret } }, stack);
    expect(granted(template, "secretsmanager:GetSecretValue")).toEqual(toEach(RUN_GUARDS, arn));
  });

  test("under a key of yours can be decrypted, through Secrets Manager only", () => {
    const stack = makeStack();
    const encryptionKey = new kms.Key(stack, "Key");
    const secret = new secretsmanager.Secret(stack, "Secret", { encryptionKey });
    const template = withGuards({ secrets: { X: secret } }, stack);
    expect(granted(template, "kms:Decrypt")).toEqual(toEach(RUN_GUARDS, "<Key.Arn>"));
    const condition = { StringEquals: { "kms:ViaService": Match.anyValue() } };
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: "kms:Decrypt", Condition: condition })]),
      },
    });
  });

  test.each(["", "my-secret", "1ST", "A B"])("cannot be called %p", (name) => {
    const secret = secretsmanager.Secret.fromSecretNameV2(makeStack(), "Secret", "s");
    expect(() => withGuards({ secrets: { [name]: secret } })).toThrow("a secret's name is letters, digits");
  });
});

describe("pushIt.guards, as a grantee", () => {
  test("passes a grant on to every function that runs guards, and to no other", () => {
    const stack = makeStack();
    const users = new dynamodb.Table(stack, "Users", {
      partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
    });
    const pushIt = makePushIt({ guards: Guards.fromModule(ENTRY) }, stack);
    const grant = users.grantReadData(pushIt.guards);
    expect(() => grant.assertSuccess()).not.toThrow();
    expect(Object.keys(granted(Template.fromStack(stack), "dynamodb:Scan")).sort()).toEqual(RUN_GUARDS);
  });

  test("is known to resource policies by all its roles", () => {
    const stack = makeStack();
    const pushIt = makePushIt({ guards: Guards.fromModule(ENTRY) }, stack);
    const bucket = new s3.Bucket(stack, "Bucket");
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [pushIt.guards.grantPrincipal],
        actions: ["s3:GetObject"],
        resources: ["*"],
      }),
    );
    const policy = readable(only(Template.fromStack(stack), "AWS::S3::BucketPolicy").Properties) as {
      PolicyDocument: { Statement: { Principal: { AWS: string[] } }[] };
    };
    const principals = policy.PolicyDocument.Statement[0]!.Principal.AWS;
    expect(principals.sort()).toEqual(RUN_GUARDS.map((name) => `<${name}Role.Arn>`));
  });

  test("takes statements", () => {
    const stack = makeStack();
    makePushIt({}, stack).addToGuardPolicy(new iam.PolicyStatement({ actions: ["ses:SendEmail"], resources: ["*"] }));
    expect(granted(Template.fromStack(stack), "ses:SendEmail")).toEqual(toEach(RUN_GUARDS, "*"));
  });
});

describe("a back end", () => {
  const stack = makeStack();
  const pushIt = makePushIt({ stageName: "beta" }, stack);
  const stage = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/beta";
  const makeRole = (id: string) => new iam.Role(stack, id, { assumedBy: new iam.AccountRootPrincipal() });
  pushIt.grantDisconnect(makeRole("CloserRole"));
  pushIt.grantConnectionInfo(makeRole("AskerRole"));
  const template = Template.fromStack(stack);

  test("can be let close connections of the stage, and nothing else", () => {
    expect(granted(template, "execute-api:ManageConnections").Closer).toBe(`${stage}/DELETE/@connections/*`);
  });

  test("can be let ask about them, and nothing else", () => {
    expect(granted(template, "execute-api:ManageConnections").Asker).toBe(`${stage}/GET/@connections/*`);
  });
});

test("functions are the CDK's own, so alarms and metrics come with them", () => {
  expect(makePushIt().functions.publish).toBeInstanceOf(lambda.Function);
});
