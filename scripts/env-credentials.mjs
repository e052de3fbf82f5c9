// Stands in for @aws-sdk/credential-provider-node in the Lambda bundles: a function's credentials are in its
// environment, so the rest of the default chain would only be carried along.
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";
