import { createHash } from "node:crypto";
import { busName, DEFAULT_BUS } from "../model/rules.js";
import type { Place } from "../../core/place.js";
import { Unresolvable } from "./intrinsics.js";
import type { Resource } from "./template.js";

/** A resource, with everything that its physical id is made from. */
export interface Subject {
  logicalId: string;
  resource: Resource;
  stack: string;
  place: Place;
  /** A property that names the resource, resolved; `undefined` if the template has no name. */
  named: (property: string) => string | undefined;
}

type Identity = { ref: (subject: Subject) => string; attributes?: Record<string, (subject: Subject) => string> };

/** Characters of made-up ids. */
const ID_CHARACTERS = 10;

/** Longest name that CloudFormation makes for most resources. */
const NAME_CHARACTERS = 64;

/**
 * A fake physical id of a resource, the same in every run.
 * @param attribute the attribute of `Fn::GetAtt`. @default the value of `Ref`
 * @throws Unresolvable for unknown types and attributes
 */
export const physicalIdOf = (subject: Subject, attribute?: string): string => {
  const { logicalId, resource } = subject;
  const identity = IDENTITIES[resource.Type];
  const make = attribute === undefined ? identity?.ref : identity?.attributes?.[attribute];
  if (make) return make(subject);
  const what = attribute === undefined ? `Ref of ${logicalId}` : `${logicalId}.${attribute}`;
  throw new Unresolvable(`${what} (${resource.Type}) has no value locally`);
};

/** A made-up id of lower-case letters and digits. */
export const fakePhysicalId = (
  { stack, logicalId }: Pick<Subject, "stack" | "logicalId">,
  characters = ID_CHARACTERS,
): string => {
  const hash = createHash("sha256").update(`${stack}/${logicalId}`).digest();
  return [...hash.subarray(0, characters)].map((byte) => (byte % 36).toString(36)).join("");
};

/** Length of the id that begins a function URL's domain name. */
const URL_ID_CHARACTERS = 32;

/** The id of a function URL. */
export const functionUrlId = (subject: Pick<Subject, "stack" | "logicalId">): string =>
  fakePhysicalId(subject, URL_ID_CHARACTERS);

const name = (property: string) => (subject: Subject) =>
  subject.named(property) ??
  `${subject.stack}-${subject.logicalId}`.slice(0, NAME_CHARACTERS - ID_CHARACTERS - 1) + `-${fakePhysicalId(subject)}`;

const arn = (service: string, resource: (subject: Subject) => string) => (subject: Subject) => {
  const { partition, region, account } = subject.place;
  return `arn:${partition}:${service}:${region}:${account}:${resource(subject)}`;
};

/** IAM has no Region in its ARNs, S3 neither Region nor account. */
const globalArn = (service: string, resource: (subject: Subject) => string) => (subject: Subject) =>
  `arn:${subject.place.partition}:${service}::${service === "iam" ? subject.place.account : ""}:${resource(subject)}`;

const named = (service: string, property: string, prefix = ""): Identity => {
  const physical = name(property);
  return { ref: physical, attributes: { Arn: arn(service, (subject) => prefix + physical(subject)) } };
};

const role = name("RoleName");
const policyArn = globalArn("iam", (subject) => `policy/${name("ManagedPolicyName")(subject)}`);
const queue = name("QueueName");
const queueUrl = (subject: Subject): string =>
  `https://sqs.${subject.place.region}.amazonaws.com/${subject.place.account}/${queue(subject)}`;
const topic = arn("sns", name("TopicName"));
const bucket = (subject: Subject): string => name("BucketName")(subject).toLowerCase();
const eventBus = name("Name");
const rule = name("Name");
const ruleArn = arn("events", (subject) => `rule/${busPrefix(subject.named("EventBusName"))}${rule(subject)}`);
const targetFunction = (subject: Subject): string => subject.named("TargetFunctionArn") ?? "";
const table = named("dynamodb", "TableName", "table/");
const secretArn = arn("secretsmanager", (subject) => `secret:${name("Name")(subject)}-${fakePhysicalId(subject, 6)}`);

