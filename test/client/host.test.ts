import { deadline } from "../../client/src/platform/platform.js";
import { FakePlatform } from "./support/fake-platform.js";

describe("deadline", () => {
  it("expires in time", () => {
    const host = new FakePlatform();
    const expired = jest.fn();
    deadline(host, 30_000, expired);
    host.advance(29_999);
    expect(expired).not.toHaveBeenCalled();
    host.advance(1);
    expect(expired).toHaveBeenCalledTimes(1);
  });

  it("does not expire once it is called off", () => {
    const host = new FakePlatform();
    const expired = jest.fn();
    deadline(host, 30_000, expired)();
    host.advance(60_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it("gives what arrived in a frozen tab a moment before it expires", () => {
    const host = new FakePlatform();
    const expired = jest.fn();
    const cancel = deadline(host, 30_000, expired);
    host.sleep(600_000);
    expect(expired).not.toHaveBeenCalled();
    cancel();
    host.advance(60_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it("expires after that moment when nothing arrived", () => {
    const host = new FakePlatform();
    const expired = jest.fn();
    deadline(host, 30_000, expired);
    host.sleep(600_000);
    host.advance(2_000);
    expect(expired).toHaveBeenCalledTimes(1);
  });
});
