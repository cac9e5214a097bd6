namespace Resilience.Data;

/// <summary>What a load may do with its value.</summary>
internal readonly record struct Ticket(TicketKind Kind, string? Token = null)
{
    public static Ticket LocalOnly => new(TicketKind.LocalOnly);

    public static Ticket SharedOff => new(TicketKind.SharedOff);

    public static Ticket SharedDown => new(TicketKind.SharedDown);

    public static Ticket Refused => new(TicketKind.Refused);

    public static Ticket With(string token) => new(TicketKind.Token, token);
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
