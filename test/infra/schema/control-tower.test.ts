import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CfnGuardValidator } from "@cdklabs/cdk-validator-cfnguard";
import { App } from "aws-cdk-lib";
import { everything } from "./systems.js";

// AWS Control Tower's proactive controls, by the validator that AWS publishes. The rules are in its package: it needs no network.

/** The rules that a Push-It does not follow, and why. */
const KNOWN = {
  api_gw_v2_authorization_type_configured_check:
    "The connection guard decides, in $connect's function. Other routes cannot have an authorizer.",
  cloudwatch_alarm_action_check: "The alarm's action is the user's to add.",
  cloudwatch_log_group_retention_period_check: "It wants a year. The prop logRetention says how long.",
  cloudwatch_log_group_encrypted_check: "It wants a KMS key. The prop logEncryption gives one.",
  kms_create_grant_aws_service_check: "The key's policy is the CDK's. It leaves grants to the account's policies.",
  lambda_function_public_access_prohibited_check:
    "It wants an account for each permission. Ours name the API, which is more exact.",
  lambda_inside_vpc_check: "The functions call AWS's services alone, with signed requests.",
  sqs_dlq_check: "It wants a dead-letter queue of the dead-letter queue, too.",
};

const folder = mkdtempSync(join(tmpdir(), "push-it-control-tower-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The rules that a template breaks, in order. */
const brokenRulesOf = (template: object): string[] => {
  const path = join(folder, "template.json");
  writeFileSync(path, JSON.stringify(template));
  const { violations } = new CfnGuardValidator().validate({ templatePaths: [path], appConstruct: new App() });
  return violations.map(({ ruleName }) => ruleName).sort();
};

test("a Push-It with every option breaks only the known rules", () =>
  expect(brokenRulesOf(everything())).toEqual(Object.keys(KNOWN).sort()));

test("a table without a backup is found", () => {
  const Table = { Type: "AWS::DynamoDB::Table", Properties: { BillingMode: "PAY_PER_REQUEST" } };
  expect(brokenRulesOf({ Resources: { Table } })).toContain("dynamodb_table_pitr_enabled_check");
});
