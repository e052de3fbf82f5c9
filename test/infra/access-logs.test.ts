import * as logs from "aws-cdk-lib/aws-logs";
import { AccessLogs, PushIt } from "../../infra/index.js";
import { makeStack, only, readable, resourcesOf, synthesize } from "./synth.js";
import { Template } from "aws-cdk-lib/assertions";

const settingsOf = (template: Template) =>
  readable(only(template, "AWS::ApiGatewayV2::Stage").Properties.AccessLogSettings) as Record<string, string>;

describe("access logs", () => {
  test("are not created by default, and neither is the account's role", () => {
    const template = synthesize();
    expect(only(template, "AWS::ApiGatewayV2::Stage").Properties.AccessLogSettings).toBeUndefined();
    template.resourceCountIs("AWS::ApiGateway::Account", 0);
  });

  test("contain nothing that a client chose, such as credentials", () => {
    const { Format } = settingsOf(synthesize({ accessLogs: AccessLogs.existingRole() }));
    const values = Object.values(JSON.parse(Format!) as Record<string, string>);
    expect(values).toContain("$context.requestId");
    for (const value of values) expect(value).toMatch(/^\$context\.[\w.]+$/);
    expect(Format).not.toMatch(/header|authorizer|protocol|querystring|path/i);
  });

  test("go to a log group of the construct, which expires", () => {
    const template = synthesize({ accessLogs: AccessLogs.existingRole({ retention: logs.RetentionDays.ONE_DAY }) });
    expect(settingsOf(template).DestinationArn).toContain("<AccessLogs");
    const [group] = Object.entries(resourcesOf(template, "AWS::Logs::LogGroup")).filter(([id]) =>
      /AccessLogs/.test(id),
    );
    expect(group![1].Properties).toEqual({ RetentionInDays: 1 });
  });

  test("can go to another log group", () => {
    const stack = makeStack();
    const logGroup = new logs.LogGroup(stack, "Mine");
    const template = synthesize({ accessLogs: AccessLogs.existingRole({ logGroup }) }, stack);
    expect(settingsOf(template).DestinationArn).toContain("<Mine");
    expect(Object.keys(resourcesOf(template, "AWS::Logs::LogGroup")).some((id) => /AccessLogs/.test(id))).toBe(false);
  });

  test("with an existing role do not change the account", () => {
    synthesize({ accessLogs: AccessLogs.existingRole() }).resourceCountIs("AWS::ApiGateway::Account", 0);
  });
});

describe("the account's role", () => {
  // It has the permissions that API Gateway needs.
  test("is set before the stage, and stays when the stack is deleted", () => {
    const template = synthesize({ accessLogs: AccessLogs.managedRole() });
    const [[id, account]] = Object.entries(resourcesOf(template, "AWS::ApiGateway::Account")) as [[string, never]];
    expect(only(template, "AWS::ApiGatewayV2::Stage").DependsOn).toContain(id);
    expect(account).toMatchObject({ DeletionPolicy: "Retain" });
    const roles = Object.values(resourcesOf(template, "AWS::IAM::Role")).filter(
      ({ Properties }) => Properties.ManagedPolicyArns,
    );
    expect(roles).toHaveLength(1);
    expect(roles[0]!.DeletionPolicy).toBe("Retain");
    expect(readable(roles[0]!.Properties)).toMatchObject({
      ManagedPolicyArns: ["arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: "apigateway.amazonaws.com" } }] },
    });
  });

  test("is made once for all Push-Its of a stack", () => {
    const stack = makeStack();
    new PushIt(stack, "One", { accessLogs: AccessLogs.managedRole() });
    new PushIt(stack, "Two", { accessLogs: AccessLogs.managedRole() });
    Template.fromStack(stack).resourceCountIs("AWS::ApiGateway::Account", 1);
  });
});
