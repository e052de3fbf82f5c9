import type { Publication } from "../../../tools/chaos/journal.js";
import { countPositions } from "../../../tools/chaos/positions.js";
import { EPOCH, Scene } from "./scene.js";

describe("the checker, of positions that publishers are told", () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
    for (const uuid of ["m1", "m2", "m3"]) scene.publish(uuid);
  });
  const publication = (uuid: string): Publication => scene.journal.publications.get(uuid)!;
  const tell = (uuid: string, offset: number): void =>
    void (publication(uuid).acknowledgements = [{ epoch: EPOCH, offset }]);

  it("finds nothing wrong with those that name what is stored there", () => {
    expect(scene.judged()).toEqual([]);
    expect(countPositions([...scene.journal.publications.values()])).toBe(3);
  });

  it("finds one that names another place than the message's", () => {
    tell("m3", 7);
    expect(scene.judged()).toEqual(["misplaced m3"]);
  });

  it("finds one that names another history", () => {
    publication("m3").acknowledgements = [{ epoch: "other", offset: 3 }];
    expect(scene.judged()).toEqual(["misplaced m3"]);
  });

  it("finds one that two messages have, before the table is read too", () => {
    tell("m3", 2);
    expect(scene.judged()).toContain("misplaced m3");
    expect(scene.judged({ stored: [] })).toContain("misplaced m3");
  });

  it("finds two acknowledgements that do not agree, and an SDK that says something else", () => {
    publication("m3").acknowledgements.push({ epoch: EPOCH, offset: 9 });
    publication("m2").told!.position = { epoch: EPOCH, offset: 8 };
    expect(scene.judged()).toEqual(["misplaced m2", "misplaced m3"]);
  });

  it("finds an acknowledgement without a position, on a channel with history only", () => {
    publication("m3").acknowledgements = [undefined];
    scene.publish("plain", { channel: "plain/a" });
    expect(scene.judged()).toEqual(["misplaced m3"]);
  });

  describe("in the publisher's order", () => {
    /** The table and the acknowledgements say that the two have each other's places. */
    const swap = (a: string, b: string): void => {
      const [one, other] = [a, b].map((uuid) => scene.stored.find((each) => each.uuid === uuid)!);
      [one!.offset, other!.offset] = [other!.offset, one!.offset];
      tell(a, one!.offset);
      tell(b, other!.offset);
    };

    it("finds a message that stands before one that was acknowledged before it was published", () => {
      publication("m2").sent = 2;
      swap("m2", "m3");
      expect(scene.judged()).toEqual(["misplaced m3"]);
    });

    it("finds one that stands before one that was published before, and sent once", () => {
      publication("m2").told!.at = Infinity;
      swap("m2", "m3");
      expect(scene.judged()).toEqual(["misplaced m3"]);
    });

    it("excuses one that was published while an earlier one was being repeated", () => {
      publication("m2").told!.at = Infinity;
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
