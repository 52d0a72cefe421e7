/// What is answered to what never became a request.
extension Problem {
    static let malformedRequest = Problem(
        .malformedRequest, "What came is not a request of HTTP to this server, or breaks off within one.")
    static let headersTooLarge = Problem(
        .headersTooLarge,
        "A request has at most \(NetworkPolicy.maximumHeaderCount) headers, of at most "
            + "\(NetworkPolicy.maximumHeaderBytes) bytes each.")
    static let requestTimeout = Problem(.requestTimeout, "The body did not come in whole in time.")
}
