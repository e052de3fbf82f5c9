import type { FunctionModel } from "../../assembly/model/functions.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import type { Operation } from "../../core/http/json-services.js";
import type { Log } from "../../core/log.js";
import { getSecretValue } from "./get-secret-value.js";
import { secretCall } from "./permission.js";
import { readSecrets } from "./secrets-file.js";

/** Options of Secrets Manager. */
export interface SecretsOperationsOptions {
  /** A file of secrets: a JSON object by name. @default no secret has a value */
  file: string | undefined;
  /** Returns the current functions. */
  functions: () => FunctionModel[];
  permissions: Permissions;
  log: Log;
}

/**
 * The operations of Secrets Manager. The file is read at once, so that a mistake in it is reported at the start, and
 * again for each request.
 * @throws UserError if the file cannot be read
 */
export const secretsOperations = (options: SecretsOperationsOptions): Record<string, Operation> => {
  const { file, functions, permissions, log } = options;
  const secrets = () => (file === undefined ? {} : readSecrets(file));
  secrets();
  return {
    "secretsmanager.GetSecretValue": (request, functionId) => {
      const refusal = permissions.check(functionId, [secretCall(request["SecretId"], permissions.place)]);
      if (!refusal) return getSecretValue(request, { functions, secrets, log });
      return { status: 400, body: { __type: "AccessDeniedException", Message: refusal.message } };
    },
  };
};
