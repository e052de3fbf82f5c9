/** A CloudFormation template, as far as the local runtime reads it. */
export interface Template {
  Resources?: Record<string, Resource>;
  Parameters?: Record<string, { Type: string; Default?: string | number }>;
  Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  Conditions?: Record<string, unknown>;
  Outputs?: Record<string, { Value?: unknown; Condition?: string }>;
}

/** One resource of a template. */
export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
  Metadata?: Record<string, unknown>;
  Condition?: string;
}

/** The metadata in which the CDK writes the construct of a resource. */
export const PATH_METADATA = "aws:cdk:path";

/** The metadata that the Push-It construct writes on its API, so that it can be found in any app. */
export const CONSTRUCT_METADATA = "push-it:construct";

/** Version of the construct's template that this runtime understands. */
export const CONSTRUCT_VERSION = 1;
