import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { AccountFacts, AccountReading } from "./facts.js";
import { CODES, type QuotaCode } from "../../remote/quotas.js";

/** One reading: its name, its permission, and its request. */
interface Source {
  what: string;
  action: string;
  read(): Promise<Partial<AccountFacts>>;
}

/** A fact, unless AWS did not return it. */
const fact = <Name extends keyof AccountFacts>(
  name: Name,
  value: AccountFacts[Name] | undefined,
): Partial<AccountFacts> => (value === undefined ? {} : { [name]: value });

/** A quota that is applied to the account, or else AWS's default. */
const quotaOf = async (client: ServiceQuotasClient, { service, code }: QuotaCode): Promise<number | undefined> => {
  const { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand, NoSuchResourceException } =
    await import("@aws-sdk/client-service-quotas");
  const query = { ServiceCode: service, QuotaCode: code };
  try {
    return (await client.send(new GetServiceQuotaCommand(query))).Quota?.Value;
  } catch (error) {
    // A quota that was never raised has no applied value.
    if (!(error instanceof NoSuchResourceException)) throw error;
    return (await client.send(new GetAWSDefaultServiceQuotaCommand(query))).Quota?.Value;
  }
};

const sourcesOf = async (region: string, table: string | undefined): Promise<Source[]> => {
  const [lambda, gateway, quotas, dynamodb] = await Promise.all([
    import("@aws-sdk/client-lambda"),
    import("@aws-sdk/client-api-gateway"),
    import("@aws-sdk/client-service-quotas"),
    import("@aws-sdk/client-dynamodb"),
  ]);
  const client = new quotas.ServiceQuotasClient({ region });
  const quota = (name: keyof typeof CODES & keyof AccountFacts, what: string): Source => ({
    what,
    action: "servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota",
    read: async () => fact(name, await quotaOf(client, CODES[name])),
  });
  return [
    {
      what: "the concurrency of functions",
      action: "lambda:GetAccountSettings",
      async read() {
        const { AccountLimit } = await new lambda.LambdaClient({ region }).send(
          new lambda.GetAccountSettingsCommand({}),
        );
        return fact("concurrency", AccountLimit?.ConcurrentExecutions);
      },
    },
    {
      what: "API Gateway's throttle and log role",
      action: "apigateway:GET on /account",
      async read() {
        const { cloudwatchRoleArn, throttleSettings } = await new gateway.APIGatewayClient({ region }).send(
          new gateway.GetAccountCommand({}),
        );
        return {
          hasLogRole: Boolean(cloudwatchRoleArn),
          ...fact("requestsPerSecond", throttleSettings?.rateLimit),
          ...fact("requestBurst", throttleSettings?.burstLimit),
        };
      },
    },
    quota("connectionsPerSecond", "the quota of new connections"),
    quota("tableReads", "the quota of a table's reads"),
    quota("tableWrites", "the quota of a table's writes"),
    ...(table === undefined
      ? []
      : [
          {
            what: `the warm throughput of ${table}`,
            action: "dynamodb:DescribeTable",
            async read() {
              const { Table } = await new dynamodb.DynamoDBClient({ region }).send(
                new dynamodb.DescribeTableCommand({ TableName: table }),
              );
              const { ReadUnitsPerSecond, WriteUnitsPerSecond } = Table?.WarmThroughput ?? {};
              return { ...fact("warmReads", ReadUnitsPerSecond), ...fact("warmWrites", WriteUnitsPerSecond) };
            },
          },
        ]),
  ];
};

/** Reads the quotas of an account in a Region. A failed reading is listed and does not stop the others. */
export const readAccount = async (region: string, table: string | undefined): Promise<AccountReading> => {
  const sources = await sourcesOf(region, table);
  const read = await Promise.allSettled(sources.map((each) => each.read()));
  const facts = read.map((each) => (each.status === "fulfilled" ? each.value : {}));
  const unread = sources.flatMap(({ what, action }, at) => {
    const each = read[at];
    return each?.status === "rejected" ? [`${what} (${action}): ${(each.reason as Error).name}`] : [];
  });
  return { facts: Object.assign({ region }, ...facts) as AccountFacts, unread };
};
