/// The events of what operators and administrators do to the installation.
extension EventDeclaration {
    static let projectionEventSkipped = EventDeclaration(
        "An operator had a projection leave out, for good, an event at which it had stopped.", in: [.projection],
        severity: .always(.warning),
        members: skipping(
            .required("projection", .text(ProjectionName.self), "The projection."),
            causes: [
                .required("sql_state", .anyText, "What the database said when the projection stopped: SQLSTATE."),
                .required("error", .anyText, "The same as a message."),
            ]))

    static let reactionEventSkipped = EventDeclaration(
        "An operator had a reaction leave out, for good, an event at which it had stopped.", in: [.reaction],
        severity: .always(.warning),
        members: skipping(
            .required("reaction", .text(ReactionName.self), "The reaction."),
            causes: [.required("error", .anyText, "What the reaction stopped by.")]))

    /// The members of `SkippedEvent`, and of what leaves it out.
    private static func skipping(_ subject: EventMember, causes: [EventMember]) -> [EventMember] {
        [
            subject, .required("skipped_position", .ordinal, "Of the event that is left out."),
            .required("skipped_type", .anyText, "Its type."), .required("skipped_stream", .anyText, "Its stream."),
        ] + causes + [.required("reason", .text(Reason.self), "Why, in somebody's words.")]
    }

    static let tokensRevoked = EventDeclaration(
        """
        An administrator ended tokens before they expire: one by its id, or those of a subject, or all, that were issued at \
        an instant or before.
        """,
        in: [.tokens], severity: .always(.warning),
        members: [
            .optional("token_id", .text(TokenID.self), "The id of the one token."),
            .optional("subject", .text(TokenSubject.self), "Whose tokens."),
            .optional("issued_before", .time, "Tokens that were issued then or before."),
            .reason,
        ])
}
