namespace Resilience.Sse;

/// <summary>What connections are counted by.</summary>
public enum SseKeyKind
{
    /// <summary>The remote address; an IPv6 address counts by its /64 network.</summary>
    RemoteAddress,

    /// <summary>The user; an anonymous caller counts by address.</summary>
    User,

    /// <summary>User and address together.</summary>
    UserAndAddress,
}
