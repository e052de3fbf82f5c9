import type { TableModel } from "../model/tables.js";
import { Refused, type ResourceReader } from "./reader.js";

/** The tables of the construct. */
export const readTables = (reader: ResourceReader): TableModel[] =>
  reader.each(["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"], (logicalId, properties) => {
    for (const indexes of ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]) {
      if (properties.get(indexes) !== undefined) throw new Refused(`${indexes} are not known here`);
    }
    return {
      logicalId,
      name: String(reader.scope.lookup(logicalId)),
      keySchema: properties.get("KeySchema") as TableModel["keySchema"],
      attributeDefinitions: properties.get("AttributeDefinitions") as TableModel["attributeDefinitions"],
    };
  });
