namespace Messaging.Client.Resending;

/// <summary>What became of one try.</summary>
internal abstract record SendResult
{
    private SendResult()
    {
    }

    /// <summary>The server has the message.</summary>
    internal sealed record Stored : SendResult;

    /// <summary>It may work later: no network, a timeout, 408, 429 or a fault of the server.</summary>
    internal sealed record Unavailable(string Reason, TimeSpan? RetryAfter = null) : SendResult;

    /// <summary>It will never work.</summary>
    internal sealed record Refused(string Reason) : SendResult;
}
