import type { FunctionModel } from "../../assembly/model/functions.js";
import type { Log } from "../../core/log.js";
import type { ServiceResponse } from "../../core/http/json-services.js";
import type { Secrets } from "./secrets-file.js";

/** How the construct names a guard's secret in a function's environment; the value is the secret's ARN. */
const VARIABLE = "PUSH_IT_SECRET_";

/** The context of `GetSecretValue`. */
export interface SecretsOptions {
  /** Returns the current functions: their environments map a secret's ARN to its name. */
  functions: () => FunctionModel[];
  /** Returns the current values. */
  secrets: () => Secrets;
  log: Log;
}

/** Answers `GetSecretValue` as AWS Secrets Manager does, with the values of the developer's file. */
export const getSecretValue = (request: { SecretId?: unknown }, options: SecretsOptions): ServiceResponse => {
  const { SecretId: id } = request;
  if (typeof id !== "string") return refuse("InvalidParameterException", "SecretId is missing.");
  const name = nameOf(id, options.functions());
  const value = name === undefined ? undefined : options.secrets()[name];
  if (name === undefined || value === undefined) {
    const missing = name === undefined ? `No guard has the secret ${id}` : `The secret ${name} has no value here`;
    options.log({
      level: "warn",
      source: "secrets",
      message: `${missing}: put it into a file, and name it with --secrets FILE.`,
    });
    return refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  }
  const body = { ARN: id, Name: name, SecretString: value, VersionId: VERSION, VersionStages: ["AWSCURRENT"] };
  return { status: 200, body };
};

/** Every secret has this one version. */
const VERSION = "00000000-0000-0000-0000-000000000000";

const nameOf = (id: string, functions: FunctionModel[]): string | undefined => {
  const variables = functions.flatMap(({ environment }) => Object.entries(environment));
  return variables.find(([key, arn]) => key.startsWith(VARIABLE) && arn === id)?.[0].slice(VARIABLE.length);
};

const refuse = (type: string, message: string): ServiceResponse => ({
  status: 400,
  body: { __type: type, Message: message },
});
