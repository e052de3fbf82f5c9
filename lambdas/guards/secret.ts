import { sign } from "aws4";

/** How long a secret that was read is used before it is read again, in milliseconds: a rotated one is in force after that. */
const SECRET_MS = 5 * 60_000;

const cache = new Map<string, { value: Promise<string>; until: number }>();

const read = async (name: string): Promise<string> => {
  const { env } = process;
  const arn = env[`PUSH_IT_SECRET_${name}`];
  if (!arn) throw new Error(`The secret ${name} is not among the secrets of the guard module`);
  const region = arn.split(":")[3] ?? env["AWS_REGION"] ?? "";
  const url = new URL(env["AWS_ENDPOINT_URL_SECRETS_MANAGER"] ?? `https://secretsmanager.${region}.amazonaws.com${arn.startsWith("arn:aws-cn:") ? ".cn" : ""}/`);
  const body = JSON.stringify({ SecretId: arn });
  const request = sign(
    {
      host: url.host,
      path: url.pathname,
      method: "POST",
      service: "secretsmanager",
      region,
      body,
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue" },
    },
    {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
      sessionToken: env["AWS_SESSION_TOKEN"] ?? "",
    },
  );
  const headers = Object.entries(request.headers ?? {}).filter(([header]) => !/^(host|content-length)$/i.test(header));
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: headers.map(([header, value]): [string, string] => [header, String(value)]),
  });
  if (!response.ok) throw new Error(`Secrets Manager answered ${response.status} for the secret ${name}`);
  const { SecretString: value } = (await response.json()) as { SecretString?: string };
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
