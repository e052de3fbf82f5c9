import { gatewayId } from "../../../../local/services/gateway/ids.js";

describe("ids", () => {
  it("have the shape of API Gateway's and do not repeat", () => {
    const ids = Array.from({ length: 2_000 }, gatewayId);
    expect(ids.filter((id) => !/^[\w-]{15}=$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
