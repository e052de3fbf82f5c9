/**
 * Regions whose accounts have a quarter of the usual requests: 2,500 a second instead of 10,000, bursts of 1,250
 * instead of 5,000.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
export const SMALL_REGIONS: ReadonlySet<string> = new Set([
  "af-south-1",
  "ap-south-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "ap-southeast-7",
  "ca-west-1",
  "eu-central-2",
  "eu-south-1",
  "eu-south-2",
  "il-central-1",
  "me-central-1",
  "mx-central-1",
]);

/**
 * Regions without Lambda function URLs. All Regions of China have none either.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
 * @see https://docs.amazonaws.cn/en_us/aws/latest/userguide/lambda.html
 */
const WITHOUT_FUNCTION_URLS: ReadonlySet<string> = new Set([
  "ap-east-2",
  "ap-south-2",
  "ap-southeast-4",
  "ap-southeast-5",
  "ap-southeast-6",
  "ap-southeast-7",
  "ca-west-1",
  "eu-central-2",
  "eu-south-2",
  "il-central-1",
  "me-central-1",
]);

/** Whether a Region has no Lambda function URLs. */
export const lacksFunctionUrls = (region: string): boolean => WITHOUT_FUNCTION_URLS.has(region) || isChina(region);

/** Whether a Region is in China. A public API needs an ICP licence there. */
export const isChina = (region: string): boolean => region.startsWith("cn-");
