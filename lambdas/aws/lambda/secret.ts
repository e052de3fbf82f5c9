import { endpointOf, SignedClient } from "../http/signed-request.js";

/** How long a secret that was read is used before it is read again, in milliseconds: a rotated one is in force after that. */
const SECRET_MS = 5 * 60_000;

/** How long Secrets Manager may take, in milliseconds. A guard's own time is mostly over before that. */
const SECRET_TIMEOUT_MS = 10_000;

const cache = new Map<string, { value: Promise<string>; until: number }>();

const read = async (name: string): Promise<string> => {
  const arn = process.env[`PUSH_IT_SECRET_${name}`];
  if (!arn) throw new Error(`The secret ${name} is not among the secrets of the guard module`);
  // A secret may be in another Region than the function, and is read too rarely for a connection to be kept.
  const region = arn.split(":")[3] ?? process.env["AWS_REGION"] ?? "";
  const endpoint = endpointOf("secretsmanager", "SECRETS_MANAGER", region);
  const client = new SignedClient({ service: "secretsmanager", endpoint, region, keepAlive: false });
  const { status, body } = await client.send({
    method: "POST",
    path: "/",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue" },
    body: JSON.stringify({ SecretId: arn }),
    timeoutMs: SECRET_TIMEOUT_MS,
  });
  if (status !== 200) throw new Error(`Secrets Manager answered ${status} for the secret ${name}`);
  const { SecretString: value } = JSON.parse(body) as { SecretString?: string };
  if (value === undefined) throw new Error(`The secret ${name} is binary; guards read text`);
  return value;
};

/**
 * The text of a secret that the stack gave the guard module: `Guards.fromModule("guards.ts", { secrets: { JWT_KEY } })`.
 * Read once and kept for five minutes. Rejects when there is no such secret or it cannot be read, which a guard that
 * lets it through turns into a denial.
 * @example
 * const key = await secret("JWT_KEY");
 */
export const secret = (name: string): Promise<string> => {
  const known = cache.get(name);
  if (known && known.until > Date.now()) return known.value;
  const value = read(name);
  cache.set(name, { value, until: Date.now() + SECRET_MS });
  // A failure is not kept: the next guard asks again.
  value.catch(() => cache.delete(name));
  return value;
};
