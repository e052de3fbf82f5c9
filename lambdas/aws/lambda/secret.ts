import { endpointOf, SignedClient } from "../http/signed-request.js";

/** How long a secret is cached, in milliseconds: a rotated secret takes effect after that. */
const SECRET_MS = 5 * 60_000;

/** Maximum time of Secrets Manager, in milliseconds. A guard's own timeout is shorter in most cases. */
const SECRET_TIMEOUT_MS = 10_000;

const cache = new Map<string, { value: Promise<string>; until: number }>();

const read = async (name: string): Promise<string> => {
  const arn = process.env[`PUSH_IT_SECRET_${name}`];
  if (!arn) throw new Error(`The guard module has no secret ${name}. Add it to the secrets of Guards.fromModule.`);
  // A secret may be in another Region than the function, and is read too rarely to keep a connection.
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
  if (value === undefined) throw new Error(`The secret ${name} is binary; guards can read text only`);
  return value;
};

/**
 * The text of a secret that the stack gave the guard module: `Guards.fromModule("guards.ts", { secrets: { JWT_KEY }
 * })`. It is read once and cached for five minutes. Rejects if the secret does not exist or cannot be read. A guard
 * that does not catch this fails, which denies the request.
 * @example
 * const key = await secret("JWT_KEY");
 */
export const secret = (name: string): Promise<string> => {
  const known = cache.get(name);
  if (known && known.until > Date.now()) return known.value;
  const value = read(name);
  cache.set(name, { value, until: Date.now() + SECRET_MS });
  // A failure is not cached: the next guard tries again.
  value.catch(() => cache.delete(name));
  return value;
};
