using System.Diagnostics.CodeAnalysis;

namespace Messaging.Redis;

/// <summary>
/// Settings <c>Redis:*</c>, read here and nowhere else. Without them everything runs in this process. Each package that uses Redis gets the same
/// <see cref="Configuration"/> and keeps to keys of its own.
/// </summary>
internal sealed class RedisOptions
{
    /// <value>The client's configuration, such as <c>localhost:6379</c>; none by default.</value>
    public string? Configuration { get; init; }

    /// <value>What every key begins with, so that several applications share a server; default <c>messaging</c>.</value>
    public string KeyPrefix { get; init; } = "messaging";

    [MemberNotNullWhen(true, nameof(Configuration))]
    internal bool IsOn => !string.IsNullOrWhiteSpace(Configuration);

    internal static RedisOptions Of(IConfiguration configuration) => configuration.GetSection("Redis").Get<RedisOptions>() ?? new RedisOptions();
}
