namespace Resilience.Data;

/// <summary>What a load may do with its value. A token that another load was given first is not this one's to give back.</summary>
internal readonly record struct Ticket(TicketKind Kind, string? Token = null, bool IsOwn = false)
{
    public static Ticket LocalOnly => new(TicketKind.LocalOnly);

    public static Ticket SharedOff => new(TicketKind.SharedOff);

    public static Ticket SharedDown => new(TicketKind.SharedDown);

    public static Ticket Refused => new(TicketKind.Refused);

    /// <summary>What a read of the shared level that found no entry allows.</summary>
    public static Ticket Of(SharedResult result) =>
        result.Token is { } token ? new Ticket(TicketKind.Token, token, result.TokenAge is null) : Refused;
}

/// <summary>The cases of <see cref="Ticket"/>.</summary>
internal enum TicketKind
{
    /// <summary>A write is under way on the key: nothing may be stored.</summary>
    Refused,

    /// <summary>Stored locally when the shared level takes it.</summary>
    Token,

    /// <summary>There is no shared level.</summary>
    LocalOnly,

    /// <summary>The caller's flags leave the shared level out.</summary>
    SharedOff,

    /// <summary>The shared level does not answer: stored here for the short time that is promised anyway.</summary>
    SharedDown,
}
