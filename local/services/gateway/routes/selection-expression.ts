/** Finds the value a message is routed by; `undefined` when it has none. */
export type Selection = (body: string) => string | undefined;

const PATH = /^\$request\.body((?:\.[\w-]+)+)$/;
const TEMPLATE = /\$\{request\.body((?:\.[\w-]+)+)\}/g;

const steps = (path: string): string[] => path.slice(1).split(".");

const read = (value: unknown, path: string[]): string | undefined => {
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : undefined;
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const template = (expression: string): Selection => {
  const parts: (string | string[])[] = [];
  let end = 0;
  for (const match of expression.matchAll(TEMPLATE)) {
    parts.push(expression.slice(end, match.index), steps(match[1] ?? ""));
    end = match.index + match[0].length;
  }
  parts.push(expression.slice(end));
  if (parts.length === 1 || parts.some((part) => typeof part === "string" && part.includes("$"))) {
    throw new Error(`The route selection expression ${expression} is not supported: use $request.body.FIELD.`);
  }
  return (body) => {
    const value = parsed(body);
    const filled = parts.map((part) => (typeof part === "string" ? part : read(value, part)));
    return filled.includes(undefined) ? undefined : filled.join("");
  };
};

/**
 * Compiles a route selection expression: `$request.body.FIELD`, nested with dots, or a template of
 * `${request.body.FIELD}`.
 * @throws Error when the expression is of another kind
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
 * @example selection("$request.body.action")('{"action":"publish"}') // "publish"
 */
export const selection = (expression: string): Selection => {
  const path = PATH.exec(expression);
  if (!path) return template(expression);
  const field = steps(path[1] ?? "");
  return (body) => read(parsed(body), field);
};
