namespace Resilience.Sse;

/// <summary>What connections can be ordered to do.</summary>
internal enum SseCommandKind
{
    Subscribe,
    Unsubscribe,
    Close,
    Revoke,
}

/// <summary>An order to connections: plain data, so that it can travel between nodes. Immutable.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Target">Which connections.</param>
/// <param name="Value">The channel, or the reason of a close; empty for the rest.</param>
internal readonly record struct SseCommand(SseCommandKind Kind, SseTarget Target, string Value);
