import type { Place } from "../../../core/place.js";
import type { Call } from "../../../core/authorization/call.js";

/** A request of DynamoDB, as far as permissions are about it. */
interface Request {
  TableName?: unknown;
  IndexName?: unknown;
  RequestItems?: Record<string, unknown>;
  TransactItems?: Record<string, { TableName?: unknown }>[];
  Statement?: unknown;
  Statements?: { Statement?: unknown }[];
  TransactStatements?: { Statement?: unknown }[];
}

/** The permission of each member of a transaction: the same as if it were alone. */
const MEMBERS: Record<string, string> = {
  Get: "GetItem",
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
};

const PARTIQL = /^\s*(SELECT|INSERT|UPDATE|DELETE)\b(?:.*?\b(?:FROM|INTO)\b)?\s*(?:"([^"]+)"|([\w.-]+))/is;

/**
 * The permissions that a request to DynamoDB needs.
 * @param operation such as `BatchWriteItem`
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
export const dynamoDbCalls = (operation: string, request: Request, place: Place): Call[] => {
  const call = (name: string, table: unknown, index?: unknown): Call => ({
    action: `dynamodb:${name}`,
    resource: tableArn(table, index, place),
  });
  const statements = request.TransactStatements ?? request.Statements ?? [request];
  switch (operation) {
    case "BatchGetItem":
    case "BatchWriteItem":
      return Object.keys(request.RequestItems ?? {}).map((table) => call(operation, table));
    case "TransactGetItems":
    case "TransactWriteItems":
      return (request.TransactItems ?? []).flatMap((item) =>
        Object.entries(item).map(([member, { TableName }]) => call(MEMBERS[member] ?? member, TableName)),
      );
    case "ExecuteStatement":
    case "BatchExecuteStatement":
    case "ExecuteTransaction":
      return statements.map(({ Statement }) => {
        const [, verb = "Select", quoted, plain] = PARTIQL.exec(String(Statement)) ?? [];
        return call(`PartiQL${verb[0]!.toUpperCase()}${verb.slice(1).toLowerCase()}`, quoted ?? plain);
      });
    default:
      return [call(operation, request.TableName, request.IndexName)];
  }
};

/** A table may be named by its ARN too; an operation about no table is about everything. */
const tableArn = (table: unknown, index: unknown, { partition, region, account }: Place): string => {
  if (typeof table !== "string") return "*";
  const arn = table.startsWith("arn:") ? table : `arn:${partition}:dynamodb:${region}:${account}:table/${table}`;
  return typeof index === "string" ? `${arn}/index/${index}` : arn;
};
