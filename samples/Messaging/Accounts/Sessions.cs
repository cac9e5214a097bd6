using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Messaging.Database;
using Messaging.Http;
using Microsoft.Extensions.Options;

namespace Messaging.Accounts;

/// <summary>A session that is valid now.</summary>
internal sealed class Session
{
    public long Id { get; set; }

    public long UserId { get; set; }

    public string UserName { get; set; } = string.Empty;

    public long ExpiresAt { get; set; }
}

/// <summary>Sessions with a fixed life. The token is 32 random bytes and is stored as its SHA-256.</summary>
internal sealed class Sessions(Db database, TimeProvider time, IOptions<SessionOptions> options)
{
    private const int TokenBytes = 32;

    /// <summary>Opens a session, and removes the user's expired ones and the oldest above the bound.</summary>
    internal async Task<(string Token, DateTime ExpiresAt)> OpenAsync(long userId, CancellationToken cancellationToken)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var now = time.NowForStore();
        var expiresAt = now + (long)options.Value.Lifetime.TotalMilliseconds;
        await database.WriteAsync(
            async scope =>
            {
                await scope.ExecuteAsync("DELETE FROM sessions WHERE user_id = @userId AND expires_at <= @now", new { userId, now });
                await scope.ExecuteAsync(
                    """
                    DELETE FROM sessions WHERE user_id = @userId
                    AND id <= (SELECT id FROM sessions WHERE user_id = @userId ORDER BY id DESC LIMIT 1 OFFSET @others)
                    """,
                    new { userId, others = options.Value.MaxPerUser - 1 });
                return await scope.ExecuteAsync(
                    "INSERT INTO sessions (user_id, token_hash, created_at, expires_at) VALUES (@userId, @hash, @now, @expiresAt)",
                    new { userId, hash = Hash(token), now, expiresAt });
            },
            cancellationToken);
        return (token, Times.FromStore(expiresAt));
    }

    internal Task<Session?> FindAsync(string token, CancellationToken cancellationToken) =>
        database.ReadAsync(
            scope => scope.FirstOrDefaultAsync<Session>(
                """
                SELECT s.id, s.user_id, u.name AS user_name, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id
                WHERE s.token_hash = @hash AND s.expires_at > @now
                """,
                new { hash = Hash(token), now = time.NowForStore() }),
            cancellationToken);

    /// <summary>When the session ends; <see langword="null"/> when it was signed out.</summary>
    internal Task<long?> ExpiryAsync(long sessionId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            scope => scope.FirstOrDefaultAsync<long?>("SELECT expires_at FROM sessions WHERE id = @sessionId", new { sessionId }), cancellationToken);

    internal Task CloseAsync(long sessionId, CancellationToken cancellationToken) =>
        database.WriteAsync(scope => scope.ExecuteAsync("DELETE FROM sessions WHERE id = @sessionId", new { sessionId }), cancellationToken);

    private static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
