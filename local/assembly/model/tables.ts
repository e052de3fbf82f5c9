/** One DynamoDB table. */
export interface TableModel {
  logicalId: string;
  name: string;
  /** `KeySchema` and `AttributeDefinitions` as CloudFormation writes them. */
  keySchema: { AttributeName: string; KeyType: string }[];
  attributeDefinitions: { AttributeName: string; AttributeType: string }[];
}
