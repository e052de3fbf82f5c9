import type { Place } from "../../core/place.js";
import type { Call } from "../../core/authorization/call.js";

/** A secret's ARN ends in a hyphen and six characters of AWS's choice. */
const MADE_UP_SUFFIX = "-pushit";

/**
 * The permission that `GetSecretValue` needs. The request names the secret by its name, its ARN, or its ARN without the
 * six characters at its end. AWS completes the ARN before it checks policies. Whether an ARN is complete is not
 * visible, so the permission may be for either form.
 */
export const secretCall = (secretId: unknown, { partition, region, account }: Place): Call => {
  const id = String(secretId);
  const arn = id.startsWith("arn:") ? id : `arn:${partition}:secretsmanager:${region}:${account}:secret:${id}`;
  return { action: "secretsmanager:GetSecretValue", resource: arn, alias: arn + MADE_UP_SUFFIX };
};
