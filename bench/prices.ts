/**
 * What AWS charges in us-east-1, in USD, as of November 2026; first tier, without free tiers.
 * @see https://aws.amazon.com/lambda/pricing/
 */
export const PRICES = {
  lambda: {
    /** Per million invocations. */
    requests: 0.2,
    /** Per GB-second on arm64. */
    gbSecond: 0.0000133334,
  },
} as const;
