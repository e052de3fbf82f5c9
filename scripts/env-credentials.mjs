// Stands in for @aws-sdk/credential-provider-node in the Lambda bundles. A function's credentials are in its
// environment, so it would never use the rest of the default chain.
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";
