import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import type { IConstruct } from "constructs";
import type { HandlerName } from "../../protocol/guard-manifest.js";
import { GUARDS_FILE } from "./guard-build.js";
import { functionEnvironment, grantFunctions } from "./guard-functions.js";
import type { GuardModuleConfig, GuardsConfig } from "./guards.js";
import { validationError } from "../props/validation-error.js";

/** Prefix of a secret's name in the environment. The variable's value is the secret's ARN. */
const SECRET_PREFIX = "PUSH_IT_SECRET_";

/** Names that Lambda or Push-It itself sets. */
const RESERVED = /^(AWS_|LAMBDA_|_HANDLER$|TABLE_NAME$|PUSH_IT_)/;

/**
 * The environment of a function that runs guards, besides its own.
 * @param handlers the guards it asks
 */
export const guardEnvironment = (
  { module, functions }: GuardsConfig,
  handlers: readonly HandlerName[],
): { [key: string]: string } => ({
  ...(module && moduleEnvironment(module)),
  ...functionEnvironment(functions, handlers),
});

const moduleEnvironment = ({ bundle, environment, secrets }: GuardModuleConfig): { [key: string]: string } => ({
  ...environment,
  ...(bundle.sourceMap && { NODE_OPTIONS: `--enable-source-maps ${environment.NODE_OPTIONS ?? ""}`.trim() }),
  ...Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [SECRET_PREFIX + name, secret.secretArn])),
  PUSH_IT_GUARDS: GUARDS_FILE,
});

/** Throws if a guard module's environment or secrets have invalid names. */
export const validateGuardEnvironment = (scope: IConstruct, { environment, secrets }: GuardModuleConfig): void => {
  for (const name of Object.keys(environment)) {
    if (RESERVED.test(name)) throw validationError(scope, `guards: the environment variable ${name} is reserved`);
  }
  for (const name of Object.keys(secrets)) {
    if (!/^[A-Za-z]\w*$/.test(name)) {
      throw validationError(
        scope,
        `guards: a secret's name is letters, digits and "_", such as SIGNING_KEY; not "${name}"`,
      );
    }
  }
};

/** Grants a role the needs of its guards: the module's secrets and policy, and the right to invoke guard functions. */
export const grantGuardPermissions = (
  role: iam.Role,
  { module, functions }: GuardsConfig,
  handlers: readonly HandlerName[],
): void => {
  for (const statement of module?.initialPolicy ?? []) role.addToPolicy(statement.copy());
  for (const secret of Object.values(module?.secrets ?? {})) grantSecret(role, secret);
  grantFunctions(role, functions, handlers);
};

/** Secrets Manager as KMS names it. AWS does not say if partitions with another domain use that one, so both are named. */
const viaSecretsManager = ({ region, urlSuffix }: Stack): string[] =>
  [...new Set(["amazonaws.com", urlSuffix])].map((suffix) => `secretsmanager.${region}.${suffix}`);

const grantSecret = (role: iam.Role, secret: secretsmanager.ISecret): void => {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ["secretsmanager:GetSecretValue"],
      // A secret that is known by its name only has an ARN without its last six characters.
      resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    }),
  );
  if (!secret.encryptionKey) return;
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ["kms:Decrypt"],
      resources: [secret.encryptionKey.keyArn],
      conditions: { StringEquals: { "kms:ViaService": viaSecretsManager(Stack.of(secret)) } },
    }),
  );
};
