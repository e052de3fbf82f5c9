// Stands in for two parts of the AWS SDK in the Lambda bundles that our functions never use. The first is the cache of
// endpoint discovery, which is off (AWS_ENABLE_ENDPOINT_DISCOVERY turns it on). The second is event streams, which none
// of our DynamoDB operations has. Code that comes here all the same gets an error.
const unused = (name) => {
  throw new Error(`${name} is not in this bundle: see scripts/bundles.mjs`);
};

export class EndpointCache {
  has() {
    return unused("endpoint discovery");
  }

  get() {
    return unused("endpoint discovery");
  }
}

export class EventStreamSerde {
  constructor() {
    unused("EventStreamSerde");
  }
}

export const eventStreamSerdeProvider = () => unused("eventStreamSerdeProvider");
