namespace Resilience.Sse;

/// <summary>What a validator found.</summary>
public enum SseTokenStatus
{
    /// <summary>The stream goes on.</summary>
    Valid,

    /// <summary>The stream ends with code <c>TOKEN_EXPIRED</c>.</summary>
    Expired,

    /// <summary>The stream ends with code <c>TOKEN_REVOKED</c>.</summary>
    Revoked,

    /// <summary>It could not be found out. Several times in a row end the stream with code <c>TOKEN_UNVERIFIED</c>.</summary>
    Unknown,
}
