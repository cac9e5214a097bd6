using System.ComponentModel.DataAnnotations;

namespace Messaging.Accounts;

/// <summary>Settings <c>Sessions:*</c>.</summary>
internal sealed class SessionOptions
{
    /// <value>How long a sign-in lasts, from 1 s to 365 days; it does not slide. Default 7 days.</value>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <value>Sessions of one user; the oldest leaves. Default 100.</value>
    [Range(1, 10_000)]
    public int MaxPerUser { get; set; } = 100;
}
