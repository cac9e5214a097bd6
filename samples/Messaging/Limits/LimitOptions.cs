namespace Messaging.Limits;

/// <summary>The section <c>Limits</c>. The defaults are far above what people do, and far below what a machine can.</summary>
internal sealed class LimitOptions
{
    /// <value>Registrations from one address. Default 1,000 at once, 600 a minute.</value>
    public RateOptions Registrations { get; set; } = new() { Burst = 1_000, PerMinute = 600 };

    /// <value>Sign-ins from one address, right or wrong. Default 1,000 at once, 1,200 a minute.</value>
    public RateOptions SignIns { get; set; } = new() { Burst = 1_000, PerMinute = 1_200 };

    /// <value>Wrong passwords for one name, from wherever they come. Default 20 at once, 10 a minute.</value>
    public RateOptions WrongPasswords { get; set; } = new() { Burst = 20, PerMinute = 10 };

    /// <value>Messages and files that one user sends. Default 5,000 at once, 30,000 a minute.</value>
    public RateOptions Posts { get; set; } = new() { Burst = 5_000, PerMinute = 30_000 };

    /// <value>Registrations and sign-ins that wait for the hashing of a password, on this node. Default 200.</value>
    public int PasswordsWaiting { get; set; } = 200;

    internal bool IsValid => Registrations.IsValid && SignIns.IsValid && WrongPasswords.IsValid && Posts.IsValid && PasswordsWaiting >= 1;
}
