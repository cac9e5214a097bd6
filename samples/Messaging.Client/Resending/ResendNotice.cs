namespace Messaging.Client.Resending;

/// <summary>What the user is told of a message.</summary>
internal abstract record ResendNotice(OutgoingMessage Message)
{
    internal sealed record Sent(OutgoingMessage Message) : ResendNotice(Message);

    /// <summary>Try number <paramref name="Try"/> follows after <paramref name="Delay"/>.</summary>
    internal sealed record Waiting(OutgoingMessage Message, int Try, TimeSpan Delay, string Reason) : ResendNotice(Message);

    /// <summary>It failed for good and has left the queue.</summary>
    internal sealed record Failed(OutgoingMessage Message, string Reason) : ResendNotice(Message);
}
