namespace Resilience.Sse;

/// <summary>What a client over a limit gets.</summary>
public enum SseLimitResponse
{
    /// <summary>429 with <c>Retry-After</c>. A browser's EventSource does not try again by itself.</summary>
    Reject,

    /// <summary>200, a jittered <c>retry:</c>, <c>event: error</c> with code <c>LIMIT</c>, and the end: a browser's EventSource comes back later.</summary>
    AcceptAndClose,
}
