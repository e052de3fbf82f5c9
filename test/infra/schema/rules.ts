/*
 * The rules that CloudFormation's schemas lack, or lack for some resources: enumerations of values, and sizes.
 */

/** The values that a property can have, by `Type.Property` or `Type.Property.Inner`. */
export const ENUMS: { readonly [property: string]: readonly unknown[] } = {
  "AWS::ApiGatewayV2::Api.ProtocolType": ["HTTP", "WEBSOCKET"],
  "AWS::ApiGatewayV2::Integration.IntegrationType": ["AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"],
  "AWS::ApiGatewayV2::Route.AuthorizationType": ["NONE", "AWS_IAM", "CUSTOM", "JWT"],
  "AWS::CloudWatch::Alarm.ComparisonOperator": [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
  ],
  "AWS::CloudWatch::Alarm.Statistic": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
  "AWS::CloudWatch::Alarm.TreatMissingData": ["breaching", "notBreaching", "ignore", "missing"],
  "AWS::DynamoDB::Table.BillingMode": ["PROVISIONED", "PAY_PER_REQUEST"],
  "AWS::DynamoDB::Table.SSESpecification.SSEType": ["KMS"],
  "AWS::Events::Rule.State": ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"],
  "AWS::Lambda::Function.Architectures": ["arm64", "x86_64"],
  "AWS::Lambda::Function.LoggingConfig.ApplicationLogLevel": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
  "AWS::Lambda::Function.LoggingConfig.LogFormat": ["Text", "JSON"],
  "AWS::Lambda::Function.LoggingConfig.SystemLogLevel": ["DEBUG", "INFO", "WARN"],
  "AWS::Lambda::Function.Runtime": ["nodejs22.x", "nodejs24.x"],
  "AWS::Lambda::Url.AuthType": ["AWS_IAM", "NONE"],
  "AWS::Logs::LogGroup.RetentionInDays": [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ],
};

/** The other keys of a resource, and the values of those with few values. */
export const ATTRIBUTES: { readonly [attribute: string]: readonly string[] | undefined } = {
  Condition: undefined,
  CreationPolicy: undefined,
  DeletionPolicy: ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"],
  DependsOn: undefined,
  Metadata: undefined,
  Properties: undefined,
  Type: undefined,
  UpdatePolicy: undefined,
  UpdateReplacePolicy: ["Delete", "Retain", "Snapshot"],
};

/** The targets of references besides resources and parameters. */
export const PSEUDO_PARAMETERS = [
  "AccountId",
  "NotificationARNs",
  "NoValue",
  "Partition",
  "Region",
  "StackId",
  "StackName",
  "URLSuffix",
].map((name) => `AWS::${name}`);

/**
 * Resources of a template, and its bytes in a bucket.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
export const TEMPLATE = { resources: 500, bytes: 1_000_000 };

/**
 * Characters of all inline policies of a role, without spaces.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const ROLE_POLICY_CHARACTERS = 10_240;

/**
 * Bytes of a function's environment, as JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const ENVIRONMENT_BYTES = 4_096;

/** The length of a computed value in measured sizes: about the longest ARN. */
export const COMPUTED = "arn:".padEnd(128, "-");
