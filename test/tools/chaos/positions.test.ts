import type { Publication } from "../../../tools/chaos/journal.js";
import { countPositions } from "../../../tools/chaos/positions.js";
import { EPOCH, Scene } from "./scene.js";

describe("the checker, of positions that publishers receive", () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
    for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
  });
  const publication = (uuid: string): Publication => scene.journal.publications.get(uuid)!;
  const acknowledge = (uuid: string, offset: number): void =>
    void (publication(uuid).acknowledgements = [{ epoch: EPOCH, offset }]);

  it("finds no violation if positions match the stored messages", () => {
    expect(scene.judged()).toEqual([]);
    expect(countPositions([...scene.journal.publications.values()])).toBe(3);
  });

  it("finds a position of another message", () => {
    acknowledge("m3", 7);
    expect(scene.judged()).toEqual(["wrongPosition m3"]);
  });

  it("finds a position of another history", () => {
    publication("m3").acknowledgements = [{ epoch: "other", offset: 3 }];
    expect(scene.judged()).toEqual(["wrongPosition m3"]);
  });

  it("finds a position of two messages, before it reads the table", () => {
    acknowledge("m3", 2);
    expect(scene.judged()).toContain("wrongPosition m3");
    expect(scene.judged({ stored: [] })).toContain("wrongPosition m3");
  });

  it("finds contradicting acknowledgements, and an SDK that reports something else", () => {
    publication("m3").acknowledgements.push({ epoch: EPOCH, offset: 9 });
    publication("m2").result!.position = { epoch: EPOCH, offset: 8 };
    expect(scene.judged()).toEqual(["wrongPosition m2", "wrongPosition m3"]);
  });

  it("finds an acknowledgement without a position, on a channel with history only", () => {
    publication("m3").acknowledgements = [undefined];
    scene.publish("plain", { channel: "plain/a" });
    expect(scene.judged()).toEqual(["wrongPosition m3"]);
  });

  describe("in the publisher's order", () => {
    /** The table and the acknowledgements say that the two have each other's places. */
    const swap = (a: string, b: string): void => {
      const [one, other] = [a, b].map((uuid) => scene.stored.find((each) => each.uuid === uuid)!);
      [one!.offset, other!.offset] = [other!.offset, one!.offset];
      acknowledge(a, one!.offset);
      acknowledge(b, other!.offset);
    };

    it("finds a message before another that was acknowledged before its publication", () => {
      publication("m2").sent = 2;
      swap("m2", "m3");
      expect(scene.judged()).toEqual(["wrongPosition m3"]);
    });

    it("finds a message before another that was published earlier and sent once", () => {
      publication("m2").result!.at = Infinity;
      swap("m2", "m3");
      expect(scene.judged()).toEqual(["wrongPosition m3"]);
    });

    it("excuses a message published while an earlier message was being repeated", () => {
      publication("m2").result!.at = Infinity;
      publication("m2").sent = 2;
      swap("m2", "m3");
      expect(scene.judged()).toEqual([]);
    });

    it("expects no order between publishers", () => {
      publication("m3").by = "another";
      swap("m2", "m3");
      expect(scene.judged()).toEqual([]);
    });
  });
});
