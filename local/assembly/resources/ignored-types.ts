/** Why the local runtime ignores a type of resource, by CloudFormation type. */
export const IGNORED_RESOURCE_TYPES: Record<string, string> = {
  "AWS::Lambda::Permission": "the API runs its own functions here, whatever permits it to",
  "AWS::Logs::LogGroup": "logs are written to stderr",
  "AWS::ApiGatewayV2::Deployment": "routes are live at once",
  "AWS::ApiGateway::Account": "there are no access logs locally",
  "AWS::SQS::QueuePolicy": "queues are used by callers of this account only, by what their own policies say",
  "AWS::KMS::Key": "nothing is kept on disk; whether a caller may use it is asked of its own policies",
  "AWS::KMS::Alias": "nothing is kept on disk",
  "AWS::CloudWatch::Alarm": "there are no metrics locally",
  "AWS::CloudWatch::Dashboard": "there are no metrics locally",
  "AWS::SecretsManager::Secret": "values come from --secrets FILE",
  "AWS::CDK::Metadata": "says which CDK version was used",
};
