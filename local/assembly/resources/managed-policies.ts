/**
 * The AWS managed policies that the local runtime knows, by name.
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
 */
export const KNOWN_MANAGED_POLICIES: Record<string, object> = {
  "service-role/AWSLambdaBasicExecutionRole": {
    Statement: [
      {
        Effect: "Allow",
        Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: "*",
      },
    ],
  },
};
