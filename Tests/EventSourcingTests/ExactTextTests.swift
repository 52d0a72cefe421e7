import EventSourcing
import Testing

@Suite struct ExactTextTests {
    private static let composed = "Caf\u{E9}"
    private static let decomposed = "Cafe\u{301}"

    @Test func textsAreToldApartByTheirBytes() {
        // To String they are one.
        #expect(Self.composed == Self.decomposed)
        #expect(ExactText(Self.composed) != ExactText(Self.decomposed))
        #expect(Set([ExactText(Self.composed), ExactText(Self.decomposed), ExactText(Self.composed)]).count == 2)
        #expect(!"cafe\u{301}s".beginsExactly(with: "cafe\u{E9}") && !"e\u{301}".isExactly("e"))
        #expect("e\u{301}".beginsExactly(with: "e"))
    }

    @Test func theNormalFormIsNFC() {
        #expect(Self.decomposed.inNormalForm.isExactly(Self.composed))
        #expect(Self.composed.inNormalForm.isExactly(Self.composed))
        #expect("plain".inNormalForm.isExactly("plain"))
        // Two marks out of order, a composition exclusion, a singleton and Hangul.
        #expect("q\u{307}\u{323}".inNormalForm.isExactly("q\u{323}\u{307}"))
        #expect("\u{958}".inNormalForm.isExactly("\u{915}\u{93C}"))
        #expect("\u{212B}".inNormalForm.isExactly("\u{C5}"))
        #expect("\u{1112}\u{1161}\u{11AB}".inNormalForm.isExactly("\u{D55C}"))
    }

    @Test func valuesOfJSONAreToldApartByTheirBytes() {
        #expect(JSON.string(Self.composed) != .string(Self.decomposed))
        #expect(Set([JSON.string(Self.composed), .string(Self.decomposed)]).count == 2)
        #expect(JSON.object(["a": [1, 2.5, nil]]) == ["a": [1, 2.5, nil]])
        #expect(JSON.object(["a": 1, "b": 2]) != ["b": 2, "a": 1])
    }

    @Test func membersAreToldApartByTheirBytes() throws {
        let json = try JSON.parse(#"{"\#(Self.composed)":1,"\#(Self.decomposed)":2}"#)
        #expect(json.object?.count == 2)
        #expect(json[Self.composed] == 1)
        #expect(json[Self.decomposed] == 2)
        #expect(json.text.isExactly(#"{"\#(Self.composed)":1,"\#(Self.decomposed)":2}"#))
        #expect(throws: JSONSyntaxError.self) {
            _ = try JSON.parse(#"{"\#(Self.composed)":1,"Caf\u00e9":2}"#)
        }
    }

    @Test func objectsKeepTheOrderOfTheirMembers() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["c"] = 3
        object["a"] = 4
        #expect(object.keys == ["b", "a", "c"])
        object["b"] = nil
        #expect(object.map(\.key) == ["a", "c"])
        object.merge(["c": 5, "d": 6]) { old, _ in old }
        #expect(JSON.object(object).text == #"{"a":4,"c":3,"d":6}"#)
        #expect(object.index(forKey: "d") == 2 && object[2].value == 6)
        object.sort { $0.key > $1.key }
        #expect(object.filter { $0.value != 4 }.keys == ["d", "c"])
    }
}