/** A rule's ARN names its bus, unless that is the default one. */
const busPrefix = (bus = DEFAULT_BUS): string => (busName(bus) === DEFAULT_BUS ? "" : `${busName(bus)}/`);

/** The values of `Ref` and `Fn::GetAtt`, by CloudFormation type. */
const IDENTITIES: Record<string, Identity> = {
  "AWS::Lambda::Function": named("lambda", "FunctionName", "function:"),
  "AWS::DynamoDB::Table": table,
  "AWS::DynamoDB::GlobalTable": table,
  "AWS::ApiGatewayV2::Api": {
    ref: fakePhysicalId,
    attributes: {
      ApiId: fakePhysicalId,
      ApiEndpoint: (subject) => `wss://${fakePhysicalId(subject)}.execute-api.${subject.place.region}.amazonaws.com`,
    },
  },
  "AWS::ApiGatewayV2::Stage": { ref: (subject) => subject.named("StageName") ?? "$default" },
  "AWS::ApiGatewayV2::Route": { ref: fakePhysicalId, attributes: { RouteId: fakePhysicalId } },
  "AWS::ApiGatewayV2::Integration": { ref: fakePhysicalId, attributes: { IntegrationId: fakePhysicalId } },
  "AWS::ApiGatewayV2::Deployment": { ref: fakePhysicalId, attributes: { DeploymentId: fakePhysicalId } },
  "AWS::IAM::Role": {
    ref: role,
    attributes: {
      Arn: globalArn("iam", (subject) => `role/${role(subject)}`),
      RoleId: (subject) => `AROA${fakePhysicalId(subject, 17).toUpperCase()}`,
    },
  },
  "AWS::IAM::ManagedPolicy": { ref: policyArn, attributes: { PolicyArn: policyArn } },
  "AWS::Logs::LogGroup": {
    ref: name("LogGroupName"),
    attributes: { Arn: arn("logs", (subject) => `log-group:${name("LogGroupName")(subject)}:*`) },
  },
  "AWS::Events::Rule": { ref: rule, attributes: { Arn: ruleArn } },
  "AWS::Events::EventBus": {
    ref: eventBus,
    attributes: { Name: eventBus, Arn: arn("events", (subject) => `event-bus/${eventBus(subject)}`) },
  },
  "AWS::Lambda::Url": {
    ref: targetFunction,
    attributes: {
      FunctionArn: targetFunction,
      FunctionUrl: (subject) => `https://${functionUrlId(subject)}.lambda-url.${subject.place.region}.on.aws/`,
    },
  },
  "AWS::IAM::User": {
    ref: name("UserName"),
    attributes: { Arn: globalArn("iam", (subject) => `user/${name("UserName")(subject)}`) },
  },
  "AWS::Scheduler::Schedule": named("scheduler", "Name", "schedule/default/"),
  "AWS::KMS::Key": {
    ref: (subject) => fakePhysicalId(subject, 32),
    attributes: {
      Arn: arn("kms", (subject) => `key/${fakePhysicalId(subject, 32)}`),
      KeyId: (subject) => fakePhysicalId(subject, 32),
    },
  },
  "AWS::SecretsManager::Secret": { ref: secretArn, attributes: { Id: secretArn } },
  "AWS::SSM::Parameter": { ref: name("Name") },
  "AWS::SNS::Topic": { ref: topic, attributes: { TopicArn: topic, TopicName: name("TopicName") } },
  "AWS::SQS::Queue": { ref: queueUrl, attributes: { Arn: arn("sqs", queue), QueueName: queue, QueueUrl: queueUrl } },
  "AWS::Lambda::EventSourceMapping": { ref: fakePhysicalId, attributes: { Id: fakePhysicalId } },
  "AWS::CloudWatch::Alarm": named("cloudwatch", "AlarmName", "alarm:"),
  "AWS::S3::Bucket": {
    ref: bucket,
    attributes: {
      Arn: globalArn("s3", bucket),
      DomainName: (subject) => `${bucket(subject)}.s3.amazonaws.com`,
      RegionalDomainName: (subject) => `${bucket(subject)}.s3.${subject.place.region}.amazonaws.com`,
    },
  },
};
