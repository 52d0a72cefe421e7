import HTTPTypes

extension HTTPField.Name {
    static var actor: HTTPField.Name { name("Footfall-Actor") }
    static var requestID: HTTPField.Name { name("X-Request-ID") }
    static var traceParent: HTTPField.Name { name("traceparent") }

    private static func name(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no header's name") }
        return name
    }
}
