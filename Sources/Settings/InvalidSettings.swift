/// Settings that cannot be used: all that is wrong with them.
package struct InvalidSettings: Error, CustomStringConvertible {
    package let faults: [String]

    init(_ faults: [String]) { self.faults = faults }

    package init(_ fault: String) { faults = [fault] }

    package var description: String {
        faults.count == 1
            ? faults[0]
            : "\(faults.count) settings are wrong:" + faults.map { "\n  \($0)" }.joined()
    }
}
